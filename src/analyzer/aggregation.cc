// Building Aggregate nodes, and expressions above them.
#include "analyzer/aggregation.h"

#include <algorithm>

#include "analyzer/grouping_sets.h"
#include "analyzer/missing_columns.h"
#include "analyzer/projection.h"
#include "analyzer/time_windows.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributeExpr;
using logical::AttributePtr;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;

namespace {

// Replaces grouping expressions by their attributes, outermost first; arguments of aggregates stay.
ExprPtr ReplaceKeys(const ExprPtr& expr, const std::vector<GroupingKey>& keys) {
  if (expr->kind == ExprKind::kAggregateCall) return expr;
  if (expr->kind != ExprKind::kAlias) {
    for (const GroupingKey& key : keys) {
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
ExprPtr FindUngrouped(const ExprPtr& expr, const std::vector<GroupingKey>& keys) {
  if (expr->kind == ExprKind::kAggregateCall) return nullptr;
  if (const auto* attribute = expr->As<AttributeExpr>()) {
    bool is_key = std::any_of(keys.begin(), keys.end(),
                              [&](const GroupingKey& key) { return key.attribute->id == attribute->id; });
    return is_key ? nullptr : expr;
  }
  for (const ExprPtr& child : expr->children) {
    if (ExprPtr found = FindUngrouped(child, keys)) return found;
  }
  return nullptr;
}

void CheckGrouped(const ExprPtr& result, const std::vector<GroupingKey>& keys, const PlanPtr& input) {
  ExprPtr ungrouped = FindUngrouped(result, keys);
  if (!ungrouped) return;
  if (keys.empty()) throw base::Error(ErrorKind::kAnalysis, "MISSING_GROUP_BY").WithPlan(logical::TreeString(input));
  throw base::Error(
      ErrorKind::kAnalysis, "MISSING_AGGREGATION",
      {{"expression", QuotedSql(*ungrouped)}, {"expressionAnyValue", "\"any_value(" + ungrouped->Sql() + ")\""}})
      .WithPlan(logical::TreeString(input));
}

// Window functions over aggregates: aggregates and keys are results of the aggregation, the rest is computed above.
PlanPtr WithWindows(PlanPtr input, std::vector<ExprPtr> grouping, std::vector<ExprPtr> results) {
  std::vector<ExprPtr> inner;
  auto take = [&](const ExprPtr& expr) -> ExprPtr {
    for (const ExprPtr& known : inner) {
      if (logical::SemanticEquals(known, expr)) return logical::ToAttribute(known);
    }
    bool is_attribute = expr->kind == ExprKind::kAttribute;
    inner.push_back(is_attribute ? expr : std::make_shared<AliasExpr>(expr, expr->Sql()));
    return logical::ToAttribute(inner.back());
  };
  std::function<ExprPtr(const ExprPtr&)> split = [&](const ExprPtr& expr) -> ExprPtr {
    if (expr->kind == ExprKind::kAggregateCall || expr->kind == ExprKind::kAttribute) return take(expr);
    std::vector<ExprPtr> children;
    for (const ExprPtr& child : expr->children) children.push_back(split(child));
    return children.empty() ? expr : expr->WithChildren(std::move(children));
  };
  for (ExprPtr& result : results) {
    if (result->kind == ExprKind::kAlias || result->kind == ExprKind::kAttribute) result = split(result);
  }
  auto aggregate = std::make_shared<logical::Aggregate>(std::move(input), std::move(grouping), std::move(inner));
  return ProjectPlan(aggregate, std::move(results));
}

}  // namespace

PlanPtr AggregatePlan(Resolver& resolver, PlanPtr input, std::vector<ExprPtr> grouping, std::vector<ExprPtr> results,
                      const std::optional<GroupingSets>& sets) {
  size_t key_count = grouping.size();
  std::vector<ExprPtr> all = std::move(grouping);
  all.insert(all.end(), results.begin(), results.end());
  input = ApplyTimeWindows(resolver, std::move(input), all);
  std::vector<GroupingKey> keys;
  for (size_t i = 0; i < key_count; ++i) keys.push_back(MakeGroupingKey(all[i]));
  results.assign(all.begin() + key_count, all.end());
  std::vector<std::pair<size_t, size_t>> key_results;  // results that are a key itself: position, key
  for (size_t i = 0; i < results.size(); ++i) {
    for (size_t k = 0; k < keys.size(); ++k) {
      if (logical::ToAttribute(results[i])->id == keys[k].attribute->id) key_results.emplace_back(i, k);
    }
  }

  std::vector<ExprPtr> node_grouping;
  if (sets) {
    input = ExpandGroupingSets(input, keys, *sets, node_grouping, results);
  } else {
    for (const GroupingKey& key : keys) node_grouping.push_back(key.named);
  }
  for (auto [result, key] : key_results) results[result] = keys[key].attribute;
  bool any_window = false;
  for (ExprPtr& result : results) {
    result = ReplaceKeys(result, keys);
    CheckGrouped(result, keys, input);
    CheckNoGroupingCall(result);
    any_window |= logical::Contains(result, ExprKind::kWindowCall);
  }
  if (any_window) return WithWindows(std::move(input), std::move(node_grouping), std::move(results));
  return std::make_shared<logical::Aggregate>(std::move(input), std::move(node_grouping), std::move(results));
}

PlanPtr GroupedByAll(PlanPtr input) {
  std::vector<ExprPtr> columns(input->output.begin(), input->output.end());
  return std::make_shared<logical::Aggregate>(std::move(input), columns, columns);
}

const logical::Aggregate* FindAggregate(const PlanPtr& plan) {
  if (const auto* aggregate = plan->As<logical::Aggregate>()) return aggregate;
  if (plan->kind == PlanKind::kFilter) return FindAggregate(plan->child());
  if (const auto* project = plan->As<logical::Project>()) {
    bool plain = std::all_of(project->expressions.begin(), project->expressions.end(),
                             [](const ExprPtr& expr) { return expr->kind == ExprKind::kAttribute; });
    if (plain) return FindAggregate(plan->child());
  }
  return nullptr;
}

OverAggregate::OverAggregate(PlanPtr plan) : plan_(std::move(plan)), aggregate_(FindAggregate(plan_)) {}

ExprPtr OverAggregate::Take(const ExprPtr& expr) {
  for (const ExprPtr& known : aggregate_->results) {
    if (logical::SemanticEquals(known, expr)) return logical::ToAttribute(known);
  }
  for (const ExprPtr& known : added_) {
    if (logical::SemanticEquals(known, expr)) return logical::ToAttribute(known);
  }
  bool is_attribute = expr->kind == ExprKind::kAttribute;
  added_.push_back(is_attribute ? expr : std::make_shared<AliasExpr>(expr, expr->Sql()));
  return logical::ToAttribute(added_.back());
}

ExprPtr OverAggregate::Rewrite(const ExprPtr& expr) {
  if (expr->kind == ExprKind::kAggregateCall) return Take(expr);
  for (const ExprPtr& key : aggregate_->grouping) {
    if (expr->kind != ExprKind::kAlias && logical::SemanticEquals(expr, key)) return Take(logical::ToAttribute(key));
  }
  if (const auto* attribute = expr->As<AttributeExpr>()) {
    for (const AttributePtr& output : plan_->output) {
      if (output->id == attribute->id) return expr;
    }
    for (const ExprPtr& key : aggregate_->grouping) {
      if (logical::ToAttribute(key)->id == attribute->id) return Take(expr);
    }
    for (const ExprPtr& result : aggregate_->results) {
      if (logical::ToAttribute(result)->id == attribute->id) return expr;
    }
    throw base::Error(ErrorKind::kAnalysis, "MISSING_AGGREGATION",
                      {{"expression", QuotedSql(*expr)}, {"expressionAnyValue", "\"any_value(" + expr->Sql() + ")\""}})
        .WithPlan(logical::TreeString(plan_));
  }
  std::vector<ExprPtr> children;
  bool changed = false;
  for (const ExprPtr& child : expr->children) {
    children.push_back(Rewrite(child));
    changed |= children.back() != child;
  }
  return changed ? expr->WithChildren(std::move(children)) : expr;
}

PlanPtr OverAggregate::Extended() const {
  if (added_.empty()) return plan_;
  std::vector<ExprPtr> results = aggregate_->results;
  results.insert(results.end(), added_.begin(), added_.end());
  PlanPtr extended =
      std::make_shared<logical::Aggregate>(aggregate_->child(), aggregate_->grouping, std::move(results));
  PlanPtr plan = logical::Transform(
      plan_, [&](const PlanPtr& node) -> PlanPtr { return node.get() == aggregate_ ? extended : nullptr; });
  for (const ExprPtr& one : added_) plan = AddOutput(plan, logical::ToAttribute(one));
  return plan;
}

PlanPtr OverAggregate::Restore(PlanPtr plan) const {
  if (plan->output.size() == plan_->output.size()) return plan;
  return std::make_shared<logical::Project>(std::move(plan),
                                            std::vector<ExprPtr>(plan_->output.begin(), plan_->output.end()));
}

}  // namespace sluice::analyzer
