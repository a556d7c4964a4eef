// Order-preserving encoding, a column at a time.
#include "functions/sort_keys.h"

#include <arrow/array/array_nested.h>

#include <bit>
#include <limits>

#include "base/error.h"
#include "functions/columns.h"
#include "functions/writers.h"

namespace sluice::functions {

using types::TypeId;
using types::TypePtr;

namespace {

constexpr char kEnd = 0;  // of a list: less than any element
constexpr char kNull = 1;
constexpr char kValue = 2;

template <typename U>
void AppendBigEndian(TextWriter& out, U value) {
  char* at = out.Claim(sizeof(U));
  for (size_t i = 0; i < sizeof(U); ++i) at[i] = static_cast<char>(value >> (8 * (sizeof(U) - 1 - i)));
}

template <typename T>
void AppendOrdered(TextWriter& out, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    out.Append(static_cast<char>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    using U = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
    if (value == 0) value = 0;  // -0.0
    if (value != value) value = std::numeric_limits<T>::quiet_NaN();
    auto bits = std::bit_cast<U>(value);
    constexpr U kSign = U{1} << (sizeof(U) * 8 - 1);
    AppendBigEndian(out, static_cast<U>(bits & kSign ? ~bits : bits | kSign));
  } else if constexpr (std::is_same_v<T, Int128>) {
    constexpr auto kSign = static_cast<unsigned __int128>(1) << 127;
    AppendBigEndian(out, static_cast<unsigned __int128>(value) ^ kSign);
  } else if constexpr (std::is_same_v<T, CalendarValue>) {
    AppendOrdered(out, value.months);
    AppendOrdered(out, value.days);
    AppendOrdered(out, value.nanos);
  } else {
    using U = std::make_unsigned_t<T>;
    constexpr U kSign = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));
    AppendBigEndian(out, static_cast<U>(static_cast<U>(value) ^ kSign));
  }
}

/// Bytes with 0 escaped, so that a shorter text that is a prefix sorts first whatever follows.
template <>
void AppendOrdered(TextWriter& out, std::string_view value) {
  for (char c : value) {
    out.Append(c);
    if (c == 0) out.Append('\xff');
  }
  out.Append('\0');
  out.Append('\0');
}

template <typename Body>
std::shared_ptr<arrow::Array> Rows(const ColumnBase& column, Body&& body) {
  int64_t rows = column.length();
  TextWriter out(arrow::binary(), rows);
  for (int64_t row = 0; row < rows; ++row) {
    if (column.valid(row)) {
      out.Append(kValue);
      body(out, row);
    } else {
      out.Append(kNull);
    }
    out.EndRow();
  }
  return out.Finish();
}

template <typename T>
std::shared_ptr<arrow::Array> Primitive(const std::shared_ptr<arrow::Array>& values) {
  Column<T> column(values);
  return Rows(column, [&](TextWriter& out, int64_t row) { AppendOrdered<T>(out, column[row]); });
}

std::shared_ptr<arrow::Array> Lists(const std::shared_ptr<arrow::Array>& values,
                                    const std::vector<std::shared_ptr<arrow::Array>>& children) {
  Column<Range> lists(values);
  std::vector<Column<std::string_view>> keys;
  for (const auto& child : children) keys.emplace_back(child);
  return Rows(lists, [&](TextWriter& out, int64_t row) {
    Range range = lists[row];
    for (int64_t i = range.begin; i < range.end; ++i) {
      for (const auto& key : keys) out.Append(key[i]);
    }
    out.Append(kEnd);
  });
}

std::shared_ptr<arrow::Array> Structs(const TypePtr& type, const std::shared_ptr<arrow::Array>& values) {
  const auto& structs = static_cast<const arrow::StructArray&>(*values);
  std::vector<Column<std::string_view>> keys;
  for (size_t i = 0; i < type->fields().size(); ++i) {
    keys.emplace_back(SortKeys(type->fields()[i].type, structs.field(static_cast<int>(i))));
  }
  ColumnBase column(values);
  return Rows(column, [&](TextWriter& out, int64_t row) {
    for (const auto& key : keys) out.Append(key[row]);
  });
}

}  // namespace

std::shared_ptr<arrow::Array> SortKeys(const TypePtr& type, const std::shared_ptr<arrow::Array>& values) {
  switch (type->id()) {
    case TypeId::kNull: {
      TextWriter out(arrow::binary(), values->length());
      for (int64_t row = 0; row < values->length(); ++row) {
        out.Append(kNull);
        out.EndRow();
      }
      return out.Finish();
    }
    case TypeId::kBoolean:
      return Primitive<bool>(values);
    case TypeId::kByte:
      return Primitive<int8_t>(values);
    case TypeId::kShort:
      return Primitive<int16_t>(values);
    case TypeId::kInteger:
    case TypeId::kDate:
    case TypeId::kYearMonthInterval:
      return Primitive<int32_t>(values);
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
    case TypeId::kDayTimeInterval:
      return Primitive<int64_t>(values);
    case TypeId::kFloat:
      return Primitive<float>(values);
    case TypeId::kDouble:
      return Primitive<double>(values);
    case TypeId::kDecimal:
      return Primitive<Int128>(values);
    case TypeId::kCalendarInterval:
      return Primitive<CalendarValue>(values);
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary:
      return Primitive<std::string_view>(values);
    case TypeId::kArray:
      return Lists(values, {SortKeys(type->element(), arrow::MakeArray(values->data()->child_data[0]))});
    case TypeId::kMap: {
      arrow::StructArray entries(values->data()->child_data[0]);
      return Lists(values, {SortKeys(type->key(), entries.field(0)), SortKeys(type->value(), entries.field(1))});
    }
    case TypeId::kStruct:
      return Structs(type, values);
    case TypeId::kUdt:
      return SortKeys(type->sql_type(), values);
    case TypeId::kVariant:
      break;
  }
  throw base::Error::Unsupported("Comparing values of type " + type->Sql());
}

}  // namespace sluice::functions
