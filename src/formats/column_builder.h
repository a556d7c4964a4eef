// Arrow columns that row-oriented parsers append to: plain buffers that grow, without a status per value.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "types/data_type.h"

namespace sluice::formats {

/// Builds one column of a Spark type. Nested types have children: a struct's fields, a list's elements, a map's keys
/// and values. Not thread safe.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(types::TypePtr type);
  ColumnBuilder(ColumnBuilder&&) = default;
  ColumnBuilder& operator=(ColumnBuilder&&) = default;

  const types::TypePtr& type() const { return type_; }
  types::TypeId id() const { return id_; }
  int64_t length() const { return length_; }
  /// Bytes of variable-length data, children included; readers end a batch early when it gets large.
  int64_t data_bytes() const;

  /// Makes room for `rows` values in all.
  void Reserve(int64_t rows) {
    if (rows > capacity_) Grow(rows);
  }

  /// A value of fixed width; T must be the Arrow type's C type (uint8_t-sized for bytes, int128 for decimals).
  template <typename T>
  void Append(T value) {
    if (length_ == capacity_) Grow(length_ + 1);
    reinterpret_cast<T*>(values_)[length_++] = value;
  }
  void AppendBool(bool value) {
    if (length_ == capacity_) Grow(length_ + 1);
    uint8_t mask = static_cast<uint8_t>(1u << (length_ & 7));
    uint8_t& byte = values_[length_ >> 3];
    byte = value ? byte | mask : byte & ~mask;
    ++length_;
  }
  void AppendString(const char* data, size_t size) {
    if (length_ == capacity_) Grow(length_ + 1);
    if (data_size_ + static_cast<int64_t>(size) > data_capacity_) GrowData(size);
    if (size > 0) std::memcpy(data_ + data_size_, data, size);  // without bytes there may be no buffer yet
    data_size_ += size;
    EndString();
  }
  void AppendString(std::string_view value) { AppendString(value.data(), value.size()); }
  /// The same for a text that is mostly short and has 32 readable bytes from its start on.
  void AppendPadded(std::string_view value) {
    if (value.empty() || value.size() > 32) return AppendString(value);
    std::memcpy(StringRoom(value.size()), value.data(), 32);  // the buffer has room behind its end
    AdvanceString(value.size());
    EndString();
  }
  /// For parsers that write a string piece by piece: room for `size` more bytes at StringEnd(), then AdvanceString,
  /// then EndString once.
  char* StringRoom(size_t size) {
    if (data_size_ + static_cast<int64_t>(size) > data_capacity_) GrowData(size);
    return data_ + data_size_;
  }
  void AdvanceString(size_t size) { data_size_ += size; }
  /// Ends a string made by StringRoom/AdvanceString, or begins with nothing: the empty string.
  void EndString() {
    if (length_ == capacity_) Grow(length_ + 1);
    reinterpret_cast<int32_t*>(values_)[++length_] = static_cast<int32_t>(data_size_);
  }
  /// Drops the bytes of a string that was begun and not ended.
  void AbandonString() { data_size_ = length_ == 0 ? 0 : reinterpret_cast<int32_t*>(values_)[length_]; }
  /// Ends a list or map whose elements have been appended to the children.
  void EndList();
  /// Ends a struct; every child must have been appended to.
  void EndStruct() {
    if (length_ == capacity_) Grow(length_ + 1);
    ++length_;
  }
  /// A null; children of a struct get a null too.
  void AppendNull();

  std::vector<ColumnBuilder>& children() { return children_; }
  ColumnBuilder& child(int index) { return children_[index]; }

  /// Forgets the values from `length` on, also a list or struct that was begun.
  void Truncate(int64_t length);

  /// Direct access for loops that fill a column: values of fixed width, or offsets of strings.
  template <typename T>
  T* Values() {
    return reinterpret_cast<T*>(values_);
  }
  template <typename T>
  const T* Values() const {
    return reinterpret_cast<const T*>(values_);
  }
  bool BoolAt(int64_t index) const { return values_[index >> 3] >> (index & 7) & 1; }
  std::string_view StringAt(int64_t index) const {
    const int32_t* offsets = Values<int32_t>();
    return std::string_view(data_ + offsets[index], offsets[index + 1] - offsets[index]);
  }
  /// After `count` values have been written by way of Values() into reserved room.
  void Advance(int64_t count) { length_ += count; }
  /// Marks a value that has been appended (or written, not yet advanced over) as null.
  void SetNull(int64_t index) {
    uint8_t mask = static_cast<uint8_t>(1u << (index & 7));
    if (valid_[index >> 3] & mask) ++null_count_;
    valid_[index >> 3] &= ~mask;
  }
  bool IsNull(int64_t index) const { return !(valid_[index >> 3] >> (index & 7) & 1); }

  /// The column; the builder is empty afterwards and can be used again.
  std::shared_ptr<arrow::Array> Finish();

 private:
  enum class Layout { kNone, kBits, kFixed, kString, kList, kStruct };

  void Grow(int64_t rows);
  void GrowData(size_t size);
  void Allocate();

  types::TypePtr type_;
  types::TypeId id_;
  Layout layout_;
  int width_ = 0;
  std::shared_ptr<arrow::DataType> arrow_type_;
  std::vector<ColumnBuilder> children_;

  int64_t length_ = 0;
  int64_t capacity_ = 0;
  int64_t null_count_ = 0;
  uint8_t* values_ = nullptr;
  uint8_t* valid_ = nullptr;
  char* data_ = nullptr;
  int64_t data_size_ = 0;
  int64_t data_capacity_ = 0;
  std::shared_ptr<arrow::ResizableBuffer> values_buffer_, valid_buffer_, data_buffer_;
};

}  // namespace sluice::formats
