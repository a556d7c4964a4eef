// The recursive-descent parser of Spark SQL. Each family of rules has a file of its own.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/parser.h"
#include "types/token_stream.h"

namespace sluice::sql {

/// Parses one text. Where Spark's grammar lets a keyword be a name too, the token after it decides: a keyword that
/// can't start its clause or operator there is a name.
class Grammar {
 public:
  Grammar(std::string_view text, const ParserOptions& options);

  plan::Statement SingleStatement();
  plan::RelationPtr SingleQuery();
  plan::ExpressionPtr SingleExpression();

 private:
  using Token = types::Token;
  using TokenKind = types::TokenKind;

  // grammar.cc
  base::QueryContextPtr Context(const Token& start) const;
  template <typename T>
  plan::ExpressionPtr Make(const Token& start, T node) const {
    return plan::Make(std::move(node), Context(start));
  }
  template <typename T>
  plan::RelationPtr MakeRelation(const Token& start, T node) const {
    return plan::MakeRelation(std::move(node), std::nullopt, Context(start));
  }
  plan::ExpressionPtr Function(const Token& start, std::string name, std::vector<plan::ExpressionPtr> arguments) const;
  /// A parse error that shows the text from `start` to the last token read.
  base::Error ErrorFrom(const Token& start, std::string condition, base::Error::Parameters parameters = {}) const;
  /// Counts one more step of a chain of operators, joins or unions, which makes the plan one level deeper.
  void CountChain(int* length);
  /// Whether an expression can start here; tells an operator or clause keyword from a name.
  bool StartsExpression(size_t ahead) const;
  bool StartsQuery() const { return StartsQueryAt(0); }
  bool StartsQueryAt(size_t ahead) const;
  /// Whether the current keyword starts a clause that may follow a select item or a table.
  bool StartsClause(size_t ahead = 0) const;
  bool IsTableAlias() const;
  std::vector<std::string> NameList();

  // expression.cc
  plan::ExpressionPtr Expression();
  plan::ExpressionPtr NamedExpression();
  std::vector<plan::ExpressionPtr> Expressions();
  std::vector<plan::ExpressionPtr> NamedExpressions();
  plan::ExpressionPtr AliasOf(const Token& start, plan::ExpressionPtr child);
  plan::ExpressionPtr Disjunction();
  plan::ExpressionPtr Conjunction();
  plan::ExpressionPtr Chain(const Token& start, const char* name, const std::vector<plan::ExpressionPtr>& operands,
                            size_t first, size_t last) const;
  plan::ExpressionPtr Negation();
  plan::ExpressionPtr Predicate();
  plan::ExpressionPtr InPredicate(const Token& start, plan::ExpressionPtr value);
  plan::ExpressionPtr LikePredicate(const Token& start, plan::ExpressionPtr value);
  plan::ExpressionPtr LikeQuantified(const Token& start, plan::ExpressionPtr value, bool negated);
  plan::ExpressionPtr IsPredicate(const Token& start, plan::ExpressionPtr value);
  bool StartsPredicate() const;
  plan::ExpressionPtr Value(int minimum = 0);
  int BinaryOperator(std::string* name, int* tokens) const;
  plan::ExpressionPtr Unary();

  // primary.cc
  plan::ExpressionPtr Primary();
  plan::ExpressionPtr Postfix(const Token& start, plan::ExpressionPtr expression);
  plan::ExpressionPtr Base();
  plan::ExpressionPtr WordExpression();
  plan::ExpressionPtr Parenthesized();
  plan::ExpressionPtr LambdaBody(const Token& start, std::vector<std::string> variables);
  plan::ExpressionPtr ColumnOrVariable(const Token& start);
  plan::ExpressionPtr Star(const Token& start, std::vector<std::string> target);
  plan::ExpressionPtr CaseExpression();
  plan::ExpressionPtr CastExpression();
  /// "(query)", or null with the place unchanged if something else stands in the parentheses.
  plan::RelationPtr TryParenthesizedQuery(bool tell_missing);
  plan::ExpressionPtr Subquery(const Token& start, plan::SubqueryKind kind, plan::RelationPtr query,
                               std::vector<plan::ExpressionPtr> values = {}) const;
  std::vector<std::string> IdentifierName();
  plan::ExpressionPtr IdentifierClause();
  bool IsLambda() const;

  // function_call.cc
  plan::ExpressionPtr FunctionCall();
  plan::ExpressionPtr FunctionCallOf(const Token& start, std::vector<std::string> name);
  plan::ExpressionPtr SpecialCall();
  plan::ExpressionPtr ExtractCall();
  plan::ExpressionPtr TrimCall();
  plan::ExpressionPtr SubstringCall();
  plan::ExpressionPtr OverlayCall();
  plan::ExpressionPtr PositionCall();
  void TimestampArithmetic(const std::string& name, plan::UnresolvedFunction* call) const;
  plan::ExpressionPtr Argument();

  // window.cc
  plan::ExpressionPtr Over(const Token& start, plan::ExpressionPtr function);
  plan::WindowExpression WindowSpecification();
  plan::FrameBoundary FrameBound(bool lower);
  void WindowFrame(plan::WindowExpression* window);
  void WindowClause();
  void WindowClauseAhead();
  plan::ExpressionPtr WithWindows(const plan::ExpressionPtr& expression);
  std::vector<plan::SortOrder> SortItems();
  plan::SortOrder SortItem();

  // literal.cc
  bool IsLiteral() const;
  plan::ExpressionPtr Literal();
  plan::ExpressionPtr NumberLiteral();
  plan::ExpressionPtr StringsLiteral();
  plan::ExpressionPtr TypedLiteral();
  plan::ExpressionPtr Parameter();
  template <typename T>
  types::Literal WholeNumber(const Token& start, const std::string& digits, const char* type);
  types::Literal FloatNumber(const Token& start, const std::string& text, bool single);
  types::Literal DecimalNumber(const Token& start, const std::string& text);
  types::Literal DateTimeLiteral(const Token& start, const std::string& type, const std::string& text);
  std::string Strings();

  // interval_literal.cc
  bool IsInterval() const;
  plan::ExpressionPtr IntervalLiteral();
  types::Literal MultiUnitInterval(const Token& start);
  types::Literal UnitToUnitInterval(const Token& start);
  types::Literal IntervalText(const Token& start, const std::string& text);
  types::Literal OfUnits(const Token& start, const types::Interval& interval, const std::vector<std::string>& units);

  // query.cc
  plan::RelationPtr Query();
  plan::RelationPtr QueryBody();
  plan::RelationPtr With(const std::vector<std::pair<std::string, plan::RelationPtr>>& definitions,
                         plan::RelationPtr query);
  std::vector<std::pair<std::string, plan::RelationPtr>> Definitions();
  plan::RelationPtr SetOperations(bool intersect_only);
  plan::RelationPtr QueryPrimary();
  plan::RelationPtr Organization(plan::RelationPtr input);
  plan::RelationPtr SortClauses(plan::RelationPtr input);
  plan::RelationPtr Select(plan::RelationPtr from, bool with_from);
  plan::RelationPtr FromStatement();
  plan::RelationPtr LimitAndOffset(plan::RelationPtr input);
  std::vector<plan::Hint> Hints();
  plan::RelationPtr Values();

  // grouping.cc
  void GroupBy(plan::Aggregate* aggregate);
  std::vector<plan::ExpressionPtr> GroupingSet();
  std::vector<std::vector<plan::ExpressionPtr>> GroupingAnalytics();
  std::vector<std::vector<plan::ExpressionPtr>> GroupingSets();
  bool IsGroupingAnalytics() const;

  // from.cc
  plan::RelationPtr From();
  plan::RelationPtr RelationPrimary();
  plan::RelationPtr Extensions(plan::RelationPtr relation);
  bool IsJoin() const;
  plan::RelationPtr JoinWith(plan::RelationPtr left);
  plan::JoinType ParseJoinType();
  void JoinCriteria(plan::Join* join);
  plan::RelationPtr Table();
  plan::RelationPtr StreamTable();
  plan::RelationPtr TableFunction(const Token& start, std::vector<std::string> name);
  plan::ExpressionPtr TableArgument();
  plan::RelationPtr LateralViews(plan::RelationPtr relation);
  plan::RelationPtr Alias(plan::RelationPtr relation);
  plan::RelationPtr TableSample(plan::RelationPtr relation) { return SampleClause()(std::move(relation)); }
  /// What TABLESAMPLE does to a relation; nothing if it doesn't stand here.
  std::function<plan::RelationPtr(plan::RelationPtr)> SampleClause();
  std::vector<std::string> TableName();

  // pivot.cc
  plan::RelationPtr Pivot(plan::RelationPtr relation);
  plan::RelationPtr Unpivot(plan::RelationPtr relation);

  // pipe.cc
  plan::RelationPtr PipeOperators(plan::RelationPtr relation);
  plan::RelationPtr PipeOperator(plan::RelationPtr relation);
  plan::RelationPtr PipeAggregate(plan::RelationPtr relation);
  plan::RelationPtr PipeSetOperation(plan::RelationPtr relation);

  // statement.cc
  plan::Statement Statement();
  plan::Statement Explain();
  plan::Statement Use();
  plan::Statement Drop();
  plan::Statement Cache();
  plan::Statement Describe();
  plan::Statement Insert(std::vector<std::pair<std::string, plan::RelationPtr>> definitions);
  plan::Statement Unsupported();
  plan::Statement UnsupportedStatement(const std::string& what);
  bool IfExists();
  bool IfNotExists();

  // create.cc
  plan::Statement Create();
  plan::Statement CreateView(const Token& start, bool replace);
  bool HasTypedColumns() const;
  static std::string Dotted(const std::vector<std::string>& name);
  plan::Statement CreateTemporaryViewUsing(plan::CreateView view);
  plan::Statement CreateTable(bool replace);
  plan::Statement CreateDatabase();
  void TableClause(plan::CreateTable* table);
  void TableColumns(plan::CreateTable* table);
  void PartitionedBy(plan::CreateTable* table);
  plan::Options Properties();
  std::string PropertyKey();
  std::string PropertyValue();

  // show.cc
  plan::Statement Show();
  std::vector<std::string> InDatabase();
  std::string Pattern();
  plan::Statement Set();
  plan::Statement Reset();
  plan::Statement SetTimeZone();
  std::string RestOfText();

  ParserOptions options_;
  std::shared_ptr<const std::string> sql_;
  types::TokenStream tokens_;
  std::vector<std::string> lambda_variables_;
  std::map<std::string, plan::WindowExpression> windows_;
  bool has_named_windows_ = false;
  int long_chains_ = 0;
};

}  // namespace sluice::sql
