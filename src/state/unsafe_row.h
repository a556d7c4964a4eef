// Spark's UnsafeRow: the bytes of a row, in which keys and values lie in state files.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "types/data_type.h"

namespace sluice::state {

/// Rows one after the other in one buffer.
class UnsafeRows {
 public:
  int64_t size() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  std::string_view operator[](int64_t i) const { return {data_.data() + offsets_[i], offsets_[i + 1] - offsets_[i]}; }

 private:
  friend class UnsafeRowEncoder;
  std::string data_;
  std::vector<size_t> offsets_{0};
};

/// Encodes columns of a struct type. Equal rows give equal bytes. Immutable and thread safe.
class UnsafeRowEncoder {
 public:
  explicit UnsafeRowEncoder(types::TypePtr schema);
  /// `columns` are laid out as types::ToArrow gives them, one a field.
  UnsafeRows Encode(const arrow::ArrayVector& columns, int64_t rows) const;

 private:
  types::TypePtr schema_;
};

/// The columns of rows. Throws kIllegalState for a row that is not of the schema; never reads
/// beyond a row.
arrow::ArrayVector DecodeUnsafeRows(const types::DataType& schema, const std::vector<std::string_view>& rows);
/// Only the fields `fields` of the rows, in that order.
arrow::ArrayVector DecodeUnsafeRows(const types::DataType& schema, const std::vector<std::string_view>& rows,
                                    const std::vector<size_t>& fields);

/// What is wrong with a row that should have `schema`, "" if nothing: the checks that Spark makes
/// on the first row that it loads (field count, size, unused bytes of small fields, ranges of
/// variable fields).
std::string FindUnsafeRowDefect(const types::DataType& schema, std::string_view row);

}  // namespace sluice::state
