// UnsafeRows → Arrow columns, with every offset checked against its row.
#include <arrow/api.h>

#include <numeric>

#include "base/arrow_status.h"
#include "base/error.h"
#include "state/unsafe_layout.h"
#include "state/unsafe_row.h"

namespace sluice::state {
namespace {

using base::ThrowIfError;
using types::DataType;
using types::TypeId;

const DataType& Storage(const DataType& type) { return type.Is(TypeId::kUdt) ? *type.sql_type() : type; }

base::Error Damaged(const std::string& what) {
  return base::Error::Plain(base::ErrorKind::kIllegalState, "Damaged state row: " + what)
      .WithDomain(base::ErrorDomain::kExternal, false);
}

std::string_view Variable(std::string_view row, const char* slot) {
  uint64_t word = Load<uint64_t>(slot);
  uint64_t offset = word >> 32, size = word & 0xffffffff;
  if (offset + size > row.size()) throw Damaged("a field lies outside of its row");
  return row.substr(offset, size);
}

void AppendField(const DataType& type, std::string_view row, const char* slot, arrow::ArrayBuilder* builder);

void AppendDecimal(std::string_view big_endian, arrow::ArrayBuilder* builder) {
  if (big_endian.empty() || big_endian.size() > 16) throw Damaged("a decimal of a wrong size");
  auto value = arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(big_endian.data()),
                                                static_cast<int32_t>(big_endian.size()));
  ThrowIfError(static_cast<arrow::Decimal128Builder*>(builder)->Append(base::ValueOrThrow(value)));
}

// Appends the elements of an UnsafeArrayData to `builder`.
int64_t AppendElements(const DataType& element, std::string_view array, arrow::ArrayBuilder* builder) {
  if (array.size() < 8) throw Damaged("an array without a length");
  int64_t count = Load<int64_t>(array.data());
  size_t width = InlineBytes(element) ? InlineBytes(element) : 8;
  if (count < 0 || static_cast<uint64_t>(count) > array.size() * 8 ||
      8 + BitsetBytes(count) + width * count > array.size()) {
    throw Damaged("an array longer than its bytes");
  }
  const char* bitset = array.data() + 8;
  const char* slots = bitset + BitsetBytes(count);
  for (int64_t i = 0; i < count; ++i) {
    if (GetBit(bitset, i)) {
      ThrowIfError(builder->AppendNull());
    } else {
      AppendField(element, array, slots + width * i, builder);
    }
  }
  return count;
}

void AppendStruct(const DataType& type, std::string_view row, arrow::StructBuilder* builder) {
  size_t fields = type.fields().size();
  if (row.size() < FixedBytes(fields)) throw Damaged("fewer bytes than fields");
  ThrowIfError(builder->Append());
  for (size_t f = 0; f < fields; ++f) {
    arrow::ArrayBuilder* child = builder->field_builder(static_cast<int>(f));
    if (GetBit(row.data(), f)) {
      ThrowIfError(child->AppendNull());
    } else {
      AppendField(Storage(*type.fields()[f].type), row, row.data() + BitsetBytes(fields) + 8 * f, child);
    }
  }
}

template <typename Builder, typename T>
void AppendWord(const char* slot, arrow::ArrayBuilder* builder) {
  ThrowIfError(static_cast<Builder*>(builder)->Append(Load<T>(slot)));
}

void AppendField(const DataType& type, std::string_view row, const char* slot, arrow::ArrayBuilder* builder) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return ThrowIfError(static_cast<arrow::BooleanBuilder*>(builder)->Append(*slot != 0));
    case TypeId::kByte:
      return AppendWord<arrow::Int8Builder, int8_t>(slot, builder);
    case TypeId::kShort:
      return AppendWord<arrow::Int16Builder, int16_t>(slot, builder);
    case TypeId::kInteger:
    case TypeId::kYearMonthInterval:
      return AppendWord<arrow::Int32Builder, int32_t>(slot, builder);
    case TypeId::kDate:
      return AppendWord<arrow::Date32Builder, int32_t>(slot, builder);
    case TypeId::kLong:
      return AppendWord<arrow::Int64Builder, int64_t>(slot, builder);
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      return AppendWord<arrow::TimestampBuilder, int64_t>(slot, builder);
    case TypeId::kTime:
      return AppendWord<arrow::Time64Builder, int64_t>(slot, builder);
    case TypeId::kDayTimeInterval:
      return AppendWord<arrow::DurationBuilder, int64_t>(slot, builder);
    case TypeId::kFloat:
      return AppendWord<arrow::FloatBuilder, float>(slot, builder);
    case TypeId::kDouble:
      return AppendWord<arrow::DoubleBuilder, double>(slot, builder);
    case TypeId::kNull:
      return ThrowIfError(builder->AppendNull());
    case TypeId::kDecimal:
      if (type.precision() > kMaxLongDigits) return AppendDecimal(Variable(row, slot), builder);
      return ThrowIfError(
          static_cast<arrow::Decimal128Builder*>(builder)->Append(arrow::Decimal128(Load<int64_t>(slot))));
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary: {
      std::string_view bytes = Variable(row, slot);
      return ThrowIfError(static_cast<arrow::BinaryBuilder*>(builder)->Append(bytes));
    }
    case TypeId::kCalendarInterval: {
      std::string_view bytes = Variable(row, slot);
      if (bytes.size() != 16) throw Damaged("an interval of a wrong size");
      arrow::MonthDayNanoIntervalType::MonthDayNanos value{};
      value.months = Load<int32_t>(bytes.data());
      value.days = Load<int32_t>(bytes.data() + 4);
      // Intervals of more than 292 years don't fit Arrow's nanoseconds.
      if (__builtin_mul_overflow(Load<int64_t>(bytes.data() + 8), int64_t{1000}, &value.nanoseconds)) {
        throw Damaged("an interval beyond the range of nanoseconds");
      }
      return ThrowIfError(static_cast<arrow::MonthDayNanoIntervalBuilder*>(builder)->Append(value));
    }
    case TypeId::kArray: {
      auto* list = static_cast<arrow::ListBuilder*>(builder);
      ThrowIfError(list->Append());
      AppendElements(Storage(*type.element()), Variable(row, slot), list->value_builder());
      return;
    }
    case TypeId::kMap: {
      std::string_view bytes = Variable(row, slot);
      if (bytes.size() < 8) throw Damaged("a map without keys");
      uint64_t key_bytes = Load<uint64_t>(bytes.data());
      if (key_bytes > bytes.size() - 8) throw Damaged("a map longer than its bytes");
      auto* map = static_cast<arrow::MapBuilder*>(builder);
      ThrowIfError(map->Append());
      int64_t keys = AppendElements(Storage(*type.key()), bytes.substr(8, key_bytes), map->key_builder());
      int64_t values = AppendElements(Storage(*type.value()), bytes.substr(8 + key_bytes), map->item_builder());
      if (keys != values) throw Damaged("a map with more keys than values");
      return;
    }
    case TypeId::kStruct:
      return AppendStruct(type, Variable(row, slot), static_cast<arrow::StructBuilder*>(builder));
    default:
      throw base::Error::Unsupported("State of the type " + type.Sql());
  }
}

// Fixed-width columns are copied without a builder.
std::shared_ptr<arrow::Array> DecodeFixed(const std::shared_ptr<arrow::DataType>& type, int width, size_t index,
                                          size_t bitset_bytes, const std::vector<std::string_view>& rows) {
  auto count = static_cast<int64_t>(rows.size());
  auto values = base::ValueOrThrow(arrow::AllocateBuffer(count * width));
  auto valid = base::ValueOrThrow(arrow::AllocateBitmap(count));
  char* to = reinterpret_cast<char*>(values->mutable_data());
  auto* bits = reinterpret_cast<char*>(valid->mutable_data());
  std::memset(bits, 0, valid->size());
  int64_t nulls = 0;
  for (int64_t i = 0; i < count; ++i) {
    const char* row = rows[i].data();
    std::memcpy(to + i * width, row + bitset_bytes + 8 * index, width);
    if (GetBit(row, index)) {
      ++nulls;
    } else {
      SetBit(bits, i);
    }
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, count, {nulls ? std::shared_ptr<arrow::Buffer>(std::move(valid)) : nullptr, std::move(values)}, nulls));
}

}  // namespace

arrow::ArrayVector DecodeUnsafeRows(const DataType& schema, const std::vector<std::string_view>& rows) {
  std::vector<size_t> all(schema.fields().size());
  std::iota(all.begin(), all.end(), size_t{0});
  return DecodeUnsafeRows(schema, rows, all);
}

arrow::ArrayVector DecodeUnsafeRows(const DataType& schema, const std::vector<std::string_view>& rows,
                                    const std::vector<size_t>& fields) {
  size_t bitset_bytes = BitsetBytes(schema.fields().size()), fixed = FixedBytes(schema.fields().size());
  for (std::string_view row : rows) {
    if (row.size() < fixed) throw Damaged("fewer bytes than fields");
  }
  arrow::ArrayVector columns;
  for (size_t f : fields) {
    const DataType& type = Storage(*schema.fields()[f].type);
    auto arrow_type = types::ToArrow(schema.fields()[f].type);
    int width = InlineBytes(type);
    if (width && !type.Is(TypeId::kBoolean) && !type.Is(TypeId::kDecimal) && !type.Is(TypeId::kNull)) {
      columns.push_back(DecodeFixed(arrow_type, width, f, bitset_bytes, rows));
      continue;
    }
    std::unique_ptr<arrow::ArrayBuilder> builder;
    ThrowIfError(arrow::MakeBuilder(arrow::default_memory_pool(), arrow_type, &builder));
    ThrowIfError(builder->Reserve(static_cast<int64_t>(rows.size())));
    for (std::string_view row : rows) {
      if (GetBit(row.data(), f)) {
        ThrowIfError(builder->AppendNull());
      } else {
        AppendField(type, row, row.data() + bitset_bytes + 8 * f, builder.get());
      }
    }
    columns.push_back(base::ValueOrThrow(builder->Finish()));
  }
  return columns;
}

std::string FindUnsafeRowDefect(const DataType& schema, std::string_view row) {
  size_t fields = schema.fields().size();
  size_t bitset_bytes = BitsetBytes(fields), fixed = FixedBytes(fields);
  if (row.size() < fixed || row.size() % 8 != 0) {
    return "rowSizeInBytes should not be less than the fixed-length region and a multiple of 8, "
           "rowSizeInBytes: " +
           std::to_string(row.size()) + ", fixed-length region: " + std::to_string(fixed);
  }
  for (size_t f = 0; f < fields; ++f) {
    const DataType& type = Storage(*schema.fields()[f].type);
    const char* slot = row.data() + bitset_bytes + 8 * f;
    bool null = GetBit(row.data(), f);
    int width = InlineBytes(type);
    if (width) {
      if (null && Load<uint64_t>(slot) != 0) return "null field " + std::to_string(f) + " is not zero";
      if (!null && width < 8 && Load<uint64_t>(slot) >> (8 * width) != 0) {
        return "unused bytes of field " + std::to_string(f) + " are not zero";
      }
      continue;
    }
    uint64_t word = Load<uint64_t>(slot);
    uint64_t offset = word >> 32, size = word & 0xffffffff;
    bool reserved = type.Is(TypeId::kDecimal) || type.Is(TypeId::kCalendarInterval);
    if (null && !reserved) {
      if (word != 0) return "null field " + std::to_string(f) + " is not zero";
    } else if (offset < fixed || offset + size > row.size()) {
      return "field " + std::to_string(f) + " lies outside of the row, offset: " + std::to_string(offset) +
             ", size: " + std::to_string(size) + ", rowSizeInBytes: " + std::to_string(row.size());
    }
  }
  for (size_t b = fields; b < bitset_bytes * 8; ++b) {
    if (GetBit(row.data(), b)) return "the null bits have unused bits set";
  }
  return "";
}

}  // namespace sluice::state
