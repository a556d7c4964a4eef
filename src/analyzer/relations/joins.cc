// Joins of all kinds, with USING and NATURAL.
#include <algorithm>
#include <set>

#include "analyzer/expression_resolver.h"
#include "functions/coercion.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprId;
using logical::ExprPtr;
using logical::PlanPtr;
using plan::JoinType;

namespace {

bool SharesIds(const logical::Plan& left, const logical::Plan& right) {
  std::set<ExprId> ids;
  for (const AttributePtr& attribute : left.output) ids.insert(attribute->id);
  return std::any_of(right.output.begin(), right.output.end(),
                     [&](const AttributePtr& attribute) { return ids.count(attribute->id) > 0; });
}

bool IsExistence(JoinType type) { return type == JoinType::kLeftSemi || type == JoinType::kLeftAnti; }

AttributePtr FindKey(const std::string& name, const Attributes& output, const char* side, const NameMatcher& names) {
  Attributes visible;
  for (const AttributePtr& attribute : output) {
    if (!attribute->hidden) visible.push_back(attribute);
  }
  if (auto found = FindAttribute({name}, visible, names)) return logical::ToAttribute(found->attribute);
  std::vector<std::string> sorted;
  for (const AttributePtr& attribute : visible) sorted.push_back(types::QuoteIdentifier({attribute->name}));
  std::sort(sorted.begin(), sorted.end());
  throw base::Error(ErrorKind::kAnalysis, "UNRESOLVED_USING_COLUMN_FOR_JOIN",
                    {{"colName", types::QuoteIdentifier({name})},
                     {"side", side},
                     {"suggestion", fmt::format("{}", fmt::join(sorted, ", "))}});
}

AttributePtr Hidden(const AttributePtr& attribute) {
  auto copy = std::make_shared<logical::AttributeExpr>(*attribute);
  copy->hidden = true;
  return copy;
}

// An attribute as the join gives it (outer joins make it nullable).
AttributePtr FromJoin(const logical::Plan& join, const AttributePtr& attribute) {
  for (const AttributePtr& output : join.output) {
    if (output->id == attribute->id) return output;
  }
  return attribute;
}

bool IsIn(const Attributes& list, const AttributePtr& attribute) {
  return std::any_of(list.begin(), list.end(), [&](const AttributePtr& one) { return one->id == attribute->id; });
}

}  // namespace

PlanPtr Resolver::JoinOn(PlanPtr left, PlanPtr right, JoinType type, const std::vector<std::string>& columns,
                         ExprPtr condition) {
  Attributes left_keys, right_keys;
  for (const std::string& column : columns) {
    left_keys.push_back(FindKey(column, left->output, "left", names_));
    right_keys.push_back(FindKey(column, right->output, "right", names_));
  }
  Scope scope;
  scope.inputs = {left, right};
  ExpressionResolver resolver(*this, scope);
  std::vector<ExprPtr> conjuncts;
  if (condition) conjuncts.push_back(condition);
  for (size_t i = 0; i < left_keys.size(); ++i) {
    conjuncts.push_back(resolver.Bind("=", {left_keys[i], right_keys[i]}));
  }
  PlanPtr join = std::make_shared<logical::Join>(left, right, type, logical::JoinConjuncts(conjuncts));
  std::vector<ExprPtr> projected;
  if (type == JoinType::kFullOuter) {
    for (size_t i = 0; i < left_keys.size(); ++i) {
      std::vector<ExprPtr> both{FromJoin(*join, left_keys[i]), FromJoin(*join, right_keys[i])};
      types::TypePtr common = functions::FindWiderType(left_keys[i]->type, right_keys[i]->type, ansi_);
      for (ExprPtr& key : both) key = ImplicitCast(key, common ? common : key->type, ansi_);
      bool nullable = left_keys[i]->nullable || right_keys[i]->nullable;
      auto merged = std::make_shared<logical::LazyExpr>(logical::ExprKind::kCoalesce, both[0]->type, nullable, both);
      projected.push_back(std::make_shared<logical::AliasExpr>(merged, left_keys[i]->name));
    }
  } else {
    const Attributes& keys = type == JoinType::kRightOuter ? right_keys : left_keys;
    for (const AttributePtr& key : keys) projected.push_back(FromJoin(*join, key));
  }
  for (const AttributePtr& attribute : join->output) {
    if (!IsIn(left_keys, attribute) && !IsIn(right_keys, attribute)) projected.push_back(attribute);
  }
  if (!IsExistence(type)) {
    bool hide_left = type == JoinType::kRightOuter || type == JoinType::kFullOuter;
    bool hide_right = type != JoinType::kRightOuter;
    for (const AttributePtr& key : left_keys) {
      if (hide_left) projected.push_back(Hidden(FromJoin(*join, key)));
    }
    for (const AttributePtr& key : right_keys) {
      if (hide_right) projected.push_back(Hidden(FromJoin(*join, key)));
    }
  }
  return std::make_shared<logical::Project>(join, std::move(projected));
}

PlanPtr Resolver::Node(const plan::Join& node) {
  PlanPtr left = Resolve(node.left);
  Scope lateral;
  lateral.outer = outer_;
  lateral.inputs = {left};
  PlanPtr right = node.lateral ? ResolveSubquery(node.right, &lateral) : Resolve(node.right);
  left = node.lateral ? lateral.inputs[0] : left;
  if (SharesIds(*left, *right)) right = WithFreshIds(right, plan_ids_);
  if (!node.using_columns.empty()) return JoinOn(left, right, node.type, node.using_columns, nullptr);
  if (node.natural) {
    std::vector<std::string> common;
    for (const AttributePtr& attribute : left->output) {
      if (attribute->hidden) continue;
      bool shared = std::any_of(right->output.begin(), right->output.end(), [&](const AttributePtr& other) {
        return !other->hidden && names_(attribute->name, other->name);
      });
      if (shared) common.push_back(attribute->name);
    }
    return JoinOn(left, right, node.type, common, nullptr);
  }
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {left, right};
  ExprPtr condition;
  if (node.condition) {
    ExpressionResolver resolver(*this, scope);
    condition = resolver.ResolveCondition(node.condition, "Join");
  }
  return std::make_shared<logical::Join>(scope.inputs[0], scope.inputs[1], node.type, condition);
}

}  // namespace sluice::analyzer
