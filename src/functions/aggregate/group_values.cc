// Rows of arbitrary types kept by reference.
#include "functions/aggregate/group_values.h"

#include <arrow/array/concatenate.h>

#include "base/arrow_status.h"

namespace sluice::functions {

int64_t GroupRows::AddArray(const std::shared_ptr<arrow::Array>& array) {
  int64_t first = stored_;
  arrays_.push_back(array);
  stored_ += array->length();
  return first;
}

std::shared_ptr<arrow::Array> GroupRows::ToArray() const {
  if (arrays_.empty()) return NullArray(type_, static_cast<int64_t>(rows_.size()));
  auto all = Concatenated(arrays_);
  return TakeRows(all, rows_);
}

void GroupRows::Compact() {
  constexpr int64_t kSlack = 65536;
  if (stored_ < 2 * static_cast<int64_t>(rows_.size()) + kSlack) return;
  auto kept = ToArray();
  for (size_t group = 0; group < rows_.size(); ++group) {
    if (rows_[group] >= 0) rows_[group] = static_cast<int64_t>(group);
  }
  arrays_ = {kept};
  stored_ = kept->length();
}

int64_t GroupRows::MemoryUsed() const {
  return static_cast<int64_t>(rows_.capacity() * sizeof(int64_t)) + stored_ * 16;
}

}  // namespace sluice::functions
