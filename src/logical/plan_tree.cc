// Walks over and rewrites of plan trees.
#include "logical/plan.h"

namespace sluice::logical {

PlanPtr Transform(const PlanPtr& plan, const std::function<PlanPtr(const PlanPtr&)>& rewrite) {
  std::vector<PlanPtr> children;
  children.reserve(plan->children.size());
  bool changed = false;
  for (const PlanPtr& child : plan->children) {
    children.push_back(Transform(child, rewrite));
    changed |= children.back() != child;
  }
  PlanPtr node = changed ? plan->WithChildren(std::move(children)) : plan;
  PlanPtr replaced = rewrite(node);
  return replaced ? replaced : node;
}

PlanPtr TransformExpressions(const PlanPtr& plan, const std::function<ExprPtr(const ExprPtr&)>& rewrite) {
  return Transform(plan, [&](const PlanPtr& node) -> PlanPtr {
    std::vector<ExprPtr> expressions = node->Expressions();
    bool changed = false;
    for (ExprPtr& expr : expressions) {
      ExprPtr rewritten = Transform(expr, rewrite);
      changed |= rewritten != expr;
      expr = std::move(rewritten);
    }
    return changed ? node->WithExpressions(std::move(expressions)) : nullptr;
  });
}

void Visit(const PlanPtr& plan, const std::function<void(const PlanPtr&)>& visit) {
  visit(plan);
  for (const PlanPtr& child : plan->children) Visit(child, visit);
}

std::shared_ptr<arrow::Schema> ArrowSchema(const Attributes& output) {
  arrow::FieldVector fields;
  fields.reserve(output.size());
  for (const AttributePtr& attribute : output) {
    fields.push_back(arrow::field(attribute->name, types::ToArrow(attribute->type), attribute->nullable));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace sluice::logical
