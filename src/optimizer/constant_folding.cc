// Replaces expressions without attributes by their value.
#include "base/error.h"
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::ExprKind;
using logical::ExprPtr;

bool Foldable(const ExprPtr& expr) {
  switch (expr->kind) {
    case ExprKind::kLiteral:
      return true;
    case ExprKind::kCast:
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kCase:
    case ExprKind::kCoalesce:
      break;
    case ExprKind::kScalarCall: {
      const auto& binding = *expr->As<logical::ScalarCall>()->binding;
      if (!binding.deterministic || !binding.foldable || !binding.lambda_arguments.empty()) return false;
      break;
    }
    default:
      return false;
  }
  for (const ExprPtr& child : expr->children) {
    if (!Foldable(child)) return false;
  }
  return true;
}

}  // namespace

logical::PlanPtr FoldConstants(const logical::PlanPtr& plan, const ConstantFolder& fold) {
  return logical::TransformExpressions(plan, [&](const ExprPtr& expr) -> ExprPtr {
    if (expr->kind == ExprKind::kLiteral || !Foldable(expr)) return nullptr;
    try {
      return logical::MakeLiteral(fold(expr));
    } catch (const base::Error&) {
      return nullptr;  // the error belongs to the rows that reach the expression, if any do
    }
  });
}

}  // namespace sluice::optimizer
