// Text of single values.
#include "formats/value_text.h"

#include <fmt/format.h>

#include "base/error.h"
#include "types/interval.h"
#include "types/number_text.h"

namespace sluice::formats {
namespace {

using types::TypeId;

template <typename ArrayType>
auto Get(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).Value(row);
}

void AppendBinary(std::string_view bytes, std::string* out) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  *out += '[';
  for (size_t i = 0; i < bytes.size(); ++i) {
    auto byte = static_cast<unsigned char>(bytes[i]);
    if (i > 0) *out += ' ';
    *out += kHex[byte >> 4];
    *out += kHex[byte & 15];
  }
  *out += ']';
}

}  // namespace

void AppendBigDecimal(const arrow::Decimal128& value, int scale, std::string* out) {
  std::string digits = value.ToIntegerString();
  bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  int adjusted = static_cast<int>(digits.size()) - 1 - scale;
  if (adjusted >= -6) {
    *out += types::FormatDecimal(value, scale);
    return;
  }
  if (negative) *out += '-';
  *out += digits[0];
  if (digits.size() > 1) {
    *out += '.';
    out->append(digits, 1);
  }
  fmt::format_to(std::back_inserter(*out), "E{}", adjusted);
}

void AppendPlainValue(const types::DataType& type, const arrow::Array& array, int64_t row,
                      const DateTimeWriter& datetimes, std::string* out) {
  switch (type.id()) {
    case TypeId::kBoolean:
      *out += Get<arrow::BooleanArray>(array, row) ? "true" : "false";
      return;
    case TypeId::kByte:
      fmt::format_to(std::back_inserter(*out), "{}", static_cast<int>(Get<arrow::Int8Array>(array, row)));
      return;
    case TypeId::kShort:
      fmt::format_to(std::back_inserter(*out), "{}", Get<arrow::Int16Array>(array, row));
      return;
    case TypeId::kInteger:
      fmt::format_to(std::back_inserter(*out), "{}", Get<arrow::Int32Array>(array, row));
      return;
    case TypeId::kLong:
      fmt::format_to(std::back_inserter(*out), "{}", Get<arrow::Int64Array>(array, row));
      return;
    case TypeId::kFloat:
      types::AppendFloat(Get<arrow::FloatArray>(array, row), out);
      return;
    case TypeId::kDouble:
      types::AppendDouble(Get<arrow::DoubleArray>(array, row), out);
      return;
    case TypeId::kDecimal:
      AppendBigDecimal(arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(array).GetValue(row)), type.scale(),
                       out);
      return;
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
      *out += static_cast<const arrow::StringArray&>(array).GetView(row);
      return;
    case TypeId::kBinary:
      AppendBinary(static_cast<const arrow::BinaryArray&>(array).GetView(row), out);
      return;
    case TypeId::kDate:
      datetimes.Date(Get<arrow::Date32Array>(array, row), out);
      return;
    case TypeId::kTimestamp:
      datetimes.Timestamp(Get<arrow::TimestampArray>(array, row), out);
      return;
    case TypeId::kTimestampNtz:
      datetimes.TimestampNtz(Get<arrow::TimestampArray>(array, row), out);
      return;
    case TypeId::kTime:
      datetimes.Time(Get<arrow::Time64Array>(array, row), out);
      return;
    case TypeId::kDayTimeInterval:
      *out += types::FormatDayTimeInterval(Get<arrow::DurationArray>(array, row), type.interval());
      return;
    case TypeId::kYearMonthInterval:
      *out += types::FormatYearMonthInterval(Get<arrow::Int32Array>(array, row), type.interval());
      return;
    case TypeId::kUdt:
      AppendPlainValue(*type.sql_type(), array, row, datetimes, out);
      return;
    default:
      throw base::Error::Unsupported("writing values of type " + type.Sql() + " as text");
  }
}

}  // namespace sluice::formats
