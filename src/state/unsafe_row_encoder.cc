// Arrow columns → UnsafeRows: sizes first, then column by column into one buffer.
#include <arrow/api.h>

#include <algorithm>

#include "base/error.h"
#include "state/unsafe_layout.h"
#include "state/unsafe_row.h"

namespace sluice::state {
namespace {

using types::DataType;
using types::TypeId;

const DataType& Storage(const DataType& type) { return type.Is(TypeId::kUdt) ? *type.sql_type() : type; }

size_t VariableBytes(const DataType& type, const arrow::Array& column, int64_t i);
void WriteVariable(const DataType& type, const arrow::Array& column, int64_t i, char* to);

// The minimal big-endian two's complement of a decimal, as BigInteger.toByteArray gives it.
std::string_view BigEndian(const uint8_t* little, char (&buffer)[16]) {
  for (int b = 0; b < 16; ++b) buffer[b] = static_cast<char>(little[15 - b]);
  int skip = 0;
  while (skip < 15) {
    bool sign = buffer[skip + 1] & 0x80;
    if (!(buffer[skip] == 0 && !sign) && !(static_cast<uint8_t>(buffer[skip]) == 0xff && sign)) break;
    ++skip;
  }
  return {buffer + skip, static_cast<size_t>(16 - skip)};
}

const uint8_t* DecimalBytes(const arrow::Array& column, int64_t i) {
  return static_cast<const arrow::FixedSizeBinaryArray&>(column).GetValue(i);
}

std::string_view Bytes(const arrow::Array& column, int64_t i) {
  return static_cast<const arrow::BinaryArray&>(column).GetView(i);
}

// Writes a value that fits its word; the word is zero before.
void WriteInline(const DataType& type, const arrow::Array& column, int64_t i, char* to) {
  switch (type.id()) {
    case TypeId::kBoolean:
      *to = static_cast<const arrow::BooleanArray&>(column).Value(i) ? 1 : 0;
      return;
    case TypeId::kDecimal:
      std::memcpy(to, DecimalBytes(column, i), 8);
      return;
    case TypeId::kNull:
      return;
    default: {
      int width = InlineBytes(type);
      const auto& data = *column.data();
      std::memcpy(to, data.buffers[1]->data() + (data.offset + i) * width, width);
    }
  }
}

size_t ArrayBytes(const DataType& element, const arrow::Array& values, int64_t from, int64_t count) {
  int width = InlineBytes(element);
  size_t size = 8 + BitsetBytes(count) + PadTo8(count * (width ? width : 8));
  if (width) return size;
  for (int64_t i = from; i < from + count; ++i) {
    if (values.IsValid(i)) size += VariableBytes(element, values, i);
  }
  return size;
}

// In an array a long decimal takes only the bytes it needs; a field of a row always has 16, to be
// updated in place.
size_t VariableBytesOfElement(const DataType& element, const arrow::Array& values, int64_t i) {
  if (!element.Is(TypeId::kDecimal)) return VariableBytes(element, values, i);
  char buffer[16];
  return PadTo8(BigEndian(DecimalBytes(values, i), buffer).size());
}

size_t ExactArrayBytes(const DataType& element, const arrow::Array& values, int64_t from, int64_t count) {
  if (!element.Is(TypeId::kDecimal) || InlineBytes(element)) return ArrayBytes(element, values, from, count);
  size_t size = 8 + BitsetBytes(count) + 8 * count;
  for (int64_t i = from; i < from + count; ++i) {
    if (values.IsValid(i)) size += VariableBytesOfElement(element, values, i);
  }
  return size;
}

void WriteArray(const DataType& element, const arrow::Array& values, int64_t from, int64_t count, char* to) {
  Store<int64_t>(to, count);
  char* bitset = to + 8;
  char* slots = bitset + BitsetBytes(count);
  int width = InlineBytes(element);
  size_t cursor = 8 + BitsetBytes(count) + PadTo8(count * (width ? width : 8));
  for (int64_t i = 0; i < count; ++i) {
    if (values.IsNull(from + i)) {
      SetBit(bitset, i);
    } else if (width) {
      WriteInline(element, values, from + i, slots + i * width);
    } else if (element.Is(TypeId::kDecimal)) {
      char buffer[16];
      std::string_view bytes = BigEndian(DecimalBytes(values, from + i), buffer);
      if (!bytes.empty()) std::memcpy(to + cursor, bytes.data(), bytes.size());
      StoreOffsetAndSize(slots + 8 * i, cursor, bytes.size());
      cursor += PadTo8(bytes.size());
    } else {
      size_t padded = VariableBytes(element, values, from + i);
      bool text = element.Is(TypeId::kBinary) || element.IsStringLike();
      WriteVariable(element, values, from + i, to + cursor);
      StoreOffsetAndSize(slots + 8 * i, cursor, text ? Bytes(values, from + i).size() : padded);
      cursor += padded;
    }
  }
}

// Writes field `index` of a row; `cursor` is where its variable part goes.
void WriteField(const DataType& type, const arrow::Array& column, int64_t i, size_t index, size_t fields, char* row,
                size_t* cursor) {
  char* slot = row + BitsetBytes(fields) + 8 * index;
  bool null = column.IsNull(i);
  if (null) SetBit(row, index);
  if (InlineBytes(type)) {
    if (!null) WriteInline(type, column, i, slot);
    return;
  }
  if (type.Is(TypeId::kDecimal)) {
    size_t size = 0;
    if (!null) {
      char buffer[16];
      std::string_view bytes = BigEndian(DecimalBytes(column, i), buffer);
      if (!bytes.empty()) std::memcpy(row + *cursor, bytes.data(), bytes.size());
      size = bytes.size();
    }
    StoreOffsetAndSize(slot, *cursor, size);
    *cursor += 16;
    return;
  }
  if (type.Is(TypeId::kCalendarInterval)) {
    if (!null) WriteVariable(type, column, i, row + *cursor);
    StoreOffsetAndSize(slot, *cursor, 16);
    *cursor += 16;
    return;
  }
  if (null) return;
  size_t padded = VariableBytes(type, column, i);
  WriteVariable(type, column, i, row + *cursor);
  bool text = type.Is(TypeId::kBinary) || type.IsStringLike();
  StoreOffsetAndSize(slot, *cursor, text ? Bytes(column, i).size() : padded);
  *cursor += padded;
}

// Bytes in a row's variable part for the value of a valid field, padded.
size_t VariableBytes(const DataType& type, const arrow::Array& column, int64_t i) {
  switch (type.id()) {
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary:
      return PadTo8(Bytes(column, i).size());
    case TypeId::kDecimal:
    case TypeId::kCalendarInterval:
      return 16;
    case TypeId::kArray: {
      const auto& list = static_cast<const arrow::ListArray&>(column);
      return ExactArrayBytes(Storage(*type.element()), *list.values(), list.value_offset(i), list.value_length(i));
    }
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapArray&>(column);
      int64_t from = map.value_offset(i), count = map.value_length(i);
      return 8 + ExactArrayBytes(Storage(*type.key()), *map.keys(), from, count) +
             ExactArrayBytes(Storage(*type.value()), *map.items(), from, count);
    }
    case TypeId::kStruct: {
      const auto& group = static_cast<const arrow::StructArray&>(column);
      size_t size = FixedBytes(type.fields().size());
      for (size_t f = 0; f < type.fields().size(); ++f) {
        const DataType& field = Storage(*type.fields()[f].type);
        if (InlineBytes(field)) continue;
        const arrow::Array& values = *group.field(static_cast<int>(f));
        bool reserved = field.Is(TypeId::kDecimal) || field.Is(TypeId::kCalendarInterval);
        if (reserved) {
          size += 16;
        } else if (values.IsValid(i)) {
          size += VariableBytes(field, values, i);
        }
      }
      return size;
    }
    default:
      throw base::Error::Unsupported("State of the type " + type.Sql());
  }
}

void WriteVariable(const DataType& type, const arrow::Array& column, int64_t i, char* to) {
  switch (type.id()) {
    case TypeId::kCalendarInterval: {
      auto value = static_cast<const arrow::MonthDayNanoIntervalArray&>(column).GetValue(i);
      Store<int32_t>(to, value.months);
      Store<int32_t>(to + 4, value.days);
      Store<int64_t>(to + 8, value.nanoseconds / 1000);
      return;
    }
    case TypeId::kArray: {
      const auto& list = static_cast<const arrow::ListArray&>(column);
      WriteArray(Storage(*type.element()), *list.values(), list.value_offset(i), list.value_length(i), to);
      return;
    }
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapArray&>(column);
      int64_t from = map.value_offset(i), count = map.value_length(i);
      const DataType& key = Storage(*type.key());
      size_t key_bytes = ExactArrayBytes(key, *map.keys(), from, count);
      Store<int64_t>(to, static_cast<int64_t>(key_bytes));
      WriteArray(key, *map.keys(), from, count, to + 8);
      WriteArray(Storage(*type.value()), *map.items(), from, count, to + 8 + key_bytes);
      return;
    }
    case TypeId::kStruct: {
      const auto& group = static_cast<const arrow::StructArray&>(column);
      size_t fields = type.fields().size();
      size_t cursor = FixedBytes(fields);
      for (size_t f = 0; f < fields; ++f) {
        WriteField(Storage(*type.fields()[f].type), *group.field(static_cast<int>(f)), i, f, fields, to, &cursor);
      }
      return;
    }
    default: {
      std::string_view bytes = Bytes(column, i);
      if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    }
  }
}

template <int kWidth>
void WriteFixedColumn(const arrow::Array& column, size_t index, size_t bitset_bytes, const std::vector<size_t>& offsets,
                      char* rows) {
  const auto& data = *column.data();
  const uint8_t* from = data.buffers[1]->data() + data.offset * kWidth;
  bool nulls = column.null_count() > 0;
  for (int64_t i = 0; i < column.length(); ++i) {
    char* row = rows + offsets[i];
    if (nulls && column.IsNull(i)) {
      SetBit(row, index);
    } else {
      std::memcpy(row + bitset_bytes + 8 * index, from + i * kWidth, kWidth);
    }
  }
}

// The column of a type whose values are copied as they are; false for others.
bool WriteFixedColumn(const DataType& type, const arrow::Array& column, size_t index, size_t bitset_bytes,
                      const std::vector<size_t>& offsets, char* rows) {
  if (type.Is(TypeId::kBoolean) || type.Is(TypeId::kDecimal) || type.Is(TypeId::kNull)) return false;
  switch (InlineBytes(type)) {
    case 1:
      WriteFixedColumn<1>(column, index, bitset_bytes, offsets, rows);
      return true;
    case 2:
      WriteFixedColumn<2>(column, index, bitset_bytes, offsets, rows);
      return true;
    case 4:
      WriteFixedColumn<4>(column, index, bitset_bytes, offsets, rows);
      return true;
    case 8:
      WriteFixedColumn<8>(column, index, bitset_bytes, offsets, rows);
      return true;
    default:
      return false;
  }
}

// A struct column without nulls whose fields are copied as they are (a window, say), field by field; false for others.
bool WriteFlatStruct(const DataType& type, const arrow::Array& column, size_t index, size_t bitset_bytes,
                     const std::vector<size_t>& offsets, std::vector<size_t>* cursors, char* rows) {
  if (!type.Is(TypeId::kStruct) || column.null_count() > 0) return false;
  const auto& fields = type.fields();
  bool flat = std::ranges::all_of(fields, [](const types::StructField& field) {
    const DataType& stored = Storage(*field.type);
    return InlineBytes(stored) > 0 && !stored.Is(TypeId::kBoolean) && !stored.Is(TypeId::kDecimal) &&
           !stored.Is(TypeId::kNull);
  });
  if (!flat) return false;
  size_t bytes = FixedBytes(fields.size());
  std::vector<size_t> starts(column.length());
  for (int64_t i = 0; i < column.length(); ++i) {
    size_t& cursor = (*cursors)[i];
    starts[i] = offsets[i] + cursor;
    StoreOffsetAndSize(rows + offsets[i] + bitset_bytes + 8 * index, cursor, bytes);
    cursor += bytes;
  }
  const auto& group = static_cast<const arrow::StructArray&>(column);
  for (size_t f = 0; f < fields.size(); ++f) {
    WriteFixedColumn(Storage(*fields[f].type), *group.field(static_cast<int>(f)), f, BitsetBytes(fields.size()), starts,
                     rows);
  }
  return true;
}

}  // namespace

UnsafeRowEncoder::UnsafeRowEncoder(types::TypePtr schema) : schema_(std::move(schema)) {}

UnsafeRows UnsafeRowEncoder::Encode(const arrow::ArrayVector& columns, int64_t rows) const {
  const auto& fields = schema_->fields();
  if (columns.size() != fields.size()) throw base::Error::Internal("State columns don't match their schema");
  size_t fixed = FixedBytes(fields.size());
  std::vector<size_t> sizes(rows, fixed);
  for (size_t f = 0; f < fields.size(); ++f) {
    const DataType& type = Storage(*fields[f].type);
    if (InlineBytes(type)) continue;
    if (type.Is(TypeId::kDecimal) || type.Is(TypeId::kCalendarInterval)) {
      for (size_t& size : sizes) size += 16;
      continue;
    }
    for (int64_t i = 0; i < rows; ++i) {
      if (columns[f]->IsValid(i)) sizes[i] += VariableBytes(type, *columns[f], i);
    }
  }
  UnsafeRows out;
  out.offsets_.resize(rows + 1);
  for (int64_t i = 0; i < rows; ++i) out.offsets_[i + 1] = out.offsets_[i] + sizes[i];
  out.data_.resize(out.offsets_[rows]);
  std::vector<size_t>& cursors = sizes;
  std::fill(cursors.begin(), cursors.end(), fixed);
  for (size_t f = 0; f < fields.size(); ++f) {
    const DataType& type = Storage(*fields[f].type);
    if (rows > 0 &&
        (WriteFixedColumn(type, *columns[f], f, BitsetBytes(fields.size()), out.offsets_, out.data_.data()) ||
         WriteFlatStruct(type, *columns[f], f, BitsetBytes(fields.size()), out.offsets_, &cursors, out.data_.data()))) {
      continue;
    }
    for (int64_t i = 0; i < rows; ++i) {
      WriteField(type, *columns[f], i, f, fields.size(), out.data_.data() + out.offsets_[i], &cursors[i]);
    }
  }
  return out;
}

}  // namespace sluice::state
