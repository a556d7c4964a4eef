// grouping(…) and grouping_id(…): calls that the aggregation around them replaces.
#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

using logical::ExprPtr;

ExprPtr ExpressionResolver::Grouping(const std::string& name, const plan::UnresolvedFunction& node) {
  if (name == "grouping") CheckPlainCall(name, node, 1, 1);
  Arguments arguments = ResolveAll(node.arguments);
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = name;
  binding->type = name == "grouping" ? types::Byte() : types::Long();
  binding->nullable = false;
  binding->foldable = false;
  for (const ExprPtr& argument : arguments) binding->argument_types.push_back(argument->type);
  return std::make_shared<logical::ScalarCall>(std::move(binding), std::move(arguments));
}

}  // namespace sluice::analyzer
