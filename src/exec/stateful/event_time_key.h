// The event time in a state key, by which state is evicted and late rows are recognised.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "logical/plan.h"

namespace sluice::exec {

/// The key column that carries a watermark: a timestamp, or a window, whose end counts.
class EventTimeKey {
 public:
  /// Nothing if none of the columns carries one, an error if several do. Rows that OfRow reads have `row_columns`
  /// columns, the same ones first; 0 = no others.
  static std::optional<EventTimeKey> Find(const logical::Attributes& columns, size_t row_columns = 0);
  /// Column `index` of rows of `columns` columns: a timestamp or a window.
  static EventTimeKey At(size_t index, const types::DataType& type, size_t columns);

  /// Microseconds of a key's UnsafeRow; nothing for a null time.
  std::optional<int64_t> OfRow(std::string_view key) const;
  /// The times of rows of the columns that Find got, in microseconds; 0 for null, as Spark reads it.
  std::vector<int64_t> Micros(const arrow::ArrayVector& columns, int64_t rows) const;
  /// For such rows: true where the time is at or before `watermark_ms`. Null times are not.
  std::vector<bool> AtOrBefore(const arrow::ArrayVector& columns, int64_t rows, int64_t watermark_ms) const;

 private:
  template <typename Use>
  void ForEachTime(const arrow::ArrayVector& columns, int64_t rows, Use&& use) const;

  size_t index_ = 0, columns_ = 0;
  bool window_ = false;
};

}  // namespace sluice::exec
