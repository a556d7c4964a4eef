// Evaluates innermost calls first, until no call is left.
#include "exec/python_extraction.h"

#include "base/error.h"

namespace sluice::exec {
namespace {

using logical::ExprPtr;
using Udfs = std::vector<std::shared_ptr<const logical::PythonUdfExpr>>;

// The calls whose arguments hold no other call, each once.
Udfs InnermostCalls(const std::vector<ExprPtr>& expressions) {
  Udfs calls;
  for (const ExprPtr& expression : expressions) {
    logical::Visit(expression, [&](const ExprPtr& expr) {
      if (expr->kind != logical::ExprKind::kPythonUdf) return true;
      for (const ExprPtr& argument : expr->children) {
        if (logical::Contains(argument, logical::ExprKind::kPythonUdf)) return true;
      }
      for (const auto& known : calls) {
        if (known == expr || (expr->Deterministic() && logical::SemanticEquals(known, expr))) return false;
      }
      calls.push_back(std::static_pointer_cast<const logical::PythonUdfExpr>(expr));
      return false;
    });
  }
  return calls;
}

}  // namespace

OperatorPtr ExtractPythonFunctions(OperatorPtr child, const PythonPlanner& python, std::vector<ExprPtr>* expressions) {
  for (int step = 0;; ++step) {
    Udfs calls = InnermostCalls(*expressions);
    if (calls.empty()) return child;
    if (!python.evaluate) throw base::Error::Unsupported("Python functions in this place");
    logical::Attributes outputs;
    for (size_t i = 0; i < calls.size(); ++i) {
      outputs.push_back(std::make_shared<logical::AttributeExpr>(fmt::format("pythonUDF{}", i), calls[i]->type, true));
    }
    child = python.evaluate(std::move(child), calls, outputs);
    for (ExprPtr& expression : *expressions) {
      expression = logical::Transform(expression, [&](const ExprPtr& expr) -> ExprPtr {
        if (expr->kind != logical::ExprKind::kPythonUdf) return nullptr;
        for (size_t i = 0; i < calls.size(); ++i) {
          if (calls[i] == expr || (expr->Deterministic() && logical::SemanticEquals(calls[i], expr))) return outputs[i];
        }
        return nullptr;
      });
    }
  }
}

}  // namespace sluice::exec
