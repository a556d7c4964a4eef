// Result columns that kernels fill row by row without a virtual call or an allocation per row.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_generate.h>

#include <cstring>
#include <memory>
#include <string_view>

#include "functions/columns.h"

namespace sluice::functions {

/// The validity bitmap of a result: made only once a row is null.
class ValidityWriter {
 public:
  ValidityWriter(std::shared_ptr<arrow::Buffer> start, int64_t rows) : bitmap_(std::move(start)), rows_(rows) {}
  void SetNull(int64_t row) {
    if (!bitmap_) Allocate();
    arrow::bit_util::ClearBit(bitmap_->mutable_data(), row);
  }
  const std::shared_ptr<arrow::Buffer>& bitmap() const { return bitmap_; }

 private:
  void Allocate();
  std::shared_ptr<arrow::Buffer> bitmap_;
  int64_t rows_;
};

std::shared_ptr<arrow::Buffer> AllocateBuffer(int64_t bytes);
std::shared_ptr<arrow::Array> MakeFixedArray(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                             std::shared_ptr<arrow::Buffer> validity,
                                             std::shared_ptr<arrow::Buffer> values);

/// Fixed-width values; rows that are never set hold zero.
template <typename T>
class Writer {
 public:
  Writer(std::shared_ptr<arrow::DataType> type, int64_t rows, std::shared_ptr<arrow::Buffer> validity = nullptr)
      : type_(std::move(type)),
        rows_(rows),
        validity_(std::move(validity), rows),
        buffer_(AllocateBuffer(rows * sizeof(T))) {
    values_ = reinterpret_cast<T*>(buffer_->mutable_data());
  }
  void Set(int64_t row, T value) { std::memcpy(values_ + row, &value, sizeof(T)); }
  void SetNull(int64_t row) {
    Set(row, T{});
    validity_.SetNull(row);
  }
  /// For rows that the start validity already marks.
  void Skip(int64_t row) { Set(row, T{}); }
  T* values() { return values_; }
  std::shared_ptr<arrow::Array> Finish() { return MakeFixedArray(type_, rows_, validity_.bitmap(), buffer_); }

 private:
  std::shared_ptr<arrow::DataType> type_;
  int64_t rows_;
  ValidityWriter validity_;
  std::shared_ptr<arrow::Buffer> buffer_;
  T* values_;
};

template <>
class Writer<bool> {
 public:
  Writer(std::shared_ptr<arrow::DataType> type, int64_t rows, std::shared_ptr<arrow::Buffer> validity = nullptr)
      : type_(std::move(type)),
        rows_(rows),
        validity_(std::move(validity), rows),
        buffer_(AllocateBuffer((rows + 7) / 8)) {
    std::memset(buffer_->mutable_data(), 0, static_cast<size_t>(buffer_->size()));
  }
  void Set(int64_t row, bool value) { arrow::bit_util::SetBitTo(buffer_->mutable_data(), row, value); }
  void SetNull(int64_t row) { validity_.SetNull(row); }
  void Skip(int64_t) {}
  /// Sets every row to `value(row)`.
  template <typename F>
  void Fill(F&& value) {
    int64_t row = 0;
    arrow::internal::GenerateBitsUnrolled(buffer_->mutable_data(), 0, rows_, [&] { return value(row++); });
  }
  std::shared_ptr<arrow::Array> Finish() { return MakeFixedArray(type_, rows_, validity_.bitmap(), buffer_); }

 private:
  std::shared_ptr<arrow::DataType> type_;
  int64_t rows_;
  ValidityWriter validity_;
  std::shared_ptr<arrow::Buffer> buffer_;
};

/// Strings or binaries, written in row order: pieces of a row are appended, then the row is ended.
class TextWriter {
 public:
  TextWriter(std::shared_ptr<arrow::DataType> type, int64_t rows, std::shared_ptr<arrow::Buffer> validity = nullptr);
  void Append(std::string_view piece) {
    if (piece.empty()) return;
    std::memcpy(Claim(piece.size()), piece.data(), piece.size());
  }
  void Append(char c) { *Claim(1) = c; }
  void Append(size_t count, char c) { std::memset(Claim(count), c, count); }
  /// Room for `bytes` more at the end of the row, to be filled by the caller.
  char* Claim(size_t bytes) {
    if (size_ + bytes > capacity_) Grow(bytes);
    char* out = data_ + size_;
    size_ += bytes;
    return out;
  }
  /// Gives back the last `bytes` of what was claimed.
  void GiveBack(size_t bytes) { size_ -= bytes; }
  /// What the current row holds so far.
  std::string_view Row() const { return {data_ + row_start_, size_ - row_start_}; }
  void EndRow() {
    ++row_;
    row_start_ = size_;
    offsets_[row_] = static_cast<int32_t>(size_);
  }
  void EndRowAsNull() {
    size_ = row_start_;
    validity_.SetNull(row_);
    EndRow();
  }
  /// Ends a row that the start validity already marks as null.
  void Skip() { EndRow(); }
  int64_t row() const { return row_; }
  std::shared_ptr<arrow::Array> Finish();

 private:
  void Grow(size_t bytes);
  std::shared_ptr<arrow::DataType> type_;
  int64_t rows_;
  ValidityWriter validity_;
  std::shared_ptr<arrow::Buffer> offset_buffer_;
  std::unique_ptr<arrow::ResizableBuffer> bytes_;
  int32_t* offsets_;
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t row_start_ = 0;
  size_t capacity_ = 0;
  int64_t row_ = 0;
};

/// Lists whose elements are picked from other arrays or built by a child writer: only offsets and nulls live here.
class ListWriter {
 public:
  ListWriter(int64_t rows, std::shared_ptr<arrow::Buffer> validity = nullptr);
  /// Ends a row; `elements` is the length of the child so far.
  void EndRow(int64_t elements) { offsets_[++row_] = static_cast<int32_t>(elements); }
  void EndRowAsNull() {
    validity_.SetNull(row_);
    offsets_[row_ + 1] = offsets_[row_];
    ++row_;
  }
  void Skip() {
    offsets_[row_ + 1] = offsets_[row_];
    ++row_;
  }
  int64_t row() const { return row_; }
  int32_t last_offset() const { return offsets_[row_]; }
  /// `type` is a list or map type whose child has the type of `child` (for a map: the struct of entries).
  std::shared_ptr<arrow::Array> Finish(const std::shared_ptr<arrow::DataType>& type,
                                       const std::shared_ptr<arrow::Array>& child);

 private:
  int64_t rows_;
  ValidityWriter validity_;
  std::shared_ptr<arrow::Buffer> offset_buffer_;
  int32_t* offsets_;
  int64_t row_ = 0;
};

}  // namespace sluice::functions
