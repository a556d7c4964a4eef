// The rows that a compiled expression is evaluated over, and the results shared within one evaluation.
#pragma once

#include <arrow/array.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>

#include <memory>
#include <vector>

#include "logical/binding.h"

namespace sluice::exec {

/// A batch, or some rows of another frame (the rows for which a branch is taken); columns of a selection are gathered
/// when first used. Lives for one evaluation on one thread.
class Frame {
 public:
  Frame(logical::EvalContext& context, const arrow::RecordBatch& batch, size_t slots)
      : context_(context), batch_(&batch), rows_(batch.num_rows()), memo_(slots) {}
  /// The rows `selection` (int32 row numbers) of `parent`.
  Frame(Frame& parent, std::shared_ptr<arrow::Array> selection)
      : context_(parent.context_),
        parent_(&parent),
        selection_(std::move(selection)),
        rows_(selection_->length()),
        memo_(parent.memo_.size()) {}
  /// A constant expression's one row, without columns.
  Frame(logical::EvalContext& context, arrow::ArrayVector columns, int64_t rows, size_t slots)
      : context_(context), rows_(rows), columns_(std::move(columns)), memo_(slots) {}

  logical::EvalContext& context() { return context_; }
  int64_t rows() const { return rows_; }
  std::shared_ptr<arrow::Array> Column(int index);
  /// Gives a column that the frames below don't have (a lambda's variable).
  void SetColumn(int index, std::shared_ptr<arrow::Array> values);
  /// The remembered value of a shared node; nothing (kind NONE) if it has not been evaluated for these rows.
  arrow::Datum Recall(int slot);
  void Remember(int slot, const arrow::Datum& value) { memo_[slot] = value; }

 private:
  logical::EvalContext& context_;
  const arrow::RecordBatch* batch_ = nullptr;
  Frame* parent_ = nullptr;
  std::shared_ptr<arrow::Array> selection_;
  int64_t rows_;
  arrow::ArrayVector columns_;
  std::vector<arrow::Datum> memo_;
};

/// Values at `indices` (int32; null gives null), without bounds checks.
std::shared_ptr<arrow::Array> TakeRows(const std::shared_ptr<arrow::Array>& values,
                                       const std::shared_ptr<arrow::Array>& indices);

}  // namespace sluice::exec
