// ORDER BY, LIMIT, OFFSET, tail.
#include "analyzer/aggregation.h"
#include "analyzer/expression_resolver.h"
#include "analyzer/missing_columns.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using logical::SortOrderExpr;

namespace {

// ORDER BY 2 means the second output column.
ExprPtr Ordinal(const plan::SortOrder& order, const Scope& scope) {
  const auto* literal = order.child->As<types::Literal>();
  if (!literal || !literal->type->Is(types::TypeId::kInteger) || literal->is_null()) return nullptr;
  int index = static_cast<const arrow::Int32Scalar&>(*literal->value).value;
  logical::Attributes visible = scope.VisibleOutput();
  if (index < 1 || index > static_cast<int>(visible.size())) {
    throw base::Error(ErrorKind::kAnalysis, "ORDER_BY_POS_OUT_OF_RANGE",
                      {{"index", std::to_string(index)}, {"size", std::to_string(visible.size())}});
  }
  return visible[index - 1];
}

// ORDER BY ALL means every output column, unless a column has that name.
bool IsOrderByAll(const plan::Sort& node, const Scope& scope, const NameMatcher& names) {
  if (node.order.size() != 1) return false;
  const auto* attribute = node.order[0].child->As<plan::UnresolvedAttribute>();
  return attribute && !attribute->plan_id && attribute->name.size() == 1 && ToLower(attribute->name[0]) == "all" &&
         !FindVisibleFirst(attribute->name, scope.Output(), names);
}

}  // namespace

PlanPtr Resolver::Node(const plan::Sort& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {Resolve(node.input)};
  MissingColumns missing(names_, scope);
  if (const logical::Aggregate* aggregate = FindAggregate(scope.inputs[0])) scope.aggregated = aggregate->child();
  ExpressionResolver resolver(*this, scope);
  std::vector<std::shared_ptr<const SortOrderExpr>> orders;
  bool by_all = IsOrderByAll(node, scope, names_);
  if (by_all) {
    for (const auto& column : scope.VisibleOutput()) orders.push_back(resolver.MakeOrder(column, node.order[0]));
  }
  for (const plan::SortOrder& order : by_all ? std::vector<plan::SortOrder>() : node.order) {
    if (ExprPtr column = Ordinal(order, scope)) {
      orders.push_back(resolver.MakeOrder(column, order));
    } else {
      orders.push_back(resolver.ResolveOrder(order));
    }
  }
  if (scope.aggregated) {
    OverAggregate over(scope.inputs[0]);
    for (auto& order : orders) order = std::dynamic_pointer_cast<const SortOrderExpr>(over.Rewrite(order));
    return over.Restore(std::make_shared<logical::Sort>(over.Extended(), std::move(orders), node.is_global));
  }
  return missing.Restore(std::make_shared<logical::Sort>(missing.Extend(), std::move(orders), node.is_global));
}

int64_t Resolver::LimitCount(const plan::ExpressionPtr& expression, const char* name) {
  Scope scope;
  ExprPtr expr = ExpressionResolver(*this, scope).Resolve(expression);
  base::Error::Parameters parameters{{"name", name}, {"expr", QuotedSql(*expr)}};
  std::optional<types::Literal> value = TryFold(expr, ansi_, time_zone_);
  if (!value) {
    throw base::Error(ErrorKind::kAnalysis, "INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE", parameters);
  }
  if (!expr->type->IsIntegral()) {
    parameters["dataType"] = QuotedType(*expr->type);
    throw base::Error(ErrorKind::kAnalysis, "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", parameters);
  }
  if (value->is_null()) {
    throw base::Error(ErrorKind::kAnalysis, "INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL", parameters);
  }
  int64_t count = std::stoll(value->ToString());
  if (count < 0) {
    parameters["v"] = std::to_string(count);
    throw base::Error(ErrorKind::kAnalysis, "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", parameters).WithPlan("");
  }
  return count;
}

PlanPtr Resolver::Node(const plan::Limit& node) {
  PlanPtr input = Resolve(node.input);
  return std::make_shared<logical::LimitPlan>(PlanKind::kLimit, input, LimitCount(node.limit, "limit"));
}

PlanPtr Resolver::Node(const plan::Offset& node) {
  PlanPtr input = Resolve(node.input);
  return std::make_shared<logical::LimitPlan>(PlanKind::kOffset, input, LimitCount(node.offset, "offset"));
}

PlanPtr Resolver::Node(const plan::Tail& node) {
  return std::make_shared<logical::LimitPlan>(PlanKind::kTail, Resolve(node.input), node.limit);
}

}  // namespace sluice::analyzer
