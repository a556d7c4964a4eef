// Building Aggregate nodes.
#include "analyzer/aggregation.h"

#include <algorithm>


namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributeExpr;
using logical::AttributePtr;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;

namespace {

// A grouping expression with the attribute that stands for it above the aggregation's input.
struct Key {
  ExprPtr expr;
  AttributePtr attribute;
};

// Replaces grouping expressions by their attributes, outermost first; arguments of aggregates stay.
ExprPtr ReplaceKeys(const ExprPtr& expr, const std::vector<Key>& keys) {
  if (expr->kind == ExprKind::kAggregateCall) return expr;
  if (expr->kind != ExprKind::kAlias) {
    for (const Key& key : keys) {
      if (logical::SemanticEquals(expr, key.expr)) return key.attribute;
    }
  }
  std::vector<ExprPtr> children;
  bool changed = false;
  for (const ExprPtr& child : expr->children) {
    children.push_back(ReplaceKeys(child, keys));
    changed |= children.back() != child;
  }
  return changed ? expr->WithChildren(std::move(children)) : expr;
}

// The first attribute outside aggregates that is no key; null if all are.
ExprPtr FindUngrouped(const ExprPtr& expr, const std::vector<Key>& keys) {
  if (expr->kind == ExprKind::kAggregateCall) return nullptr;
  if (const auto* attribute = expr->As<AttributeExpr>()) {
    bool is_key = std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return key.attribute->id == attribute->id; });
    return is_key ? nullptr : expr;
  }
  for (const ExprPtr& child : expr->children) {
    if (ExprPtr found = FindUngrouped(child, keys)) return found;
  }
  return nullptr;
}

}  // namespace

PlanPtr AggregatePlan(Resolver& resolver, PlanPtr input, std::vector<ExprPtr> grouping, std::vector<ExprPtr> results) {
  std::vector<Key> keys;
  std::vector<ExprPtr> node_grouping;
  for (ExprPtr& expr : grouping) {
    if (logical::Contains(expr, ExprKind::kAggregateCall)) {
      throw base::Error(ErrorKind::kAnalysis, "GROUP_BY_AGGREGATE", {{"sqlExpr", expr->Sql()}});
    }
    Key key{expr, nullptr};
    if (const auto* alias = expr->As<AliasExpr>()) {
      key.expr = alias->children[0];
      key.attribute = alias->ToAttribute();
      node_grouping.push_back(expr);
    } else if (expr->kind == ExprKind::kAttribute) {
      key.attribute = std::static_pointer_cast<const AttributeExpr>(expr);
      node_grouping.push_back(expr);
    } else {
      auto named = std::make_shared<AliasExpr>(expr, expr->Sql());
      key.attribute = named->ToAttribute();
      node_grouping.push_back(named);
    }
    keys.push_back(std::move(key));
  }
  for (ExprPtr& result : results) {
    ExprPtr replaced = ReplaceKeys(result, keys);
    if (ExprPtr ungrouped = FindUngrouped(replaced, keys)) {
      if (grouping.empty()) {
        throw base::Error(ErrorKind::kAnalysis, "MISSING_GROUP_BY").WithPlan(logical::TreeString(input));
      }
      throw base::Error(ErrorKind::kAnalysis, "MISSING_AGGREGATION",
                        {{"expression", QuotedSql(*ungrouped)},
                         {"expressionAnyValue", "\"any_value(" + ungrouped->Sql() + ")\""}})
          .WithPlan(logical::TreeString(input));
    }
    result = replaced;
  }
  return std::make_shared<logical::Aggregate>(std::move(input), std::move(node_grouping), std::move(results));
}

}  // namespace sluice::analyzer
