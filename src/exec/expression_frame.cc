// Gathers columns and remembered values of a selection.
#include "exec/expression_frame.h"

#include <arrow/compute/api_vector.h>

#include "base/arrow_status.h"

namespace sluice::exec {

std::shared_ptr<arrow::Array> TakeRows(const std::shared_ptr<arrow::Array>& values,
                                       const std::shared_ptr<arrow::Array>& indices) {
  return base::ValueOrThrow(arrow::compute::Take(*values, *indices, arrow::compute::TakeOptions::NoBoundsCheck()));
}

std::shared_ptr<arrow::Array> Frame::Column(int index) {
  if (batch_) return batch_->column(index);
  if (static_cast<size_t>(index) >= columns_.size()) columns_.resize(index + 1);
  auto& column = columns_[index];
  if (!column) column = TakeRows(parent_->Column(index), selection_);
  return column;
}

void Frame::SetColumn(int index, std::shared_ptr<arrow::Array> values) {
  if (static_cast<size_t>(index) >= columns_.size()) columns_.resize(index + 1);
  columns_[index] = std::move(values);
}

arrow::Datum Frame::Recall(int slot) {
  if (memo_[slot].kind() != arrow::Datum::NONE || !parent_) return memo_[slot];
  arrow::Datum outer = parent_->Recall(slot);
  if (outer.is_array()) outer = TakeRows(outer.make_array(), selection_);
  memo_[slot] = outer;
  return outer;
}

}  // namespace sluice::exec
