// Bringing columns up through projections (ResolveReferences' missing input).
#include "analyzer/missing_columns.h"

#include <algorithm>

namespace sluice::analyzer {

using logical::AttributePtr;
using logical::Attributes;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;

namespace {

bool Has(const Attributes& output, const AttributePtr& attribute) {
  return std::any_of(output.begin(), output.end(), [&](const AttributePtr& one) { return one->id == attribute->id; });
}

bool IsTransparent(PlanKind kind) {
  switch (kind) {
    case PlanKind::kFilter:
    case PlanKind::kSort:
    case PlanKind::kSample:
    case PlanKind::kRepartition:
    case PlanKind::kWatermark:
    case PlanKind::kWindow:
    case PlanKind::kGenerate:
      return true;
    default:
      return false;
  }
}

// True for the projection of an alias: the names below it are out of reach.
bool IsAlias(const logical::Plan& plan) {
  for (const ExprPtr& expr : plan.Expressions()) {
    const auto* attribute = expr->As<logical::AttributeExpr>();
    if (!attribute) return false;
    for (const AttributePtr& below : plan.child()->output) {
      if (below->id == attribute->id && below->qualifier != attribute->qualifier) return true;
    }
  }
  return false;
}

std::optional<FoundName> FindBelow(const PlanPtr& plan, const std::vector<std::string>& name,
                                   const NameMatcher& names) {
  if (plan->kind != PlanKind::kProject && !IsTransparent(plan->kind)) return std::nullopt;
  if (plan->kind == PlanKind::kProject && IsAlias(*plan)) return std::nullopt;
  if (auto found = FindVisibleFirst(name, plan->child()->output, names)) return found;
  return FindBelow(plan->child(), name, names);
}

}  // namespace

PlanPtr AddOutput(const PlanPtr& plan, const AttributePtr& attribute) {
  if (Has(plan->output, attribute)) return plan;
  if (plan->children.size() != 1) return nullptr;
  if (plan->kind == PlanKind::kProject) {
    PlanPtr child = AddOutput(plan->child(), attribute);
    if (!child) return nullptr;
    std::vector<ExprPtr> expressions = plan->As<logical::Project>()->expressions;
    expressions.push_back(attribute);
    return std::make_shared<logical::Project>(child, std::move(expressions));
  }
  if (!IsTransparent(plan->kind)) return nullptr;
  PlanPtr child = AddOutput(plan->child(), attribute);
  return child ? plan->WithChildren({child}) : nullptr;
}

MissingColumns::MissingColumns(const NameMatcher& names, Scope& scope) : scope_(scope) {
  original_ = scope.VisibleOutput();
  scope.fallback = [this, &names](const std::vector<std::string>& name) -> std::optional<FoundName> {
    auto found = FindBelow(scope_.inputs[0], name, names);
    if (!found) return std::nullopt;
    auto attribute = std::static_pointer_cast<const logical::AttributeExpr>(found->attribute);
    if (!scope_.missing(attribute)) return std::nullopt;
    return found;
  };
  scope.missing = [this](const AttributePtr& attribute) {
    if (!AddOutput(scope_.inputs[0], attribute)) return false;
    if (!Has(wanted_, attribute)) wanted_.push_back(attribute);
    return true;
  };
}

PlanPtr MissingColumns::Extend() const {
  PlanPtr plan = scope_.inputs[0];
  for (const AttributePtr& attribute : wanted_) plan = AddOutput(plan, attribute);
  return plan;
}

PlanPtr MissingColumns::Restore(PlanPtr plan) const {
  if (wanted_.empty()) return plan;
  return std::make_shared<logical::Project>(std::move(plan), std::vector<ExprPtr>(original_.begin(), original_.end()));
}

}  // namespace sluice::analyzer
