// Rows of key columns as bytes: equal keys (Spark's grouping equality) have equal bytes.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <vector>

#include "types/data_type.h"

namespace sluice::exec {

/// Encoded rows of one batch; row i is bytes [offsets[i], offsets[i+1]).
struct EncodedKeys {
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> offsets;
  const uint8_t* row(int64_t i) const { return bytes.data() + offsets[i]; }
  uint32_t size(int64_t i) const { return offsets[i + 1] - offsets[i]; }
};

/// Null is a value of its own, NaNs are equal, -0.0 = 0.0, maps are equal whatever their entries' order.
class KeyEncoder {
 public:
  explicit KeyEncoder(const std::vector<std::shared_ptr<arrow::DataType>>& types);
  /// The size of each row if all columns have a fixed width, rounded up to 8; else 0.
  int fixed_size() const { return fixed_size_; }
  /// Rows of fixed_size() bytes one after the other (8-byte aligned); only if fixed_size() > 0 or there is no column.
  void EncodeFixed(const arrow::ArrayVector& columns, int64_t rows, std::vector<uint64_t>* out) const;
  void Encode(const arrow::ArrayVector& columns, int64_t rows, EncodedKeys* out) const;

 private:
  std::vector<int> widths_;  ///< of the columns, a struct's fields behind it
  int fixed_size_ = 0;
};

/// Doubles and floats, also inside others, with -0.0 made 0.0 and all NaNs one (Spark's NormalizeFloatingNumbers).
std::shared_ptr<arrow::Array> NormalizeFloats(const std::shared_ptr<arrow::Array>& values);

}  // namespace sluice::exec
