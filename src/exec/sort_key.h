// Sort keys of rows as bytes whose unsigned order is Spark's order.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "logical/expression.h"

namespace sluice::exec {

struct SortDirection {
  bool ascending = true, nulls_first = true;
};

/// Rows of several columns as comparable bytes: NaN is the greatest number, -0.0 = 0.0, strings by their bytes.
class SortKeys {
 public:
  SortKeys(const arrow::ArrayVector& columns, const std::vector<SortDirection>& directions, int64_t rows);

  int64_t rows() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  std::string_view row(int64_t i) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + offsets_[i], offsets_[i + 1] - offsets_[i]};
  }
  /// The first eight bytes as a number of the same order.
  uint64_t prefix(int64_t i) const;

 private:
  std::vector<uint8_t> bytes_;
  std::vector<uint64_t> offsets_;
};

/// The row numbers (int32) in sorted order; equal rows stay in their order. At most `limit` of them if it is not
/// negative.
std::vector<int32_t> SortedRows(const SortKeys& keys, int64_t limit = -1);

}  // namespace sluice::exec
