// Elements of lists laid out for lambdas.
#include "functions/scalar/higher_order.h"

#include "base/arrow_status.h"

namespace sluice::functions {

using types::TypeId;
using types::TypePtr;

std::shared_ptr<arrow::Array> Int32Array(const std::vector<int32_t>& values) {
  arrow::Int32Builder builder;
  base::ThrowIfError(builder.AppendValues(values));
  return base::ValueOrThrow(builder.Finish());
}

ListElements::ListElements(const ListColumn& lists, const std::shared_ptr<arrow::Array>& child, int64_t rows)
    : validity_(AndValidity({&lists}, rows)) {
  starts_.reserve(static_cast<size_t>(rows) + 1);
  starts_.push_back(0);
  std::vector<int32_t> parents;
  contiguous_ = !lists.constant() || rows <= 1;
  int64_t expected = -1;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t size = 0;
    if (IsValid(validity_, row)) {
      Range range = lists[row];
      size = range.size();
      if (size > 0) {
        if (expected < 0) first_ = range.begin;
        contiguous_ = contiguous_ && (expected < 0 || expected == range.begin);
        expected = range.end;
      }
      for (int64_t i = range.begin; i < range.end; ++i) {
        indices_.push_back(i);
        parents.push_back(static_cast<int32_t>(row));
      }
    }
    starts_.push_back(starts_.back() + size);
  }
  rows_ = Int32Array(parents);
  values_ = Pick(child);
}

std::shared_ptr<arrow::Array> ListElements::Pick(const std::shared_ptr<arrow::Array>& child) const {
  return contiguous_ ? child->Slice(first_, starts_.back()) : TakeRows(child, indices_);
}

std::shared_ptr<arrow::Array> ListElements::Positions() const {
  std::vector<int32_t> out;
  out.reserve(indices_.size());
  for (size_t row = 0; row + 1 < starts_.size(); ++row) {
    for (int64_t i = starts_[row]; i < starts_[row + 1]; ++i) out.push_back(static_cast<int32_t>(i - starts_[row]));
  }
  return Int32Array(out);
}

std::shared_ptr<arrow::Array> EvaluateLambda(const logical::LambdaEvaluator& lambda, logical::EvalContext& context,
                                             const std::vector<arrow::Datum>& variables,
                                             const std::shared_ptr<arrow::Array>& rows) {
  return ToArray(lambda.Evaluate(context, variables, rows), rows->length());
}

std::shared_ptr<logical::ScalarBinding> NewLambdaBinding(const BindContext& context, const Arguments& arguments,
                                                         TypePtr type, std::vector<TypePtr> argument_types,
                                                         std::vector<int> positions, logical::LambdaKernel kernel) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = PrettyName(context);
  binding->type = std::move(type);
  binding->nullable = arguments[0].nullable;
  binding->argument_types = std::move(argument_types);
  binding->lambda_arguments = std::move(positions);
  binding->lambda_kernel = std::move(kernel);
  return binding;
}

const TypePtr& CheckedNested(const char* function, const Arguments& arguments, int position, TypeId wanted) {
  const TypePtr& type = arguments[position].type;
  if (type && type->Is(wanted)) return type;
  BindContext context;
  context.name = function;
  Arguments shown(arguments.begin(), arguments.begin() + position + 1);
  throw UnexpectedInput(context, shown, position, wanted == TypeId::kArray ? "\"ARRAY\"" : "\"MAP\"");
}

void CheckPredicate(const BindContext& context, const Arguments& arguments, int position) {
  if (arguments[position].type->Is(TypeId::kBoolean)) return;
  throw UnexpectedInput(context, arguments, position, "\"BOOLEAN\"");
}

}  // namespace sluice::functions
