// Encodes column by column for flat types; nested values recursively.
#include "exec/key_encoder.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_decimal.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/arrow_status.h"
#include "base/error.h"

namespace sluice::exec {
namespace {

// 0 for what is only null or not, -1 for types without a fixed width.
int WidthOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
    case arrow::Type::STRUCT:
      return 0;
    case arrow::Type::BOOL:
      return 1;
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return -1;
    default:
      return type.byte_width();
  }
}

template <typename Float, typename Bits>
Bits CanonicalBits(Float value) {
  if (value == 0) return 0;
  if (std::isnan(value)) return std::bit_cast<Bits>(std::numeric_limits<Float>::quiet_NaN());
  return std::bit_cast<Bits>(value);
}

// The value bytes of row `i` of a fixed-width column.
template <int kWidth>
struct PlainReader {
  const uint8_t* data;
  void operator()(int64_t i, uint8_t* out) const { std::memcpy(out, data + i * kWidth, kWidth); }
};
struct BoolReader {
  const arrow::BooleanArray& array;
  void operator()(int64_t i, uint8_t* out) const { *out = array.Value(i); }
};
template <typename Float, typename Bits>
struct FloatReader {
  const Float* data;
  void operator()(int64_t i, uint8_t* out) const {
    Bits bits = CanonicalBits<Float, Bits>(data[i]);
    std::memcpy(out, &bits, sizeof(bits));
  }
};

template <typename Body>
void WithReader(const arrow::Array& array, Body&& body) {
  const arrow::ArrayData& data = *array.data();
  if (array.type_id() == arrow::Type::BOOL) {
    return body(BoolReader{static_cast<const arrow::BooleanArray&>(array)});
  }
  if (array.type_id() == arrow::Type::FLOAT) return body(FloatReader<float, uint32_t>{data.GetValues<float>(1)});
  if (array.type_id() == arrow::Type::DOUBLE) return body(FloatReader<double, uint64_t>{data.GetValues<double>(1)});
  int width = array.type()->byte_width();
  const uint8_t* values = data.buffers[1]->data() + data.offset * width;
  switch (width) {
    case 1:
      return body(PlainReader<1>{values});
    case 2:
      return body(PlainReader<2>{values});
    case 4:
      return body(PlainReader<4>{values});
    case 8:
      return body(PlainReader<8>{values});
    case 16:
      return body(PlainReader<16>{values});
    default:
      throw base::Error::Internal("no key encoding of " + array.type()->ToString());
  }
}

void AppendValue(const arrow::Array& array, int64_t i, std::string* out);

void AppendLength(int64_t length, std::string* out) {
  auto value = static_cast<uint32_t>(length);
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendMap(const arrow::MapArray& map, int64_t i, std::string* out) {
  std::vector<std::string> entries;
  for (int64_t k = map.value_offset(i); k < map.value_offset(i + 1); ++k) {
    std::string& entry = entries.emplace_back();
    AppendValue(*map.keys(), k, &entry);
    AppendValue(*map.items(), k, &entry);
  }
  std::sort(entries.begin(), entries.end());
  AppendLength(static_cast<int64_t>(entries.size()), out);
  for (const std::string& entry : entries) *out += entry;
}

void AppendValue(const arrow::Array& array, int64_t i, std::string* out) {
  bool null = array.IsNull(i);
  out->push_back(null ? 1 : 0);
  if (null) return;
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      auto view = static_cast<const arrow::BinaryArray&>(array).GetView(i);
      AppendLength(static_cast<int64_t>(view.size()), out);
      out->append(view);
      return;
    }
    case arrow::Type::STRUCT: {
      const auto& fields = static_cast<const arrow::StructArray&>(array);
      for (int f = 0; f < fields.num_fields(); ++f) AppendValue(*fields.field(f), i, out);
      return;
    }
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      AppendLength(list.value_length(i), out);
      for (int64_t k = list.value_offset(i); k < list.value_offset(i + 1); ++k) AppendValue(*list.values(), k, out);
      return;
    }
    case arrow::Type::MAP:
      return AppendMap(static_cast<const arrow::MapArray&>(array), i, out);
    default: {
      uint8_t value[16];
      int width = WidthOf(*array.type());
      WithReader(array, [&](const auto& reader) { reader(i, value); });
      out->append(reinterpret_cast<const char*>(value), width);
    }
  }
}

// A struct is a column that is null or not, and its fields.
void FlattenType(const arrow::DataType& type, std::vector<int>* widths) {
  widths->push_back(WidthOf(type));
  if (type.id() != arrow::Type::STRUCT) return;
  for (const auto& field : type.fields()) FlattenType(*field->type(), widths);
}

void FlattenColumn(const std::shared_ptr<arrow::Array>& column, arrow::ArrayVector* out) {
  out->push_back(column);
  if (column->type_id() != arrow::Type::STRUCT) return;
  const auto& fields = static_cast<const arrow::StructArray&>(*column);
  // The fields of a null are null, whatever lies there.
  for (const auto& field : column->null_count() > 0 ? base::ValueOrThrow(fields.Flatten()) : fields.fields()) {
    FlattenColumn(field, out);
  }
}

arrow::ArrayVector Flattened(const arrow::ArrayVector& columns) {
  arrow::ArrayVector out;
  for (const auto& column : columns) FlattenColumn(column, &out);
  return out;
}

}  // namespace

KeyEncoder::KeyEncoder(const std::vector<std::shared_ptr<arrow::DataType>>& types) {
  for (const auto& type : types) FlattenType(*type, &widths_);
  int total = 0;
  bool fixed = true;
  for (int width : widths_) {
    fixed = fixed && width >= 0;
    total += std::max(width, 0);
  }
  total += static_cast<int>(widths_.size() + 7) / 8;
  fixed_size_ = fixed ? (total + 7) / 8 * 8 : 0;
}

void KeyEncoder::EncodeFixed(const arrow::ArrayVector& given, int64_t rows, std::vector<uint64_t>* out) const {
  arrow::ArrayVector columns = Flattened(given);
  out->assign(rows * (fixed_size_ / 8), 0);
  auto* base = reinterpret_cast<uint8_t*>(out->data());
  int position = 0;
  for (int width : widths_) position += width;
  uint8_t* nulls = base + position;
  position = 0;
  for (size_t c = 0; c < columns.size(); ++c) {
    const arrow::Array& column = *columns[c];
    uint8_t bit = static_cast<uint8_t>(1u << (c % 8));
    uint8_t* null_byte = nulls + c / 8;
    if (widths_[c] == 0) {
      for (int64_t i = 0; i < rows && column.null_count() > 0; ++i) {
        if (column.IsNull(i)) null_byte[i * fixed_size_] |= bit;
      }
      continue;
    }
    uint8_t* target = base + position;
    WithReader(column, [&](const auto& reader) {
      if (column.null_count() == 0) {
        for (int64_t i = 0; i < rows; ++i) reader(i, target + i * fixed_size_);
        return;
      }
      for (int64_t i = 0; i < rows; ++i) {
        if (column.IsNull(i)) {
          null_byte[i * fixed_size_] |= bit;
        } else {
          reader(i, target + i * fixed_size_);
        }
      }
    });
    position += widths_[c];
  }
}

void KeyEncoder::Encode(const arrow::ArrayVector& given, int64_t rows, EncodedKeys* out) const {
  arrow::ArrayVector columns = Flattened(given);
  std::vector<uint32_t> sizes(rows, 0);
  std::vector<std::vector<std::string>> nested(columns.size());
  for (size_t c = 0; c < columns.size(); ++c) {
    const arrow::Array& column = *columns[c];
    if (widths_[c] >= 0) {
      for (int64_t i = 0; i < rows; ++i) sizes[i] += 1 + widths_[c];
    } else if (column.type()->num_fields() == 0) {
      const auto& binary = static_cast<const arrow::BinaryArray&>(column);
      for (int64_t i = 0; i < rows; ++i) sizes[i] += 5 + (column.IsNull(i) ? 0 : binary.value_length(i));
    } else {
      nested[c].resize(rows);
      for (int64_t i = 0; i < rows; ++i) {
        AppendValue(column, i, &nested[c][i]);
        sizes[i] += static_cast<uint32_t>(nested[c][i].size());
      }
    }
  }
  out->offsets.resize(rows + 1);
  uint32_t offset = 0;
  for (int64_t i = 0; i < rows; ++i) {
    out->offsets[i] = offset;
    offset += sizes[i];
  }
  out->offsets[rows] = offset;
  out->bytes.resize(offset);
  std::vector<uint32_t> cursor(out->offsets.begin(), out->offsets.end() - 1);
  uint8_t* bytes = out->bytes.data();
  for (size_t c = 0; c < columns.size(); ++c) {
    const arrow::Array& column = *columns[c];
    if (widths_[c] == 0) {
      for (int64_t i = 0; i < rows; ++i) bytes[cursor[i]++] = column.IsNull(i);
    } else if (widths_[c] >= 0) {
      int width = widths_[c];
      WithReader(column, [&](const auto& reader) {
        for (int64_t i = 0; i < rows; ++i) {
          uint8_t* at = bytes + cursor[i];
          *at = column.IsNull(i);
          if (*at) {
            std::memset(at + 1, 0, width);
          } else {
            reader(i, at + 1);
          }
          cursor[i] += 1 + width;
        }
      });
    } else if (column.type()->num_fields() == 0) {
      const auto& binary = static_cast<const arrow::BinaryArray&>(column);
      for (int64_t i = 0; i < rows; ++i) {
        uint8_t* at = bytes + cursor[i];
        *at = column.IsNull(i);
        auto view = *at ? std::string_view() : binary.GetView(i);
        auto length = static_cast<uint32_t>(view.size());
        std::memcpy(at + 1, &length, sizeof(length));
        if (!view.empty()) std::memcpy(at + 5, view.data(), view.size());
        cursor[i] += 5 + length;
      }
    } else {
      for (int64_t i = 0; i < rows; ++i) {
        if (!nested[c][i].empty()) std::memcpy(bytes + cursor[i], nested[c][i].data(), nested[c][i].size());
        cursor[i] += static_cast<uint32_t>(nested[c][i].size());
      }
    }
  }
}

namespace {

template <typename Float>
std::shared_ptr<arrow::Array> Normalize(const std::shared_ptr<arrow::Array>& values) {
  const arrow::ArrayData& data = *values->data();
  const Float* in = data.GetValues<Float>(1);
  bool odd = false;
  for (int64_t i = 0; i < data.length; ++i) odd |= std::isnan(in[i]) || (in[i] == 0 && std::signbit(in[i]));
  if (!odd) return values;
  auto buffer = base::ValueOrThrow(arrow::AllocateBuffer((data.offset + data.length) * sizeof(Float)));
  auto* out = reinterpret_cast<Float*>(buffer->mutable_data()) + data.offset;
  for (int64_t i = 0; i < data.length; ++i) {
    out[i] = std::isnan(in[i]) ? std::numeric_limits<Float>::quiet_NaN() : in[i] == 0 ? Float(0) : in[i];
  }
  auto copy = data.Copy();
  copy->buffers[1] = std::move(buffer);
  return arrow::MakeArray(copy);
}

}  // namespace

std::shared_ptr<arrow::Array> NormalizeFloats(const std::shared_ptr<arrow::Array>& values) {
  if (values->type_id() == arrow::Type::DOUBLE) return Normalize<double>(values);
  if (values->type_id() == arrow::Type::FLOAT) return Normalize<float>(values);
  std::shared_ptr<arrow::ArrayData> normalized;
  for (size_t i = 0; i < values->data()->child_data.size(); ++i) {
    auto child = arrow::MakeArray(values->data()->child_data[i]);
    auto changed = NormalizeFloats(child);
    if (changed == child) continue;
    if (!normalized) normalized = values->data()->Copy();
    normalized->child_data[i] = changed->data();
  }
  return normalized ? arrow::MakeArray(normalized) : values;
}

}  // namespace sluice::exec
