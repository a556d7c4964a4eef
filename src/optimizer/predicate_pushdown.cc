// Moves filters towards the leaves, past what gives their columns on: rows go out before others work on them.
#include <set>

#include "optimizer/named_values.h"
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::AttributePtr;
using logical::Attributes;
using logical::ExprId;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using plan::JoinType;

using Conditions = std::vector<ExprPtr>;

PlanPtr FilterOf(PlanPtr child, const Conditions& conditions) {
  if (conditions.empty()) return child;
  return std::make_shared<logical::Filter>(std::move(child), logical::JoinConjuncts(conditions));
}

bool RefersOnlyTo(const ExprPtr& expr, const std::set<ExprId>& ids) {
  for (const AttributePtr& attribute : logical::References(expr)) {
    if (!ids.contains(attribute->id)) return false;
  }
  return true;
}

bool AllDeterministic(const std::vector<ExprPtr>& expressions) {
  for (const ExprPtr& expr : expressions) {
    if (!expr->Deterministic()) return false;
  }
  return true;
}

/// Takes the conditions out of `from` that may be moved.
template <typename May>
Conditions Take(Conditions* from, const May& may) {
  Conditions taken, left;
  for (ExprPtr& condition : *from) (may(condition) ? taken : left).push_back(std::move(condition));
  *from = std::move(left);
  return taken;
}

void Move(Conditions* from, Conditions* to) {
  to->insert(to->end(), from->begin(), from->end());
  from->clear();
}

/// Only such conditions leave the filter that they stand in.
bool IsMovable(const ExprPtr& condition) {
  return condition->Deterministic() && !logical::Contains(condition, ExprKind::kSubquery) &&
         !logical::Contains(condition, ExprKind::kOuterReference);
}

/// Conditions over these columns alone.
Conditions TakeOver(Conditions* from, const Attributes& columns) {
  std::set<ExprId> ids = IdsOf(columns);
  return Take(from, [&](const ExprPtr& condition) { return IsMovable(condition) && RefersOnlyTo(condition, ids); });
}

PlanPtr Push(const PlanPtr& plan, Conditions conditions);

/// Pushes the conditions into the only child and puts those that stay on top.
PlanPtr PushInto(const PlanPtr& plan, Conditions below, const Conditions& above) {
  PlanPtr child = Push(plan->child(), std::move(below));
  return FilterOf(child == plan->child() ? plan : plan->WithChildren({child}), above);
}

bool IsCostly(const ExprPtr& expr) {
  bool found = false;
  logical::Visit(expr, [&](const ExprPtr& node) {
    const auto* call = node->As<logical::ScalarCall>();
    found |= node->kind == ExprKind::kPythonUdf || (call && call->binding->expensive);
    return !found;
  });
  return found;
}

PlanPtr PushThroughProject(const logical::Project& project, const PlanPtr& plan, Conditions conditions) {
  // A Python function or a parser would run twice.
  if (!AllDeterministic(project.expressions)) return PushInto(plan, {}, conditions);
  Values values = ValuesOf(project.expressions);
  Conditions below;
  Conditions above = Take(&conditions, [&](const ExprPtr& condition) {
    ExprPtr moved = Substitute(condition, values);
    if (IsCostly(moved)) return true;
    below.push_back(std::move(moved));
    return false;
  });
  return PushInto(plan, std::move(below), above);
}

PlanPtr PushThroughAggregate(const logical::Aggregate& aggregate, const PlanPtr& plan, Conditions conditions) {
  if (aggregate.grouping.empty() || !AllDeterministic(aggregate.results)) return PushInto(plan, {}, conditions);
  Values results = ValuesOf(aggregate.results);
  Values keys = ValuesOf(aggregate.grouping);
  std::set<ExprId> columns = IdsOf(aggregate.child()->output);
  Conditions below;
  Conditions above = Take(&conditions, [&](const ExprPtr& condition) {
    if (logical::References(condition).empty()) return true;
    ExprPtr moved = Substitute(condition, results);
    if (logical::Contains(moved, ExprKind::kAggregateCall)) return true;
    moved = Substitute(moved, keys);
    if (!moved->Deterministic() || !RefersOnlyTo(moved, columns)) return true;
    below.push_back(std::move(moved));
    return false;
  });
  return PushInto(plan, std::move(below), above);
}

PlanPtr PushThroughUnion(const PlanPtr& plan, Conditions conditions) {
  std::vector<PlanPtr> children;
  for (const PlanPtr& child : plan->children) {
    Values columns;
    for (size_t i = 0; i < plan->output.size(); ++i) columns[plan->output[i]->id] = child->output[i];
    Conditions own;
    for (const ExprPtr& condition : conditions) own.push_back(Substitute(condition, columns));
    children.push_back(Push(child, std::move(own)));
  }
  return children == plan->children ? plan : plan->WithChildren(std::move(children));
}

struct JoinSides {
  Conditions left, right, both;
};

JoinSides Split(Conditions* conditions, const logical::Join& join) {
  JoinSides sides;
  sides.left = TakeOver(conditions, join.children[0]->output);
  sides.right = TakeOver(conditions, join.children[1]->output);
  sides.both = Take(conditions, IsMovable);
  return sides;
}

PlanPtr PushThroughJoin(const logical::Join& join, Conditions conditions) {
  const bool inner = join.type == JoinType::kInner || join.type == JoinType::kCross;
  const bool keeps_left =
      join.type == JoinType::kLeftOuter || join.type == JoinType::kLeftSemi || join.type == JoinType::kLeftAnti;
  Conditions on = join.condition ? logical::SplitConjuncts(join.condition) : Conditions();
  Conditions left, right;

  JoinSides above = Split(&conditions, join);
  if (inner || keeps_left) Move(&above.left, &left);
  if (inner || join.type == JoinType::kRightOuter) Move(&above.right, &right);
  if (inner) Move(&above.both, &on);
  for (Conditions* stay : {&above.left, &above.right, &above.both}) Move(stay, &conditions);

  // What the join itself asks of one side alone, where rows of that side that don't match go out.
  JoinSides own = Split(&on, join);
  if (inner || join.type == JoinType::kLeftSemi || join.type == JoinType::kRightOuter) Move(&own.left, &left);
  if (inner || keeps_left) Move(&own.right, &right);
  for (Conditions* stay : {&own.left, &own.right, &own.both}) Move(stay, &on);

  std::vector<PlanPtr> children = {Push(join.children[0], std::move(left)), Push(join.children[1], std::move(right))};
  JoinType type = join.type == JoinType::kCross && !on.empty() ? JoinType::kInner : join.type;
  auto moved = std::make_shared<logical::Join>(children[0], children[1], type, logical::JoinConjuncts(on));
  return FilterOf(moved, conditions);
}

/// Window functions see whole partitions, so only conditions on the partition's keys may go below.
PlanPtr PushThroughWindow(const logical::Window& window, const PlanPtr& plan, Conditions conditions) {
  std::set<ExprId> keys;
  const auto* call = window.windows[0]->children[0]->As<logical::WindowCall>();
  if (!call || !AllDeterministic(window.windows)) return PushInto(plan, {}, conditions);
  for (int i = 0; i < call->partition_count; ++i) {
    const auto* key = call->children[call->argument_count + i]->As<logical::AttributeExpr>();
    if (key) keys.insert(key->id);
  }
  Conditions below = Take(&conditions, [&](const ExprPtr& condition) {
    return !logical::References(condition).empty() && RefersOnlyTo(condition, keys);
  });
  return PushInto(plan, std::move(below), conditions);
}

/// The conditions, all of them movable, stand above `plan`.
PlanPtr Push(const PlanPtr& plan, Conditions conditions) {
  switch (plan->kind) {
    case PlanKind::kFilter: {
      Conditions own = logical::SplitConjuncts(plan->As<logical::Filter>()->condition);
      Conditions movable = Take(&own, IsMovable);
      // The rows that a random condition sees must not depend on what stands above it.
      if (!own.empty()) return FilterOf(FilterOf(Push(plan->child(), std::move(movable)), own), conditions);
      Move(&conditions, &movable);
      return Push(plan->child(), std::move(movable));
    }
    case PlanKind::kProject:
      return PushThroughProject(*plan->As<logical::Project>(), plan, std::move(conditions));
    case PlanKind::kAggregate:
      return PushThroughAggregate(*plan->As<logical::Aggregate>(), plan, std::move(conditions));
    case PlanKind::kUnion:
      return PushThroughUnion(plan, std::move(conditions));
    case PlanKind::kJoin:
      return PushThroughJoin(*plan->As<logical::Join>(), std::move(conditions));
    case PlanKind::kWindow:
      return PushThroughWindow(*plan->As<logical::Window>(), plan, std::move(conditions));
    case PlanKind::kWatermark: {
      // The watermark comes from all rows' event times, whatever becomes of the rows.
      ExprId event_time = plan->As<logical::Watermark>()->event_time->id;
      Attributes others;
      for (const AttributePtr& attribute : plan->child()->output) {
        if (attribute->id != event_time) others.push_back(attribute);
      }
      Conditions below = TakeOver(&conditions, others);
      return PushInto(plan, std::move(below), conditions);
    }
    case PlanKind::kSort:
    case PlanKind::kRepartition:
    case PlanKind::kGenerate:
    case PlanKind::kHint: {
      if (!AllDeterministic(plan->Expressions())) return PushInto(plan, {}, conditions);
      Conditions below = TakeOver(&conditions, plan->child()->output);
      return PushInto(plan, std::move(below), conditions);
    }
    default: {
      std::vector<PlanPtr> children;
      for (const PlanPtr& child : plan->children) children.push_back(Push(child, {}));
      return FilterOf(children == plan->children ? plan : plan->WithChildren(std::move(children)), conditions);
    }
  }
}

}  // namespace

PlanPtr PushPredicatesDown(const PlanPtr& plan, const ConstantFolder&) { return Push(plan, {}); }

}  // namespace sluice::optimizer
