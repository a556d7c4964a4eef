// groupBy and GROUP BY, with rollup, cube and grouping sets, HAVING.
#include <algorithm>

#include "analyzer/aggregation.h"
#include "analyzer/expression_resolver.h"
#include "analyzer/time_windows.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;
using plan::ExpressionPtr;

namespace {

constexpr size_t kMaxCubeKeys = 16;

// GROUP BY 2 and GROUP BY alias mean an item of the select list; null if `key` is neither.
ExpressionPtr ItemMeant(const ExpressionPtr& key, const plan::Aggregate& node, const Scope& scope,
                        const NameMatcher& names) {
  if (const auto* literal = key->As<types::Literal>();
      literal && literal->type->Is(types::TypeId::kInteger) && !literal->is_null()) {
    int index = static_cast<const arrow::Int32Scalar&>(*literal->value).value;
    if (index < 1 || index > static_cast<int>(node.aggregates.size())) {
      base::Error error(ErrorKind::kAnalysis, "GROUP_BY_POS_OUT_OF_RANGE",
                        {{"index", std::to_string(index)}, {"size", std::to_string(node.aggregates.size())}});
      if (key->origin) error.WithOrigin(key->origin->line, key->origin->position);
      throw error;
    }
    return node.aggregates[index - 1];
  }
  const auto* attribute = key->As<plan::UnresolvedAttribute>();
  if (!attribute || attribute->plan_id || attribute->name.size() != 1) return nullptr;
  if (FindVisibleFirst(attribute->name, scope.Output(), names)) return nullptr;
  for (const ExpressionPtr& item : node.aggregates) {
    const auto* alias = item->As<plan::Alias>();
    if (alias && alias->names.size() == 1 && names(alias->names[0], attribute->name[0])) return alias->child;
  }
  return nullptr;
}

GroupingSets RollupSets(size_t keys) {
  GroupingSets out;
  for (size_t length = keys + 1; length-- > 0;) {
    std::vector<int> set;
    for (size_t i = 0; i < length; ++i) set.push_back(static_cast<int>(i));
    out.push_back(std::move(set));
  }
  return out;
}

GroupingSets CubeSets(size_t keys) {
  if (keys > kMaxCubeKeys) throw base::Error::Unsupported("CUBE over more than 16 columns");
  GroupingSets out;
  for (size_t bits = 0; bits < (size_t{1} << keys); ++bits) {
    std::vector<int> set;
    for (size_t i = 0; i < keys; ++i) {
      if (!(bits >> (keys - 1 - i) & 1)) set.push_back(static_cast<int>(i));
    }
    out.push_back(std::move(set));
  }
  return out;
}

bool IsGroupByAll(const plan::Aggregate& node, const Scope& scope, const NameMatcher& names) {
  if (node.grouping.size() != 1 || node.group_type != plan::GroupType::kGroupBy) return false;
  const auto* attribute = node.grouping[0]->As<plan::UnresolvedAttribute>();
  return attribute && !attribute->plan_id && attribute->name.size() == 1 && ToLower(attribute->name[0]) == "all" &&
         !FindVisibleFirst(attribute->name, scope.Output(), names);
}

// The column that a window among the keys becomes can be named, as in window.start.
std::optional<FoundName> WindowByName(const std::vector<ExprPtr>& grouping, const std::vector<std::string>& name,
                                      const NameMatcher& names) {
  std::optional<FoundName> found;
  for (const ExprPtr& key : grouping) {
    logical::Visit(key, [&](const ExprPtr& node) {
      auto window = std::dynamic_pointer_cast<const TimeWindowExpr>(node);
      if (window && names(name[0], window->session ? "session_window" : "window")) {
        found = FoundName{window, {name.begin() + 1, name.end()}};
      }
      return !found;
    });
  }
  return found;
}

}  // namespace

PlanPtr Resolver::Node(const plan::Aggregate& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {Resolve(node.input)};
  if (node.group_type == plan::GroupType::kPivot) return Pivot(node, scope);
  ExpressionResolver resolver(*this, scope);

  // Keys may be named by the select list; each key is resolved once.
  std::vector<ExprPtr> grouping;
  auto key_of = [&](const ExpressionPtr& key) {
    ExpressionPtr meant = node.select_list ? ItemMeant(key, node, scope, names_) : nullptr;
    return meant ? meant : key;
  };
  bool by_all = node.select_list && IsGroupByAll(node, scope, names_);
  std::optional<GroupingSets> sets;
  if (node.group_type == plan::GroupType::kGroupingSets) {
    GroupingSets list;
    auto position = [&](const ExprPtr& key) {
      for (size_t i = 0; i < grouping.size(); ++i) {
        if (logical::SemanticEquals(grouping[i], key)) return static_cast<int>(i);
      }
      grouping.push_back(key);
      return static_cast<int>(grouping.size() - 1);
    };
    for (const ExpressionPtr& key : node.grouping) position(resolver.Resolve(key_of(key)));
    for (const auto& set : node.grouping_sets) {
      std::vector<int> positions;
      for (const ExpressionPtr& key : set) positions.push_back(position(resolver.Resolve(key_of(key))));
      list.push_back(std::move(positions));
    }
    sets = std::move(list);
  } else if (!by_all) {
    for (const ExpressionPtr& key : node.grouping) {
      std::vector<ExprPtr> keys = resolver.ResolveAll({key_of(key)});
      if (!node.select_list && keys.size() == 1) keys[0] = resolver.Named(key, keys[0]);
      grouping.insert(grouping.end(), keys.begin(), keys.end());
    }
    if (node.group_type == plan::GroupType::kRollup) sets = RollupSets(grouping.size());
    if (node.group_type == plan::GroupType::kCube) sets = CubeSets(grouping.size());
  }

  std::vector<ExprPtr> results;
  if (node.select_list) {
    scope.fallback = [&](const std::vector<std::string>& name) { return WindowByName(grouping, name, names_); };
    for (SelectItem& item : resolver.ResolveItems(node.aggregates, true)) results.push_back(std::move(item.expr));
    InlineLateralAliases(results);
  } else {
    for (ExprPtr& key : grouping) {
      key = WithName(key);
      results.push_back(key);
    }
    std::vector<ExprPtr> aggregates = resolver.ResolveNamed(node.aggregates);
    results.insert(results.end(), aggregates.begin(), aggregates.end());
  }
  if (by_all) {
    for (const ExprPtr& result : results) {
      if (!logical::Contains(result, ExprKind::kAggregateCall)) {
        grouping.push_back(result->kind == ExprKind::kAlias ? result->children[0] : result);
      }
    }
  }
  PlanPtr plan = AggregatePlan(*this, scope.inputs[0], std::move(grouping), std::move(results), sets);
  return node.having ? Having(plan, node.having) : plan;
}

void Resolver::InlineLateralAliases(std::vector<ExprPtr>& items) const {
  for (size_t i = 0; i < items.size(); ++i) {
    items[i] = logical::Transform(items[i], [&](const ExprPtr& node) -> ExprPtr {
      const auto* attribute = node->As<logical::AttributeExpr>();
      if (!attribute) return nullptr;
      for (size_t before = 0; before < i; ++before) {
        const auto* alias = items[before]->As<logical::AliasExpr>();
        if (alias && alias->id == attribute->id) return alias->children[0];
      }
      return nullptr;
    });
  }
}

PlanPtr Resolver::Having(const PlanPtr& plan, const ExpressionPtr& condition) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {plan};
  const logical::Aggregate* aggregate = FindAggregate(plan);
  if (aggregate) scope.aggregated = aggregate->child();
  ExprPtr resolved = ExpressionResolver(*this, scope).ResolveCondition(condition, "Filter");
  if (!aggregate) return std::make_shared<logical::Filter>(plan, resolved);
  OverAggregate over(plan);
  ExprPtr rewritten = over.Rewrite(resolved);
  return over.Restore(std::make_shared<logical::Filter>(over.Extended(), rewritten));
}

}  // namespace sluice::analyzer
