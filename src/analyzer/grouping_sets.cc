// Grouping analytics as Spark's ResolveGroupingAnalytics builds them.
#include "analyzer/grouping_sets.h"

#include <algorithm>
#include <set>

#include "functions/grouping_bit.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributeExpr;
using logical::AttributePtr;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;

namespace {

bool IsGroupingCall(const ExprPtr& expr) {
  const auto* call = expr->As<logical::ScalarCall>();
  return call && !call->binding->kernel && (call->binding->name == "grouping" || call->binding->name == "grouping_id");
}

std::string KeyList(const std::vector<GroupingKey>& keys) {
  std::string out;
  for (const GroupingKey& key : keys) out += (out.empty() ? "" : ",") + key.expr->ToString();
  return out;
}

ExprPtr ReplaceGroupingCall(const ExprPtr& expr, const std::vector<GroupingKey>& keys, const AttributePtr& id) {
  const auto* call = expr->As<logical::ScalarCall>();
  if (call->binding->name == "grouping_id") {
    bool all = call->children.empty() || call->children.size() == keys.size();
    for (size_t i = 0; i < call->children.size() && all; ++i) {
      all = logical::SemanticEquals(call->children[i], keys[i].expr);
    }
    if (all) return id;
    std::string given;
    for (const ExprPtr& child : call->children) given += (given.empty() ? "" : ",") + child->ToString();
    throw base::Error(ErrorKind::kAnalysis, "GROUPING_ID_COLUMN_MISMATCH",
                      {{"groupingIdColumn", given}, {"groupByColumns", KeyList(keys)}});
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!logical::SemanticEquals(call->children[0], keys[i].expr)) continue;
    auto binding = functions::BindGroupingBit(static_cast<int>(keys.size() - 1 - i));
    return std::make_shared<logical::ScalarCall>(binding, std::vector<ExprPtr>{id});
  }
  throw base::Error(ErrorKind::kAnalysis, "GROUPING_COLUMN_MISMATCH",
                    {{"grouping", call->children[0]->ToString()}, {"groupingColumns", KeyList(keys)}});
}

// The grouping id: bit n-1-i is set if the set lacks key i.
int64_t SetId(const std::vector<int>& set, size_t keys) {
  int64_t id = 0;
  for (size_t i = 0; i < keys; ++i) {
    bool has = std::find(set.begin(), set.end(), static_cast<int>(i)) != set.end();
    id = id * 2 + (has ? 0 : 1);
  }
  return id;
}

}  // namespace

GroupingKey MakeGroupingKey(const ExprPtr& expr) {
  if (logical::Contains(expr, ExprKind::kAggregateCall)) {
    throw base::Error(ErrorKind::kAnalysis, "GROUP_BY_AGGREGATE", {{"sqlExpr", expr->Sql()}});
  }
  GroupingKey key{expr, expr, nullptr};
  if (expr->kind == ExprKind::kAlias) {
    key.expr = expr->children[0];
  } else if (expr->kind != ExprKind::kAttribute) {
    key.named = std::make_shared<AliasExpr>(expr, expr->Sql());
  }
  key.attribute = logical::ToAttribute(key.named);
  return key;
}

PlanPtr ExpandGroupingSets(PlanPtr input, std::vector<GroupingKey>& keys, const GroupingSets& sets,
                           std::vector<ExprPtr>& grouping, std::vector<ExprPtr>& results) {
  // Keys are computed once, beside the columns that aggregates still see unchanged.
  std::vector<ExprPtr> projected(input->output.begin(), input->output.end());
  std::vector<AttributePtr> computed;
  for (const GroupingKey& key : keys) {
    auto alias = std::make_shared<AliasExpr>(key.expr, key.attribute->name);
    computed.push_back(alias->ToAttribute());
    projected.push_back(alias);
  }
  logical::Attributes output = input->output;
  PlanPtr project = std::make_shared<logical::Project>(input, std::move(projected));
  auto id = std::make_shared<AttributeExpr>("spark_grouping_id", types::Long(), false);
  for (size_t i = 0; i < keys.size(); ++i) {
    keys[i].attribute =
        std::make_shared<AttributeExpr>(keys[i].attribute->name, computed[i]->type, true, logical::NextExprId(),
                                        std::vector<std::string>{}, computed[i]->metadata);
    keys[i].named = keys[i].attribute;
    output.push_back(keys[i].attribute);
    grouping.push_back(keys[i].attribute);
  }
  output.push_back(id);
  grouping.push_back(id);
  std::set<int64_t> ids;
  bool duplicates = false;
  for (const auto& set : sets) duplicates |= !ids.insert(SetId(set, keys.size())).second;
  std::vector<std::vector<ExprPtr>> projections;
  for (size_t s = 0; s < sets.size(); ++s) {
    std::vector<ExprPtr> projection(input->output.begin(), input->output.end());
    for (size_t i = 0; i < keys.size(); ++i) {
      bool has = std::find(sets[s].begin(), sets[s].end(), static_cast<int>(i)) != sets[s].end();
      projection.push_back(has ? ExprPtr(computed[i]) : logical::MakeLiteral(types::Literal::Null(computed[i]->type)));
    }
    projection.push_back(logical::MakeLiteral(types::Literal::Long(SetId(sets[s], keys.size()))));
    if (duplicates) projection.push_back(logical::MakeLiteral(types::Literal::Long(static_cast<int64_t>(s))));
    projections.push_back(std::move(projection));
  }
  if (duplicates) {
    auto position = std::make_shared<AttributeExpr>("_gen_grouping_pos", types::Long(), false);
    output.push_back(position);
    grouping.push_back(position);
  }
  std::vector<GroupingKey> all_keys = keys;
  for (ExprPtr& result : results) {
    result = logical::Transform(result, [&](const ExprPtr& node) -> ExprPtr {
      return IsGroupingCall(node) ? ReplaceGroupingCall(node, all_keys, id) : nullptr;
    });
  }
  keys.push_back(GroupingKey{id, id, id});
  return std::make_shared<logical::Expand>(project, std::move(projections), std::move(output));
}

void CheckNoGroupingCall(const ExprPtr& expr) {
  logical::Visit(expr, [](const ExprPtr& node) {
    if (IsGroupingCall(node)) throw base::Error(ErrorKind::kAnalysis, "UNSUPPORTED_GROUPING_EXPRESSION");
    return true;
  });
}

}  // namespace sluice::analyzer
