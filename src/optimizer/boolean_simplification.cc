// Drops the constant operands of AND and OR, and filters that let every row or none through.
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;

enum class Constant { kNone, kTrue, kFalse, kNull };

Constant ConstantOf(const ExprPtr& expr) {
  const auto* literal = expr->As<logical::LiteralExpr>();
  if (!literal) return Constant::kNone;
  if (literal->literal.is_null()) return Constant::kNull;
  if (!literal->type->Is(types::TypeId::kBoolean)) return Constant::kNone;
  bool value = static_cast<const arrow::BooleanScalar&>(*literal->literal.value).value;
  return value ? Constant::kTrue : Constant::kFalse;
}

// The operands are evaluated from the left, so one in front of the constant that decides may still raise an error: it
// goes away all the same, as in Spark.
ExprPtr Simplify(const ExprPtr& expr) {
  if ((expr->kind != ExprKind::kAnd && expr->kind != ExprKind::kOr) || expr->children.size() != 2) return nullptr;
  const Constant decides = expr->kind == ExprKind::kAnd ? Constant::kFalse : Constant::kTrue;
  const Constant passes = expr->kind == ExprKind::kAnd ? Constant::kTrue : Constant::kFalse;
  const ExprPtr& left = expr->children[0];
  const ExprPtr& right = expr->children[1];
  if (ConstantOf(left) == decides || ConstantOf(right) == passes) return left;
  if (ConstantOf(right) == decides || ConstantOf(left) == passes) return right;
  return nullptr;
}

PlanPtr SimplifyFilter(const PlanPtr& node) {
  const auto* filter = node->As<logical::Filter>();
  if (!filter) return nullptr;
  switch (ConstantOf(filter->condition)) {
    case Constant::kTrue:
      return filter->child();
    case Constant::kFalse:
    case Constant::kNull:
      if (node->is_streaming) return nullptr;  // its source must still be read
      return std::make_shared<logical::LocalData>(node->output, std::vector<std::shared_ptr<arrow::RecordBatch>>{});
    case Constant::kNone:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

PlanPtr SimplifyBooleans(const PlanPtr& plan, const ConstantFolder&) {
  return logical::Transform(logical::TransformExpressions(plan, Simplify), SimplifyFilter);
}

}  // namespace sluice::optimizer
