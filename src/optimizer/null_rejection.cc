// Looks for columns through which nulls go, and tries conditions with nulls.
#include "optimizer/null_rejection.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace sluice::optimizer {

using logical::AttributePtr;
using logical::ExprKind;
using logical::ExprPtr;

namespace {

bool PassesNullsOn(const ExprPtr& expr) {
  static const auto* names = new std::set<std::string>{
      "=",        "==",       "<",      "<=",        ">",     ">=",         "!=",       "<>",       "not",     "!",
      "+",        "-",        "*",      "/",         "%",     "div",        "mod",      "abs",      "upper",   "lower",
      "negative", "positive", "length", "trim",      "like",  "startswith", "endswith", "contains", "year",    "month",
      "day",      "hour",     "minute", "substring", "rlike", "second",     "date_add", "date_sub", "datediff"};
  const auto* call = expr->As<logical::ScalarCall>();
  return expr->kind == ExprKind::kCast || (call && names->contains(call->binding->name));
}

// The condition's value where all its columns are null is null or false.
bool IsFalseForNulls(const ExprPtr& condition, const ConstantFolder& fold) {
  ExprPtr with_nulls = logical::Transform(condition, [](const ExprPtr& expr) -> ExprPtr {
    return expr->kind == ExprKind::kAttribute ? logical::MakeLiteral(types::Literal::Null(expr->type)) : nullptr;
  });
  try {
    types::Literal value = fold(with_nulls);
    return value.is_null() || !static_cast<const arrow::BooleanScalar&>(*value.value).value;
  } catch (const base::Error&) {
    return false;  // what fails for nulls may pass them
  }
}

}  // namespace

void CollectNullIntolerant(const ExprPtr& expr, std::vector<AttributePtr>* columns) {
  if (expr->kind == ExprKind::kAttribute) {
    columns->push_back(std::static_pointer_cast<const logical::AttributeExpr>(expr));
  } else if (PassesNullsOn(expr)) {
    for (const ExprPtr& child : expr->children) CollectNullIntolerant(child, columns);
  }
}

bool RejectsNulls(const ExprPtr& condition, const std::set<logical::ExprId>& ids, const ConstantFolder& fold) {
  auto is_of_side = [&](const AttributePtr& column) { return ids.contains(column->id); };
  std::vector<AttributePtr> columns;
  CollectNullIntolerant(condition, &columns);
  if (std::ranges::any_of(columns, is_of_side)) return true;
  std::vector<AttributePtr> references = logical::References(condition);
  if (references.empty() || !std::ranges::all_of(references, is_of_side)) return false;
  bool computable = condition->Deterministic() && !logical::Contains(condition, ExprKind::kSubquery) &&
                    !logical::Contains(condition, ExprKind::kPythonUdf);
  return computable && IsFalseForNulls(condition, fold);
}

}  // namespace sluice::optimizer
