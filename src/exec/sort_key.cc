// Big-endian, sign-flipped numbers and terminated strings; descending columns have all bits inverted.
#include "exec/sort_key.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_decimal.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace sluice::exec {
namespace {

// Appends to a row's bytes; inverts what it appends in a descending column.
struct Writer {
  std::string* out;
  uint8_t flip;
  void Byte(uint8_t value) { out->push_back(static_cast<char>(value ^ flip)); }
};

template <typename T>
void WriteBigEndian(T value, Writer& writer) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    writer.Byte(static_cast<uint8_t>(value >> shift));
  }
}

template <typename T>
auto OrderedBits(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
    if (value == 0) value = 0;
    if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
    Bits bits = std::bit_cast<Bits>(value);
    constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
    return (bits & kSign) ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | kSign);
  } else {
    using Bits = std::make_unsigned_t<T>;
    return static_cast<Bits>(static_cast<Bits>(value) ^ (Bits{1} << (sizeof(Bits) * 8 - 1)));
  }
}

void WriteString(std::string_view text, Writer& writer) {
  for (char c : text) {
    writer.Byte(static_cast<uint8_t>(c));
    if (c == 0) writer.Byte(0xff);
  }
  writer.Byte(0);
  writer.Byte(0);
}

void WriteValue(const arrow::Array& array, int64_t i, Writer& writer);

// Inside nested values null is the smallest.
void WriteNested(const arrow::Array& array, int64_t i, Writer& writer) {
  writer.Byte(array.IsNull(i) ? 0 : 1);
  if (!array.IsNull(i)) WriteValue(array, i, writer);
}

template <typename ArrayType>
void WriteNumber(const arrow::Array& array, int64_t i, Writer& writer) {
  WriteBigEndian(OrderedBits(static_cast<const ArrayType&>(array).Value(i)), writer);
}

void WriteDecimal(const arrow::Array& array, int64_t i, Writer& writer) {
  const uint8_t* bytes = static_cast<const arrow::Decimal128Array&>(array).GetValue(i);
  for (int b = 15; b >= 0; --b) writer.Byte(static_cast<uint8_t>(bytes[b] ^ (b == 15 ? 0x80 : 0)));
}

void WriteValue(const arrow::Array& array, int64_t i, Writer& writer) {
  switch (array.type_id()) {
    case arrow::Type::NA:
      return;
    case arrow::Type::BOOL:
      return writer.Byte(static_cast<const arrow::BooleanArray&>(array).Value(i));
    case arrow::Type::INT8:
      return WriteNumber<arrow::Int8Array>(array, i, writer);
    case arrow::Type::INT16:
      return WriteNumber<arrow::Int16Array>(array, i, writer);
    case arrow::Type::INT32:
      return WriteNumber<arrow::Int32Array>(array, i, writer);
    case arrow::Type::DATE32:
      return WriteNumber<arrow::Date32Array>(array, i, writer);
    case arrow::Type::INT64:
      return WriteNumber<arrow::Int64Array>(array, i, writer);
    case arrow::Type::TIMESTAMP:
      return WriteNumber<arrow::TimestampArray>(array, i, writer);
    case arrow::Type::DURATION:
      return WriteNumber<arrow::DurationArray>(array, i, writer);
    case arrow::Type::TIME64:
      return WriteNumber<arrow::Time64Array>(array, i, writer);
    case arrow::Type::FLOAT:
      return WriteNumber<arrow::FloatArray>(array, i, writer);
    case arrow::Type::DOUBLE:
      return WriteNumber<arrow::DoubleArray>(array, i, writer);
    case arrow::Type::DECIMAL128:
      return WriteDecimal(array, i, writer);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return WriteString(static_cast<const arrow::BinaryArray&>(array).GetView(i), writer);
    case arrow::Type::STRUCT: {
      const auto& fields = static_cast<const arrow::StructArray&>(array);
      for (int f = 0; f < fields.num_fields(); ++f) WriteNested(*fields.field(f), i, writer);
      return;
    }
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      for (int64_t k = list.value_offset(i); k < list.value_offset(i + 1); ++k) {
        writer.Byte(1);
        WriteNested(*list.values(), k, writer);
      }
      return writer.Byte(0);
    }
    default:
      throw base::Error::Internal("no order of " + array.type()->ToString());
  }
}

// One column without nulls of a 64-bit type: the whole key is one word.
bool IsWord(const arrow::Array& column) {
  switch (column.type_id()) {
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DOUBLE:
      return column.null_count() == 0;
    default:
      return false;
  }
}

}  // namespace

SortKeys::SortKeys(const arrow::ArrayVector& columns, const std::vector<SortDirection>& directions, int64_t rows) {
  offsets_.resize(rows + 1, 0);
  if (columns.size() == 1 && IsWord(*columns[0])) {
    bytes_.resize(rows * 8);
    uint64_t flip = directions[0].ascending ? 0 : ~uint64_t{0};
    const arrow::ArrayData& data = *columns[0]->data();
    for (int64_t i = 0; i < rows; ++i) {
      uint64_t bits = columns[0]->type_id() == arrow::Type::DOUBLE ? OrderedBits(data.GetValues<double>(1)[i])
                                                                   : OrderedBits(data.GetValues<int64_t>(1)[i]);
      bits = __builtin_bswap64(bits ^ flip);
      std::memcpy(bytes_.data() + i * 8, &bits, 8);
      offsets_[i + 1] = (i + 1) * 8;
    }
    return;
  }
  std::string row;
  for (int64_t i = 0; i < rows; ++i) {
    row.clear();
    for (size_t c = 0; c < columns.size(); ++c) {
      bool null = columns[c]->IsNull(i);
      row.push_back(static_cast<char>(null == directions[c].nulls_first ? 0 : 1));
      if (null) continue;
      Writer writer{&row, static_cast<uint8_t>(directions[c].ascending ? 0 : 0xff)};
      WriteValue(*columns[c], i, writer);
    }
    bytes_.insert(bytes_.end(), row.begin(), row.end());
    offsets_[i + 1] = bytes_.size();
  }
}

uint64_t SortKeys::prefix(int64_t i) const {
  uint64_t word = 0;
  std::string_view key = row(i);
  if (!key.empty()) std::memcpy(&word, key.data(), std::min<size_t>(8, key.size()));
  return __builtin_bswap64(word);
}

std::vector<int32_t> SortedRows(const SortKeys& keys, int64_t limit) {
  struct Entry {
    uint64_t prefix;
    int32_t row;
  };
  std::vector<Entry> entries(keys.rows());
  for (int64_t i = 0; i < keys.rows(); ++i) entries[i] = {keys.prefix(i), static_cast<int32_t>(i)};
  auto less = [&keys](const Entry& a, const Entry& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    std::string_view left = keys.row(a.row), right = keys.row(b.row);
    if (left.size() > 8 || right.size() > 8) {
      int order = left.compare(right);
      if (order != 0) return order < 0;
    }
    return a.row < b.row;
  };
  if (limit >= 0 && limit < static_cast<int64_t>(entries.size())) {
    std::partial_sort(entries.begin(), entries.begin() + limit, entries.end(), less);
    entries.resize(limit);
  } else {
    std::sort(entries.begin(), entries.end(), less);
  }
  std::vector<int32_t> rows(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) rows[i] = entries[i].row;
  return rows;
}

}  // namespace sluice::exec
