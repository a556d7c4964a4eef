// One projection in place of two, where no value is computed more often than before.
#include "optimizer/named_values.h"
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::ExprId;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;
using logical::Project;

void CountUses(const ExprPtr& expr, std::map<ExprId, int>* uses) {
  if (const auto* attribute = expr->As<logical::AttributeExpr>()) ++(*uses)[attribute->id];
  for (const ExprPtr& child : expr->children) CountUses(child, uses);
}

bool IsCheap(const ExprPtr& value) { return value->kind == ExprKind::kAttribute || value->kind == ExprKind::kLiteral; }

bool MayMove(const ExprPtr& value) {
  return value->Deterministic() && !logical::Contains(value, ExprKind::kPythonUdf) &&
         !logical::Contains(value, ExprKind::kSubquery);
}

bool CanCollapse(const Project& upper, const Project& lower) {
  std::map<ExprId, int> uses;
  for (const ExprPtr& expr : upper.expressions) {
    // A Python function takes whole columns: what it is given is computed below it anyway.
    if (logical::Contains(expr, ExprKind::kPythonUdf) || logical::Contains(expr, ExprKind::kSubquery)) return false;
    CountUses(expr, &uses);
  }
  for (const ExprPtr& expr : lower.expressions) {
    const auto* alias = expr->As<logical::AliasExpr>();
    if (!alias) continue;
    const ExprPtr& value = alias->children[0];
    if (!alias->metadata.empty() || !MayMove(value)) return false;
    if (uses[alias->id] > 1 && !IsCheap(value)) return false;
  }
  return true;
}

/// The upper projection's expression over the input of the lower one.
ExprPtr Merged(const ExprPtr& expr, const Project& lower, const Values& values) {
  const auto* attribute = expr->As<logical::AttributeExpr>();
  if (!attribute) return Substitute(expr, values);
  for (const ExprPtr& named : lower.expressions) {
    const auto* alias = named->As<logical::AliasExpr>();
    if (alias && alias->id == attribute->id) return named;
  }
  return expr;
}

PlanPtr Collapse(const PlanPtr& plan) {
  const auto* upper = plan->As<Project>();
  const auto* lower = upper ? plan->child()->As<Project>() : nullptr;
  if (!lower || !CanCollapse(*upper, *lower)) return nullptr;
  Values values = ValuesOf(lower->expressions);
  std::vector<ExprPtr> merged;
  for (const ExprPtr& expr : upper->expressions) merged.push_back(Merged(expr, *lower, values));
  return std::make_shared<Project>(lower->child(), std::move(merged));
}

}  // namespace

PlanPtr CollapseProjects(const PlanPtr& plan, const ConstantFolder&) { return logical::Transform(plan, Collapse); }

}  // namespace sluice::optimizer
