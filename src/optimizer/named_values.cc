// Aliases and what they stand for.
#include "optimizer/named_values.h"

namespace sluice::optimizer {

using logical::ExprPtr;

std::set<logical::ExprId> IdsOf(const logical::Attributes& attributes) {
  std::set<logical::ExprId> ids;
  for (const logical::AttributePtr& attribute : attributes) ids.insert(attribute->id);
  return ids;
}

Values ValuesOf(const std::vector<ExprPtr>& named) {
  Values values;
  for (const ExprPtr& expr : named) {
    if (const auto* alias = expr->As<logical::AliasExpr>()) values[alias->id] = alias->children[0];
  }
  return values;
}

ExprPtr Substitute(const ExprPtr& expr, const Values& values) {
  return logical::Transform(expr, [&](const ExprPtr& node) -> ExprPtr {
    const auto* attribute = node->As<logical::AttributeExpr>();
    if (!attribute) return nullptr;
    auto found = values.find(attribute->id);
    return found == values.end() ? nullptr : found->second;
  });
}

}  // namespace sluice::optimizer
