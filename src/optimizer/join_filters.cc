// Filters that a join of a stream implies for its inputs (Spark's InferFiltersFromConstraints): rows that cannot match
// are not kept in its state.
#include <algorithm>
#include <set>

#include "functions/null_test.h"
#include "optimizer/named_values.h"
#include "optimizer/null_rejection.h"
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::AttributePtr;
using logical::ExprId;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using plan::JoinType;

using Conditions = std::vector<ExprPtr>;

bool Has(const Conditions& conditions, const ExprPtr& wanted) {
  return std::ranges::any_of(conditions,
                             [&](const ExprPtr& condition) { return logical::SemanticEquals(condition, wanted); });
}

void Add(const ExprPtr& condition, Conditions* conditions) {
  if (!Has(*conditions, condition)) conditions->push_back(condition);
}

bool RefersOnlyTo(const ExprPtr& expr, const std::set<ExprId>& ids) {
  return std::ranges::all_of(logical::References(expr),
                             [&](const AttributePtr& attribute) { return ids.contains(attribute->id); });
}

const std::string& NameOf(const ExprPtr& expr) {
  static const auto* none = new std::string();
  const auto* call = expr->As<logical::ScalarCall>();
  return call ? call->binding->name : *none;
}

/// What is true of every row that `plan` gives, as far as filters say it.
void CollectConstraints(const PlanPtr& plan, const std::set<ExprId>& output, Conditions* constraints) {
  if (const auto* filter = plan->As<logical::Filter>()) {
    for (const ExprPtr& conjunct : logical::SplitConjuncts(filter->condition)) {
      if (conjunct->Deterministic() && RefersOnlyTo(conjunct, output)) Add(conjunct, constraints);
    }
  }
  bool keeps_rows = plan->kind == PlanKind::kFilter || plan->kind == PlanKind::kProject ||
                    plan->kind == PlanKind::kWatermark || plan->kind == PlanKind::kDeadLetters;
  if (keeps_rows) CollectConstraints(plan->child(), output, constraints);
}

/// The conditions with one side of each equality of two columns put in place of the other.
Conditions ThroughEqualities(const Conditions& conditions) {
  Conditions inferred;
  for (const ExprPtr& equality : conditions) {
    if (NameOf(equality) != "=" && NameOf(equality) != "==") continue;
    const auto* left = equality->children[0]->As<logical::AttributeExpr>();
    const auto* right = equality->children[1]->As<logical::AttributeExpr>();
    if (!left || !right) continue;
    Values right_for_left{{left->id, equality->children[1]}}, left_for_right{{right->id, equality->children[0]}};
    for (const ExprPtr& condition : conditions) {
      if (condition == equality || NameOf(condition) == "isnotnull") continue;
      Add(Substitute(condition, right_for_left), &inferred);
      Add(Substitute(condition, left_for_right), &inferred);
    }
  }
  return inferred;
}

PlanPtr WithFilters(const PlanPtr& input, const Conditions& constraints) {
  std::set<ExprId> ids = IdsOf(input->output);
  Conditions known, added;
  CollectConstraints(input, ids, &known);
  auto add = [&](const ExprPtr& condition) {
    if (!Has(known, condition)) Add(condition, &added);
  };
  for (const ExprPtr& constraint : constraints) {
    std::vector<AttributePtr> columns;
    CollectNullIntolerant(constraint, &columns);
    for (const AttributePtr& column : columns) {
      if (column->nullable && ids.contains(column->id)) add(functions::IsNotNull(column));
    }
    bool of_input = !logical::References(constraint).empty() && RefersOnlyTo(constraint, ids);
    if (of_input && constraint->Deterministic()) add(constraint);
  }
  if (added.empty()) return input;
  return std::make_shared<logical::Filter>(input, logical::JoinConjuncts(added));
}

bool HasFloats(const types::DataType& type) {
  switch (type.id()) {
    case types::TypeId::kFloat:
    case types::TypeId::kDouble:
      return true;
    case types::TypeId::kArray:
      return HasFloats(*type.element());
    case types::TypeId::kStruct:
      return std::ranges::any_of(type.fields(), [](const auto& field) { return HasFloats(*field.type); });
    default:
      return false;
  }
}

/// Spark normalizes floating-point keys first, and sees no further into them.
bool IsNormalizedKey(const ExprPtr& conjunct, const logical::Join& join) {
  if ((NameOf(conjunct) != "=" && NameOf(conjunct) != "==") || !HasFloats(*conjunct->children[0]->type)) return false;
  auto is_of = [&](const ExprPtr& expr, size_t side) {
    return !logical::References(expr).empty() && RefersOnlyTo(expr, IdsOf(join.children[side]->output));
  };
  const ExprPtr &a = conjunct->children[0], &b = conjunct->children[1];
  return (is_of(a, 0) && is_of(b, 1)) || (is_of(a, 1) && is_of(b, 0));
}

PlanPtr Infer(const logical::Join& join) {
  bool both = join.type == JoinType::kInner || join.type == JoinType::kLeftSemi;
  bool left = both || join.type == JoinType::kRightOuter;
  bool right = both || join.type == JoinType::kLeftOuter || join.type == JoinType::kLeftAnti;
  if (!join.condition || (!left && !right)) return nullptr;
  Conditions constraints;
  for (const ExprPtr& conjunct : logical::SplitConjuncts(join.condition)) {
    bool opaque = logical::Contains(conjunct, ExprKind::kSubquery) ||
                  logical::Contains(conjunct, ExprKind::kPythonUdf) || IsNormalizedKey(conjunct, join);
    if (!opaque) Add(conjunct, &constraints);
  }
  for (const PlanPtr& child : join.children) CollectConstraints(child, IdsOf(child->output), &constraints);
  for (const ExprPtr& inferred : ThroughEqualities(constraints)) Add(inferred, &constraints);
  std::vector<PlanPtr> children = join.children;
  if (left) children[0] = WithFilters(children[0], constraints);
  if (right) children[1] = WithFilters(children[1], constraints);
  return children == join.children ? nullptr : join.WithChildren(std::move(children));
}

}  // namespace

PlanPtr InferJoinFilters(const PlanPtr& plan, const ConstantFolder& fold) {
  PlanPtr inferred = logical::Transform(plan, [](const PlanPtr& node) -> PlanPtr {
    const auto* join = node->As<logical::Join>();
    return join && join->is_streaming ? Infer(*join) : nullptr;
  });
  return inferred == plan ? plan : PushPredicatesDown(inferred, fold);
}

}  // namespace sluice::optimizer
