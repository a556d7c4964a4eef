// Per-group state of aggregates as plain columns.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "functions/columns.h"
#include "functions/writers.h"
#include "logical/binding.h"

namespace sluice::functions {

/// One value a group, with a mark whether it is set (not null).
template <typename T>
struct GroupValues {
  std::vector<T> values;
  std::vector<uint8_t> set;

  void Resize(int64_t groups) {
    values.resize(groups);
    set.resize(groups);
  }
  void Set(uint32_t group, T value) {
    values[group] = value;
    set[group] = 1;
  }
  int64_t size() const { return static_cast<int64_t>(values.size()); }
  int64_t MemoryUsed() const { return static_cast<int64_t>(values.capacity() * sizeof(T) + set.capacity()); }
  /// Groups that are not set are null.
  std::shared_ptr<arrow::Array> ToArray(const std::shared_ptr<arrow::DataType>& type) const {
    Writer<T> out(type, size());
    for (int64_t group = 0; group < size(); ++group) {
      if (set[group]) {
        out.Set(group, values[group]);
      } else {
        out.SetNull(group);
      }
    }
    return out.Finish();
  }
};

/// A column of values that are never null.
template <typename T>
std::shared_ptr<arrow::Array> DenseArray(const std::shared_ptr<arrow::DataType>& type, const std::vector<T>& values) {
  Writer<T> out(type, static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) out.Set(static_cast<int64_t>(i), values[i]);
  return out.Finish();
}

/// Calls body(group, value) for every row that is not null.
template <typename T, typename Body>
void ForEachValue(const std::shared_ptr<arrow::Array>& array, const uint32_t* group_ids, int64_t rows, Body&& body) {
  Column<T> column(array);
  if (!column.has_nulls()) {
    for (int64_t row = 0; row < rows; ++row) body(group_ids[row], column[row]);
    return;
  }
  for (int64_t row = 0; row < rows; ++row) {
    if (column.valid(row)) body(group_ids[row], column[row]);
  }
}

/// Values of any type, kept as references to rows of the arrays they came in; what no group refers to is dropped from
/// time to time.
class GroupRows {
 public:
  explicit GroupRows(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}
  void Resize(int64_t groups) { rows_.resize(groups, -1); }
  /// Keeps an array; its row i is then `first + i`.
  int64_t AddArray(const std::shared_ptr<arrow::Array>& array);
  void Set(uint32_t group, int64_t row) { rows_[group] = row; }
  bool IsSet(uint32_t group) const { return rows_[group] >= 0; }
  int64_t row(uint32_t group) const { return rows_[group]; }
  /// Call after a batch: keeps memory in proportion to the groups.
  void Compact();
  /// Groups that are not set are null.
  std::shared_ptr<arrow::Array> ToArray() const;
  int64_t MemoryUsed() const;

 private:
  std::shared_ptr<arrow::DataType> type_;
  std::vector<std::shared_ptr<arrow::Array>> arrays_;
  int64_t stored_ = 0;
  std::vector<int64_t> rows_;
};

}  // namespace sluice::functions
