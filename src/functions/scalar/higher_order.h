// What functions with lambda arguments share.
#pragma once

#include "functions/list_picker.h"
#include "functions/signature.h"

namespace sluice::functions {

/// The elements of a list column's rows as one array, and the row of each; constants are repeated for every row, as a
/// lambda may use other columns of the row.
class ListElements {
 public:
  ListElements(const ListColumn& lists, const std::shared_ptr<arrow::Array>& child, int64_t rows);

  const std::shared_ptr<arrow::Array>& values() const { return values_; }
  const std::shared_ptr<arrow::Array>& rows() const { return rows_; }
  int64_t count() const { return values_->length(); }
  /// Where a row's elements start in `values()`; one more entry than rows.
  int64_t start(int64_t row) const { return starts_[row]; }
  Range range(int64_t row) const { return {starts_[row], starts_[row + 1]}; }
  const std::shared_ptr<arrow::Buffer>& validity() const { return validity_; }
  /// Other arrays in the order of `values()`: the map's items beside its keys.
  std::shared_ptr<arrow::Array> Pick(const std::shared_ptr<arrow::Array>& child) const;
  /// 0, 1, … within each row.
  std::shared_ptr<arrow::Array> Positions() const;

 private:
  bool contiguous_ = true;
  int64_t first_ = 0;
  std::vector<int64_t> indices_;
  std::vector<int64_t> starts_;
  std::shared_ptr<arrow::Array> values_, rows_;
  std::shared_ptr<arrow::Buffer> validity_;
};

std::shared_ptr<arrow::Array> Int32Array(const std::vector<int32_t>& values);

/// A lambda's values over all elements.
std::shared_ptr<arrow::Array> EvaluateLambda(const logical::LambdaEvaluator& lambda, logical::EvalContext& context,
                                             const std::vector<arrow::Datum>& variables,
                                             const std::shared_ptr<arrow::Array>& rows);

/// Starts the binding of a function with lambdas at `positions`.
std::shared_ptr<logical::ScalarBinding> NewLambdaBinding(const BindContext& context, const Arguments& arguments,
                                                         types::TypePtr type,
                                                         std::vector<types::TypePtr> argument_types,
                                                         std::vector<int> positions, logical::LambdaKernel kernel);

/// The argument's type if it is an array or map; else UNEXPECTED_INPUT_TYPE in the name of `function`.
const types::TypePtr& CheckedNested(const char* function, const Arguments& arguments, int position,
                                    types::TypeId wanted);
/// Throws UNEXPECTED_INPUT_TYPE unless the lambda gives booleans.
void CheckPredicate(const BindContext& context, const Arguments& arguments, int position);

}  // namespace sluice::functions
