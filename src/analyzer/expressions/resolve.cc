// Dispatch over expressions, and those that need no rule file of their own.
#include "analyzer/expression_resolver.h"
#include "functions/coercion.h"
#include "sql/parser.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprKind;
using logical::ExprPtr;
using logical::SortOrderExpr;

std::string QuotedSql(const logical::Expr& expr) { return "\"" + expr.Sql() + "\""; }
std::string QuotedType(const types::DataType& type) { return "\"" + type.Sql() + "\""; }

ExprPtr ExpressionResolver::Resolve(const plan::ExpressionPtr& expression) {
  return std::visit([this](const auto& node) { return Node(node); }, expression->node);
}

ExprPtr ExpressionResolver::Node(const types::Literal& node) { return logical::MakeLiteral(node); }

ExprPtr ExpressionResolver::Node(const plan::ExpressionString& node) { return Resolve(sql::ParseExpression(node.text)); }

ExprPtr ExpressionResolver::Node(const plan::NamedArgument& node) {
  throw base::Error(ErrorKind::kAnalysis, "NAMED_PARAMETERS_NOT_SUPPORTED",
                    {{"functionName", types::QuoteIdentifier({node.name})}});
}

ExprPtr ExpressionResolver::Node(const plan::ParameterMark& node) {
  const SqlParameters* parameters = resolver_.parameters();
  plan::ExpressionPtr value;
  if (parameters && node.name.empty() && static_cast<size_t>(node.position) < parameters->positional.size()) {
    value = parameters->positional[node.position];
  } else if (parameters && !node.name.empty()) {
    auto found = parameters->named.find(node.name);
    if (found != parameters->named.end()) value = found->second;
  }
  if (!value) {
    throw base::Error(ErrorKind::kAnalysis, "UNBOUND_SQL_PARAMETER",
                      {{"name", node.name.empty() ? "_" + std::to_string(node.position) : node.name}});
  }
  return Resolve(value);
}

ExprPtr ExpressionResolver::Node(const plan::SortOrder& node) { return ResolveOrder(node); }

std::shared_ptr<const SortOrderExpr> ExpressionResolver::MakeOrder(ExprPtr child, const plan::SortOrder& order) {
  if (child->kind == ExprKind::kAlias) child = child->children[0];
  bool ascending = order.direction == plan::SortDirection::kAscending;
  bool nulls_first = order.nulls == plan::NullOrder::kDefault ? ascending : order.nulls == plan::NullOrder::kFirst;
  auto out = std::make_shared<SortOrderExpr>(child, ascending, nulls_first);
  if (!functions::IsOrderable(*child->type)) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                     {{"sqlExpr", QuotedSql(*out)},
                      {"functionName", "`sortorder`"},
                      {"dataType", QuotedType(*child->type)}}));
  }
  return out;
}

std::shared_ptr<const SortOrderExpr> ExpressionResolver::ResolveOrder(const plan::SortOrder& order) {
  return MakeOrder(Resolve(order.child), order);
}

ExprPtr ExpressionResolver::ResolveCondition(const plan::ExpressionPtr& expression, const char* operator_name) {
  ExprPtr condition = Resolve(expression);
  if (condition->kind == ExprKind::kAlias) condition = condition->children[0];
  if (condition->type->Is(types::TypeId::kBoolean)) return condition;
  if (condition->type->Is(types::TypeId::kNull)) return ImplicitCast(condition, types::Boolean(), resolver_.ansi());
  Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
                   {{"sqlExpr", QuotedSql(*condition)},
                    {"filter", QuotedSql(*condition)},
                    {"type", QuotedType(*condition->type)},
                    {"operator", operator_name}}));
}

}  // namespace sluice::analyzer
