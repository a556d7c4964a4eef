// Finding and replacing references of a subquery to the query around it.
#include "analyzer/subqueries/outer_references.h"

namespace sluice::analyzer {

using logical::AttributePtr;
using logical::Attributes;
using logical::ExprPtr;
using logical::OuterReferenceExpr;
using logical::PlanPtr;

OuterIds IdsOf(const Attributes& attributes) {
  OuterIds out;
  for (const AttributePtr& attribute : attributes) out.insert(attribute->id);
  return out;
}

bool RefersToOuter(const ExprPtr& expr, const OuterIds& ids) {
  bool found = false;
  logical::Visit(expr, [&](const ExprPtr& part) {
    const auto* outer = part->As<OuterReferenceExpr>();
    found |= outer && ids.count(outer->attribute->id) > 0;
    return !found;
  });
  return found;
}

bool RefersToOuter(const std::vector<ExprPtr>& expressions, const OuterIds& ids) {
  for (const ExprPtr& expr : expressions) {
    if (RefersToOuter(expr, ids)) return true;
  }
  return false;
}

bool RefersToOuter(const PlanPtr& plan, const OuterIds& ids) {
  if (RefersToOuter(plan->Expressions(), ids)) return true;
  for (const PlanPtr& child : plan->children) {
    if (RefersToOuter(child, ids)) return true;
  }
  return false;
}

Attributes OuterAttributes(const PlanPtr& plan, const OuterIds& ids) {
  Attributes out;
  OuterIds known;
  logical::Visit(plan, [&](const PlanPtr& node) {
    for (const ExprPtr& expr : node->Expressions()) {
      logical::Visit(expr, [&](const ExprPtr& part) {
        const auto* outer = part->As<OuterReferenceExpr>();
        if (outer && ids.count(outer->attribute->id) && known.insert(outer->attribute->id).second) {
          out.push_back(outer->attribute);
        }
        return true;
      });
    }
  });
  return out;
}

ExprPtr ReplaceOuter(const ExprPtr& expr, const std::function<ExprPtr(const AttributePtr&)>& replace) {
  return logical::Transform(expr, [&](const ExprPtr& part) -> ExprPtr {
    const auto* outer = part->As<OuterReferenceExpr>();
    return outer ? replace(outer->attribute) : nullptr;
  });
}

ExprPtr WithoutOuter(const ExprPtr& expr, const OuterIds& ids) {
  return ReplaceOuter(
      expr, [&](const AttributePtr& attribute) -> ExprPtr { return ids.count(attribute->id) ? attribute : nullptr; });
}

}  // namespace sluice::analyzer
