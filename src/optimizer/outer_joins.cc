// Outer joins of streams whose filled-up rows a filter above takes out again become narrower joins (Spark's
// EliminateOuterJoin): they then wait for no watermark to give their rows.
#include <algorithm>
#include <set>

#include "optimizer/named_values.h"
#include "optimizer/null_rejection.h"
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::ExprPtr;
using logical::PlanPtr;
using plan::JoinType;

JoinType Narrowed(JoinType type, bool needs_left, bool needs_right) {
  switch (type) {
    case JoinType::kLeftOuter:
      return needs_right ? JoinType::kInner : type;
    case JoinType::kRightOuter:
      return needs_left ? JoinType::kInner : type;
    case JoinType::kFullOuter:
      if (needs_left && needs_right) return JoinType::kInner;
      return needs_left ? JoinType::kLeftOuter : needs_right ? JoinType::kRightOuter : type;
    default:
      return type;
  }
}

/// True if no row passes whose columns of `side` are all null.
bool Needs(const logical::Plan& side, const std::vector<ExprPtr>& conjuncts, const ConstantFolder& fold) {
  std::set<logical::ExprId> ids = IdsOf(side.output);
  return std::ranges::any_of(conjuncts, [&](const ExprPtr& conjunct) { return RejectsNulls(conjunct, ids, fold); });
}

}  // namespace

PlanPtr NarrowOuterJoins(const PlanPtr& plan, const ConstantFolder& fold) {
  PlanPtr narrowed = logical::Transform(plan, [&](const PlanPtr& node) -> PlanPtr {
    const auto* filter = node->As<logical::Filter>();
    const auto* join = filter ? filter->child()->As<logical::Join>() : nullptr;
    if (!join || !join->is_streaming) return nullptr;
    std::vector<ExprPtr> conjuncts = logical::SplitConjuncts(filter->condition);
    bool left = Needs(*join->children[0], conjuncts, fold), right = Needs(*join->children[1], conjuncts, fold);
    JoinType type = Narrowed(join->type, left, right);
    if (type == join->type) return nullptr;
    return node->WithChildren(
        {std::make_shared<logical::Join>(join->children[0], join->children[1], type, join->condition)});
  });
  return narrowed == plan ? plan : PushPredicatesDown(narrowed, fold);
}

}  // namespace sluice::optimizer
