// Growth, truncation and finishing of columns that parsers append to.
#include "formats/column_builder.h"

#include <arrow/type.h>

#include <limits>

#include "base/arrow_status.h"
#include "base/error.h"

namespace sluice::formats {
namespace {

using types::TypeId;

constexpr int64_t kFirstCapacity = 64;
// Copies may run over the end of a string by this much.
constexpr int64_t kSlack = 64;

int FixedWidth(TypeId id) {
  switch (id) {
    case TypeId::kByte:
      return 1;
    case TypeId::kShort:
      return 2;
    case TypeId::kInteger:
    case TypeId::kFloat:
    case TypeId::kDate:
    case TypeId::kYearMonthInterval:
      return 4;
    case TypeId::kLong:
    case TypeId::kDouble:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
    case TypeId::kDayTimeInterval:
      return 8;
    case TypeId::kDecimal:
    case TypeId::kCalendarInterval:
      return 16;
    default:
      return 0;
  }
}

std::shared_ptr<arrow::ResizableBuffer> NewBuffer() { return base::ValueOrThrow(arrow::AllocateResizableBuffer(0)); }

}  // namespace

ColumnBuilder::ColumnBuilder(types::TypePtr type) : type_(std::move(type)), arrow_type_(types::ToArrow(type_)) {
  types::TypePtr physical = type_;
  while (physical->Is(TypeId::kUdt)) physical = physical->sql_type();
  id_ = physical->id();
  switch (id_) {
    case TypeId::kNull:
      layout_ = Layout::kNone;
      break;
    case TypeId::kBoolean:
      layout_ = Layout::kBits;
      break;
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary:
      layout_ = Layout::kString;
      break;
    case TypeId::kArray:
      layout_ = Layout::kList;
      children_.emplace_back(physical->element());
      break;
    case TypeId::kMap:
      layout_ = Layout::kList;
      children_.emplace_back(physical->key());
      children_.emplace_back(physical->value());
      break;
    case TypeId::kStruct:
      layout_ = Layout::kStruct;
      for (const types::StructField& field : physical->fields()) children_.emplace_back(field.type);
      break;
    default:
      layout_ = Layout::kFixed;
      width_ = FixedWidth(id_);
      if (width_ == 0) throw base::Error::Unsupported("reading columns of type " + type_->Sql() + " from files");
  }
}

int64_t ColumnBuilder::data_bytes() const {
  int64_t bytes = data_size_ + length_ * width_;
  for (const ColumnBuilder& child : children_) bytes += child.data_bytes();
  return bytes;
}

void ColumnBuilder::Grow(int64_t rows) {
  int64_t capacity = std::max({rows, capacity_ * 2, kFirstCapacity});
  capacity = (capacity + 63) / 64 * 64;
  if (!valid_buffer_) valid_buffer_ = NewBuffer();
  base::ThrowIfError(valid_buffer_->Resize(capacity / 8, false));
  valid_ = valid_buffer_->mutable_data();
  // Values are valid until they are marked as null.
  std::memset(valid_ + capacity_ / 8, 0xff, (capacity - capacity_) / 8);
  int64_t bytes = 0;
  if (layout_ == Layout::kBits) bytes = capacity / 8;
  if (layout_ == Layout::kFixed) bytes = capacity * width_;
  if (layout_ == Layout::kString || layout_ == Layout::kList) bytes = (capacity + 1) * sizeof(int32_t);
  if (bytes > 0) {
    if (!values_buffer_) values_buffer_ = NewBuffer();
    base::ThrowIfError(values_buffer_->Resize(bytes + kSlack, false));
    values_ = values_buffer_->mutable_data();
    if (layout_ == Layout::kBits) std::memset(values_ + capacity_ / 8, 0, (capacity - capacity_) / 8);
    if (capacity_ == 0 && (layout_ == Layout::kString || layout_ == Layout::kList)) {
      reinterpret_cast<int32_t*>(values_)[0] = 0;
    }
  }
  capacity_ = capacity;
}

void ColumnBuilder::GrowData(size_t size) {
  int64_t needed = data_size_ + static_cast<int64_t>(size);
  if (needed > std::numeric_limits<int32_t>::max()) {
    throw base::Error::Plain(base::ErrorKind::kSpark,
                             "A column of one batch holds more than 2 GB of text; read with smaller batches");
  }
  data_capacity_ = std::max<int64_t>({needed, data_capacity_ * 2, 1024});
  if (!data_buffer_) data_buffer_ = NewBuffer();
  base::ThrowIfError(data_buffer_->Resize(data_capacity_ + kSlack, false));
  data_ = reinterpret_cast<char*>(data_buffer_->mutable_data());
}

void ColumnBuilder::EndList() {
  if (length_ == capacity_) Grow(length_ + 1);
  reinterpret_cast<int32_t*>(values_)[++length_] = static_cast<int32_t>(children_[0].length_);
}

void ColumnBuilder::AppendNull() {
  if (length_ == capacity_) Grow(length_ + 1);
  SetNull(length_);
  switch (layout_) {
    case Layout::kNone:
      break;
    case Layout::kBits:
      values_[length_ >> 3] &= static_cast<uint8_t>(~(1u << (length_ & 7)));
      break;
    case Layout::kFixed:
      std::memset(values_ + length_ * width_, 0, width_);
      break;
    case Layout::kString:
      reinterpret_cast<int32_t*>(values_)[length_ + 1] = static_cast<int32_t>(data_size_);
      break;
    case Layout::kList:
      reinterpret_cast<int32_t*>(values_)[length_ + 1] = static_cast<int32_t>(children_[0].length_);
      break;
    case Layout::kStruct:
      for (ColumnBuilder& child : children_) child.AppendNull();
      break;
  }
  ++length_;
}

void ColumnBuilder::Truncate(int64_t length) {
  for (int64_t i = length; i < length_ && null_count_ > 0; ++i) {
    if (IsNull(i)) {
      valid_[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
      --null_count_;
    }
  }
  length_ = std::min(length_, length);
  if (layout_ == Layout::kString) data_size_ = capacity_ == 0 ? 0 : Values<int32_t>()[length_];
  if (layout_ == Layout::kList) {
    int64_t elements = capacity_ == 0 ? 0 : Values<int32_t>()[length_];
    for (ColumnBuilder& child : children_) child.Truncate(elements);
  }
  if (layout_ == Layout::kStruct) {
    for (ColumnBuilder& child : children_) child.Truncate(length_);
  }
}

std::shared_ptr<arrow::Array> ColumnBuilder::Finish() {
  if (capacity_ == 0) Grow(1);
  std::shared_ptr<arrow::ArrayData> data;
  std::shared_ptr<arrow::Buffer> valid;
  if (null_count_ > 0 && layout_ != Layout::kNone) valid = valid_buffer_;
  switch (layout_) {
    case Layout::kNone:
      data = arrow::ArrayData::Make(arrow_type_, length_, {nullptr}, length_);
      break;
    case Layout::kBits:
    case Layout::kFixed:
      data = arrow::ArrayData::Make(arrow_type_, length_, {valid, values_buffer_}, null_count_);
      break;
    case Layout::kString:
      if (!data_buffer_) GrowData(0);
      data = arrow::ArrayData::Make(arrow_type_, length_, {valid, values_buffer_, data_buffer_}, null_count_);
      break;
    case Layout::kList: {
      std::shared_ptr<arrow::ArrayData> elements;
      if (children_.size() == 2) {
        auto keys = children_[0].Finish();
        auto items = children_[1].Finish();
        elements = arrow::ArrayData::Make(arrow_type_->field(0)->type(), keys->length(), {nullptr},
                                          {keys->data(), items->data()}, 0);
      } else {
        elements = children_[0].Finish()->data();
      }
      data = arrow::ArrayData::Make(arrow_type_, length_, {valid, values_buffer_}, {elements}, null_count_);
      break;
    }
    case Layout::kStruct: {
      std::vector<std::shared_ptr<arrow::ArrayData>> fields;
      for (ColumnBuilder& child : children_) fields.push_back(child.Finish()->data());
      data = arrow::ArrayData::Make(arrow_type_, length_, {valid}, fields, null_count_);
      break;
    }
  }
  length_ = capacity_ = null_count_ = data_size_ = data_capacity_ = 0;
  values_ = valid_ = nullptr;
  data_ = nullptr;
  values_buffer_ = valid_buffer_ = data_buffer_ = nullptr;
  return arrow::MakeArray(data);
}

}  // namespace sluice::formats
