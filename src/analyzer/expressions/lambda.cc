// Arguments of calls, among them lambda functions whose variables take types from the other arguments.
#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprPtr;
using logical::LambdaVariableExpr;

ExprPtr ExpressionResolver::Node(const plan::LambdaFunction& node) {
  throw base::Error(ErrorKind::kAnalysis, "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", {{"class", "?"}});
}

ExprPtr ExpressionResolver::Node(const plan::LambdaVariable& node) {
  for (auto variable = variables_.rbegin(); variable != variables_.rend(); ++variable) {
    if (resolver_.names()(variable->name, node.name)) return variable->expr;
  }
  Fail(UnresolvedColumn({node.name}, scope_.VisibleOutput()));
}

ExprPtr ExpressionResolver::BindLambda(const plan::LambdaFunction& lambda, const std::vector<types::TypePtr>& types) {
  if (types.size() != lambda.variables.size()) {
    throw base::Error(ErrorKind::kAnalysis, "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
                      {{"expectedNumArgs", std::to_string(lambda.variables.size())},
                       {"actualNumArgs", std::to_string(types.size())}});
  }
  size_t before = variables_.size();
  std::vector<std::shared_ptr<const LambdaVariableExpr>> variables;
  for (size_t i = 0; i < types.size(); ++i) {
    auto variable = std::make_shared<LambdaVariableExpr>(lambda.variables[i], types[i], true);
    variables.push_back(variable);
    variables_.push_back({lambda.variables[i], variable});
  }
  ExprPtr body = Resolve(lambda.body);
  variables_.resize(before);
  if (body->kind == logical::ExprKind::kAlias) body = body->children[0];
  return std::make_shared<logical::LambdaExpr>(body, std::move(variables));
}

ExpressionResolver::Arguments ExpressionResolver::ResolveArguments(const functions::FunctionEntry& entry,
                                                                   const plan::UnresolvedFunction& node) {
  bool any_lambda = false;
  for (const plan::ExpressionPtr& argument : node.arguments) {
    any_lambda |= argument->As<plan::LambdaFunction>() != nullptr;
  }
  if (!any_lambda) return ResolveAll(node.arguments);
  if (!entry.lambda_types) {
    throw base::Error(ErrorKind::kAnalysis, "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                      {{"class", entry.name}});
  }
  Arguments resolved(node.arguments.size());
  functions::Arguments described(node.arguments.size());
  for (size_t i = 0; i < resolved.size(); ++i) {
    if (const auto* lambda = node.arguments[i]->As<plan::LambdaFunction>()) {
      described[i].is_lambda = true;
      described[i].lambda_arity = static_cast<int>(lambda->variables.size());
      continue;
    }
    resolved[i] = Resolve(node.arguments[i]);
    described[i].type = resolved[i]->type;
    described[i].nullable = resolved[i]->nullable;
    described[i].sql = resolved[i]->Sql();
  }
  for (size_t i = 0; i < resolved.size(); ++i) {
    const auto* lambda = node.arguments[i]->As<plan::LambdaFunction>();
    if (!lambda) continue;
    int arity = static_cast<int>(lambda->variables.size());
    resolved[i] = BindLambda(*lambda, entry.lambda_types(described, static_cast<int>(i), arity));
    described[i].type = resolved[i]->type;
  }
  return resolved;
}

}  // namespace sluice::analyzer
