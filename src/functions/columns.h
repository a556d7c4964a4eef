// Typed, cheap views of kernel arguments: an array, or a constant that stands for every row.
#pragma once

#include <arrow/array.h>
#include <arrow/datum.h>
#include <arrow/util/bit_util.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::functions {

using Int128 = __int128;

/// Months, days and nanoseconds as Arrow keeps a calendar interval.
struct CalendarValue {
  int32_t months;
  int32_t days;
  int64_t nanos;
};

/// What all views share: the data as an array, and whether it is a constant.
class ColumnBase {
 public:
  explicit ColumnBase(const arrow::Datum& datum);
  explicit ColumnBase(std::shared_ptr<arrow::Array> array);

  bool constant() const { return stride_ == 0; }
  int64_t length() const { return array_->length(); }
  bool has_nulls() const { return validity_ != nullptr; }
  bool valid(int64_t row) const {
    return validity_ == nullptr || arrow::bit_util::GetBit(validity_, offset_ + row * stride_);
  }
  /// The physical row in `array()`.
  int64_t index(int64_t row) const { return row * stride_; }
  const std::shared_ptr<arrow::Array>& array() const { return array_; }
  const uint8_t* validity() const { return validity_; }
  int64_t offset() const { return offset_; }

 protected:
  std::shared_ptr<arrow::Array> array_;
  const uint8_t* validity_ = nullptr;  ///< null: no row is null
  int64_t offset_ = 0;
  int64_t stride_ = 1;
};

/// A column of fixed-width values.
template <typename T>
class Column : public ColumnBase {
 public:
  using Value = T;
  template <typename From>
  explicit Column(From&& from) : ColumnBase(std::forward<From>(from)) {
    const auto& data = *array_->data();
    // An all-null array may come without values.
    if (data.buffers.size() > 1 && data.buffers[1]) values_ = data.buffers[1]->data() + data.offset * sizeof(T);
  }
  T operator[](int64_t row) const {
    T value;
    std::memcpy(&value, values_ + row * stride_ * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return value;
  }
  const T* values() const { return reinterpret_cast<const T*>(values_); }

 private:
  const uint8_t* values_ = nullptr;
};

template <>
class Column<bool> : public ColumnBase {
 public:
  using Value = bool;
  template <typename From>
  explicit Column(From&& from) : ColumnBase(std::forward<From>(from)) {
    if (array_->data()->buffers.size() > 1 && array_->data()->buffers[1]) values_ = array_->data()->buffers[1]->data();
  }
  bool operator[](int64_t row) const { return arrow::bit_util::GetBit(values_, offset_ + row * stride_); }

 private:
  const uint8_t* values_ = nullptr;
};

/// Strings and binaries.
template <>
class Column<std::string_view> : public ColumnBase {
 public:
  using Value = std::string_view;
  template <typename From>
  explicit Column(From&& from) : ColumnBase(std::forward<From>(from)) {
    const auto& data = *array_->data();
    if (data.buffers.size() > 2 && data.buffers[1]) {
      offsets_ = reinterpret_cast<const int32_t*>(data.buffers[1]->data()) + data.offset;
      if (data.buffers[2]) bytes_ = reinterpret_cast<const char*>(data.buffers[2]->data());
    }
  }
  std::string_view operator[](int64_t row) const {
    int64_t i = row * stride_;
    return {bytes_ + offsets_[i], static_cast<size_t>(offsets_[i + 1] - offsets_[i])};
  }

 private:
  const int32_t* offsets_ = nullptr;
  const char* bytes_ = "";
};

/// The elements of a list or the entries of a map: [begin, end) in the child array.
struct Range {
  int64_t begin;
  int64_t end;
  int64_t size() const { return end - begin; }
};
template <>
class Column<Range> : public ColumnBase {
 public:
  using Value = Range;
  template <typename From>
  explicit Column(From&& from) : ColumnBase(std::forward<From>(from)) {
    const auto& data = *array_->data();
    if (data.buffers.size() > 1 && data.buffers[1]) {
      offsets_ = reinterpret_cast<const int32_t*>(data.buffers[1]->data()) + data.offset;
    }
  }
  Range operator[](int64_t row) const {
    int64_t i = row * stride_;
    return {offsets_[i], offsets_[i + 1]};
  }

 private:
  const int32_t* offsets_ = nullptr;
};

/// A column whose nulls reach the function as nullopt instead of making the result null.
template <typename T>
class Column<std::optional<T>> {
 public:
  using Value = std::optional<T>;
  template <typename From>
  explicit Column(From&& from) : column_(std::forward<From>(from)) {}
  bool constant() const { return column_.constant(); }
  bool has_nulls() const { return false; }
  bool valid(int64_t) const { return true; }
  std::optional<T> operator[](int64_t row) const {
    if (!column_.valid(row)) return std::nullopt;
    return column_[row];
  }

 private:
  Column<T> column_;
};

/// The validity bitmap of `rows` rows where all columns are valid; null if none has nulls.
std::shared_ptr<arrow::Buffer> AndValidity(const std::vector<const ColumnBase*>& columns, int64_t rows);

/// An array of a datum: constants are repeated `rows` times.
std::shared_ptr<arrow::Array> ToArray(const arrow::Datum& datum, int64_t rows);
/// True if every argument is a scalar.
bool AllConstant(const std::vector<arrow::Datum>& arguments);
/// An array of one row as a scalar datum.
arrow::Datum AsScalar(const std::shared_ptr<arrow::Array>& one_row);
/// `rows` nulls of a type.
std::shared_ptr<arrow::Array> NullArray(const std::shared_ptr<arrow::DataType>& type, int64_t rows);
/// Several arrays of one type as one.
std::shared_ptr<arrow::Array> Concatenated(const arrow::ArrayVector& arrays);
/// The rows at `indices` (-1 gives null) of an array of any type.
std::shared_ptr<arrow::Array> TakeRows(const std::shared_ptr<arrow::Array>& values,
                                       const std::vector<int64_t>& indices);

}  // namespace sluice::functions
