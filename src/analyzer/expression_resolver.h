// Resolves expressions against a scope: names to attributes, calls to bindings, casts inserted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/resolver.h"
#include "functions/registry.h"

namespace sluice::analyzer {

class ExpressionResolver {
 public:
  ExpressionResolver(Resolver& resolver, Scope& scope) : resolver_(resolver), scope_(scope) {}

  logical::ExprPtr Resolve(const plan::ExpressionPtr& expression);
  /// Several; stars and regular expressions are expanded.
  std::vector<logical::ExprPtr> ResolveAll(const std::vector<plan::ExpressionPtr>& expressions);
  /// A select list: each item gets a name. With `lateral`, items may use aliases of items before them.
  std::vector<SelectItem> ResolveItems(const std::vector<plan::ExpressionPtr>& expressions, bool lateral = false);
  /// As ResolveItems, where generators are not allowed.
  std::vector<logical::ExprPtr> ResolveNamed(const std::vector<plan::ExpressionPtr>& expressions);
  /// A boolean; otherwise DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN.
  logical::ExprPtr ResolveCondition(const plan::ExpressionPtr& expression, const char* operator_name);
  std::shared_ptr<const logical::SortOrderExpr> ResolveOrder(const plan::SortOrder& order);
  std::shared_ptr<const logical::SortOrderExpr> MakeOrder(logical::ExprPtr child, const plan::SortOrder& order);

  /// A df.col reference; null if it can't be resolved.
  logical::ExprPtr TryColumn(const plan::UnresolvedAttribute& node) { return ResolveByPlanId(node); }

  Scope& scope() { return scope_; }
  /// The inputs as text for error messages.
  std::string PlanText() const;

 private:
  using Arguments = std::vector<logical::ExprPtr>;

  logical::ExprPtr Node(const types::Literal& node);
  logical::ExprPtr Node(const plan::UnresolvedAttribute& node);
  logical::ExprPtr Node(const plan::UnresolvedStar& node);
  logical::ExprPtr Node(const plan::UnresolvedRegex& node);
  logical::ExprPtr Node(const plan::UnresolvedFunction& node);
  logical::ExprPtr Node(const plan::Alias& node);
  logical::ExprPtr Node(const plan::Cast& node);
  logical::ExprPtr Node(const plan::SortOrder& node);
  logical::ExprPtr Node(const plan::LambdaFunction& node);
  logical::ExprPtr Node(const plan::LambdaVariable& node);
  logical::ExprPtr Node(const plan::WindowExpression& node);
  logical::ExprPtr Node(const plan::ExtractValue& node);
  logical::ExprPtr Node(const plan::UpdateFields& node);
  logical::ExprPtr Node(const plan::ExpressionString& node);
  logical::ExprPtr Node(const plan::PythonUdf& node);
  logical::ExprPtr Node(const plan::NamedArgument& node);
  logical::ExprPtr Node(const plan::SubqueryExpression& node);
  logical::ExprPtr Node(const plan::ParameterMark& node);

  // names
  std::optional<FoundName> FindName(const std::vector<std::string>& name, Scope& scope);
  logical::ExprPtr ResolveByPlanId(const plan::UnresolvedAttribute& node);
  logical::ExprPtr LateralAlias(const std::vector<std::string>& name);
  logical::ExprPtr LiteralFunction(const std::string& name);
  logical::ExprPtr Fields(logical::ExprPtr base, const std::vector<std::string>& fields);
  void AppendStar(const plan::UnresolvedStar& star, std::vector<logical::ExprPtr>& out);
  void AppendStarExcept(const plan::UnresolvedStar& star, std::vector<logical::ExprPtr>& out);
  void AppendRegex(const plan::UnresolvedRegex& regex, std::vector<logical::ExprPtr>& out);
  void AppendItem(const plan::ExpressionPtr& expression, std::vector<SelectItem>& out);

  // functions
  logical::ExprPtr SpecialForm(const std::string& name, const plan::UnresolvedFunction& node);
  logical::ExprPtr Conjunction(logical::ExprKind kind, const plan::UnresolvedFunction& node);
  logical::ExprPtr CaseWhen(const plan::UnresolvedFunction& node);
  logical::ExprPtr If(const plan::UnresolvedFunction& node);
  logical::ExprPtr Coalesce(const std::string& name, const plan::UnresolvedFunction& node);
  logical::ExprPtr Nvl2(const plan::UnresolvedFunction& node);
  logical::ExprPtr NullIf(const plan::UnresolvedFunction& node);
  logical::ExprPtr Between(const plan::UnresolvedFunction& node);
  logical::ExprPtr In(const plan::UnresolvedFunction& node);
  logical::ExprPtr MakeStruct(const plan::UnresolvedFunction& node);
  logical::ExprPtr Count(const plan::UnresolvedFunction& node);
  logical::ExprPtr TimeWindow(const plan::UnresolvedFunction& node);
  logical::ExprPtr SessionWindow(const plan::UnresolvedFunction& node);
  /// The first argument of such a call as a timestamp; `sql` shows the call.
  logical::ExprPtr EventTime(const logical::ExprPtr& time, const std::string& sql);
  logical::ExprPtr WindowTime(const plan::UnresolvedFunction& node);
  void CheckWindowLengths(int64_t duration, int64_t slide, int64_t start, const std::string& sql);
  logical::ExprPtr Grouping(const std::string& name, const plan::UnresolvedFunction& node);
  logical::ExprPtr InSubquery(const plan::SubqueryExpression& node, logical::PlanPtr plan);
  void CheckFrame(bool rows, const std::string& text, bool reversed, const std::vector<logical::ExprPtr>& orders,
                  bool whole, const std::string& bounds);
  logical::WindowBindingPtr BindWindowFunction(const functions::FunctionEntry& entry, const functions::BindWindow& bind,
                                               const std::string& name, Arguments& arguments, bool ignore_nulls);
  logical::ExprPtr CastFunction(const std::string& name, const plan::UnresolvedFunction& node);
  logical::ExprPtr PythonFunction(std::shared_ptr<const plan::PythonUdf> function,
                                  const std::vector<plan::ExpressionPtr>& arguments);
  void CheckPlainCall(const std::string& name, const plan::UnresolvedFunction& node, size_t least, size_t most);
  /// Resolves arguments (lambdas against the types of the others) and binds.
  logical::ExprPtr Call(const functions::FunctionEntry& entry, const std::string& name,
                        const plan::UnresolvedFunction& node);
  Arguments ResolveArguments(const functions::FunctionEntry& entry, const plan::UnresolvedFunction& node);

 public:
  /// What an item of a select list becomes: an attribute, or an alias with the name that Spark generates.
  logical::ExprPtr Named(const plan::ExpressionPtr& expression, logical::ExprPtr resolved);
  /// Binds a function of the registry to resolved arguments.
  logical::ExprPtr Bind(const std::string& name, Arguments arguments);

 private:
  /// UNSUPPORTED_TIME_TYPE for what makes or takes apart a TIME, unless the session has turned the type on.
  void CheckTimeType(const std::string& name, const functions::Arguments& arguments) const;
  logical::ExprPtr BindEntry(const functions::FunctionEntry& entry, const std::string& name, Arguments arguments,
                             const plan::UnresolvedFunction* node);
  logical::ExprPtr MakeCast(logical::ExprPtr child, types::TypePtr type, plan::CastMode mode);
  std::vector<logical::ExprPtr> ToCommonType(std::vector<logical::ExprPtr> values, const std::string& function,
                                             const std::string& sql);
  /// The struct with the field at path[at …] set to `value`, or without it if `value` is null.
  logical::ExprPtr UpdateField(const logical::ExprPtr& base, const std::vector<std::string>& path, size_t at,
                               const logical::ExprPtr& value);
  logical::ExprPtr BindLambda(const plan::LambdaFunction& lambda, const std::vector<types::TypePtr>& types);
  /// Adds the plan to errors that Spark raises with one.
  [[noreturn]] void Fail(base::Error error) const;

  Resolver& resolver_;
  Scope& scope_;
  struct Variable {
    std::string name;
    std::shared_ptr<const logical::LambdaVariableExpr> expr;
  };
  std::vector<Variable> variables_;
};

/// Casts to `type` without showing in names; the expression itself if it has that type.
logical::ExprPtr ImplicitCast(const logical::ExprPtr& expr, const types::TypePtr& type, bool ansi);
/// The value of an expression without attributes, if it can be had now without an error.
std::optional<types::Literal> TryFold(const logical::ExprPtr& expr, bool ansi, const std::string& time_zone);
/// `child.name` of a struct, an array of structs, a map's value or an array's element.
logical::ExprPtr ExtractValue(const logical::ExprPtr& child, const logical::ExprPtr& extraction,
                              const NameMatcher& names, bool ansi);
logical::ExprPtr StructField(const logical::ExprPtr& child, int index, const std::string& shown_name = "");
/// An alias named as the expression prints, unless it has a name.
logical::ExprPtr WithName(const logical::ExprPtr& expr);
/// `"a + 1"`-like quoting of messages (toSQLExpr, toSQLType).
std::string QuotedSql(const logical::Expr& expr);
std::string QuotedType(const types::DataType& type);

}  // namespace sluice::analyzer
