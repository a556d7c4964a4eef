// Python functions in expressions.
#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprPtr;

ExprPtr ExpressionResolver::PythonFunction(std::shared_ptr<const plan::PythonUdf> function,
                                           const std::vector<plan::ExpressionPtr>& arguments) {
  Arguments resolved;
  std::vector<std::string> names;
  for (const plan::ExpressionPtr& argument : arguments) {
    if (const auto* named = argument->As<plan::NamedArgument>()) {
      resolved.push_back(Resolve(named->value));
      names.push_back(named->name);
      continue;
    }
    for (ExprPtr& value : ResolveAll({argument})) {
      resolved.push_back(std::move(value));
      names.emplace_back();
    }
  }
  for (ExprPtr& value : resolved) {
    if (value->kind == logical::ExprKind::kAlias) value = value->children[0];
  }
  if (!function->output_type) throw base::Error::Unsupported("A Python function without a return type");
  types::TypePtr type = function->output_type;
  return std::make_shared<logical::PythonUdfExpr>(std::move(function), type, std::move(resolved), std::move(names));
}

ExprPtr ExpressionResolver::Node(const plan::PythonUdf& node) {
  return PythonFunction(std::make_shared<plan::PythonUdf>(node), node.arguments);
}

}  // namespace sluice::analyzer
