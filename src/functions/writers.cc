// Buffers of result columns.
#include "functions/writers.h"

#include <algorithm>
#include <limits>

#include "base/arrow_status.h"
#include "base/error.h"

namespace sluice::functions {

std::shared_ptr<arrow::Buffer> AllocateBuffer(int64_t bytes) {
  return base::ValueOrThrow(arrow::AllocateBuffer(bytes));
}

void ValidityWriter::Allocate() {
  bitmap_ = base::ValueOrThrow(arrow::AllocateBitmap(rows_));
  std::memset(bitmap_->mutable_data(), 0xff, static_cast<size_t>(bitmap_->size()));
}

std::shared_ptr<arrow::Array> MakeFixedArray(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                             std::shared_ptr<arrow::Buffer> validity,
                                             std::shared_ptr<arrow::Buffer> values) {
  int64_t nulls = validity ? arrow::kUnknownNullCount : 0;
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {std::move(validity), std::move(values)}, nulls));
}

TextWriter::TextWriter(std::shared_ptr<arrow::DataType> type, int64_t rows, std::shared_ptr<arrow::Buffer> validity)
    : type_(std::move(type)),
      rows_(rows),
      validity_(std::move(validity), rows),
      offset_buffer_(AllocateBuffer((rows + 1) * static_cast<int64_t>(sizeof(int32_t)))),
      bytes_(base::ValueOrThrow(arrow::AllocateResizableBuffer(0))) {
  offsets_ = reinterpret_cast<int32_t*>(offset_buffer_->mutable_data());
  offsets_[0] = 0;
}

void TextWriter::Grow(size_t bytes) {
  if (size_ + bytes > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    throw base::Error(base::ErrorKind::kRuntime, "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION",
                      {{"numberOfElements", std::to_string(size_ + bytes)},
                       {"maxRoundedArrayLength", "2147483632"},
                       {"functionName", "`string`"}});
  }
  size_t wanted = std::max<size_t>({size_ + bytes, capacity_ * 2, static_cast<size_t>(rows_) * 8, 64});
  base::ThrowIfError(bytes_->Resize(static_cast<int64_t>(wanted), false));
  data_ = reinterpret_cast<char*>(bytes_->mutable_data());
  capacity_ = wanted;
}

std::shared_ptr<arrow::Array> TextWriter::Finish() {
  base::ThrowIfError(bytes_->Resize(static_cast<int64_t>(size_), false));
  int64_t nulls = validity_.bitmap() ? arrow::kUnknownNullCount : 0;
  std::shared_ptr<arrow::Buffer> bytes = std::move(bytes_);
  return arrow::MakeArray(
      arrow::ArrayData::Make(type_, rows_, {validity_.bitmap(), offset_buffer_, std::move(bytes)}, nulls));
}

ListWriter::ListWriter(int64_t rows, std::shared_ptr<arrow::Buffer> validity)
    : rows_(rows),
      validity_(std::move(validity), rows),
      offset_buffer_(AllocateBuffer((rows + 1) * static_cast<int64_t>(sizeof(int32_t)))) {
  offsets_ = reinterpret_cast<int32_t*>(offset_buffer_->mutable_data());
  offsets_[0] = 0;
}

std::shared_ptr<arrow::Array> ListWriter::Finish(const std::shared_ptr<arrow::DataType>& type,
                                                 const std::shared_ptr<arrow::Array>& child) {
  int64_t nulls = validity_.bitmap() ? arrow::kUnknownNullCount : 0;
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, rows_, {validity_.bitmap(), offset_buffer_}, {child->data()}, nulls));
}

}  // namespace sluice::functions
