// Construction and texts of constants.
#include "types/literal.h"

#include <arrow/array.h>
#include <arrow/util/string.h>
#include <fmt/format.h>

#include <cmath>

#include "types/datetime_text.h"
#include "types/interval.h"
#include "types/number_text.h"

namespace sluice::types {
namespace {

template <typename S>
const S& As(const arrow::Scalar& scalar) {
  return static_cast<const S&>(scalar);
}

Literal Make(TypePtr type, std::shared_ptr<arrow::Scalar> value) { return {std::move(type), std::move(value)}; }

std::string_view Bytes(const arrow::Scalar& scalar) { return As<arrow::BaseBinaryScalar>(scalar).view(); }

std::string QuoteString(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + "'";
}

template <typename T>
std::string Float(T value, const char* type, const std::string& text) {
  if (std::isnan(value) || std::isinf(value)) return fmt::format("CAST('{}' AS {})", text, type);
  return std::string(type) == "DOUBLE" ? text + "D" : fmt::format("CAST({} AS FLOAT)", text);
}

std::string Number(const Literal& literal, bool for_sql) {
  const arrow::Scalar& value = *literal.value;
  switch (literal.type->id()) {
    case TypeId::kByte:
      return fmt::format("{}{}", As<arrow::Int8Scalar>(value).value, for_sql ? "Y" : "");
    case TypeId::kShort:
      return fmt::format("{}{}", As<arrow::Int16Scalar>(value).value, for_sql ? "S" : "");
    case TypeId::kInteger:
      return fmt::format("{}", As<arrow::Int32Scalar>(value).value);
    case TypeId::kLong:
      return fmt::format("{}{}", As<arrow::Int64Scalar>(value).value, for_sql ? "L" : "");
    case TypeId::kFloat: {
      float number = As<arrow::FloatScalar>(value).value;
      return for_sql ? Float(number, "FLOAT", FormatFloat(number)) : FormatFloat(number);
    }
    case TypeId::kDouble: {
      double number = As<arrow::DoubleScalar>(value).value;
      return for_sql ? Float(number, "DOUBLE", FormatDouble(number)) : FormatDouble(number);
    }
    default: {
      std::string text = FormatDecimal(As<arrow::Decimal128Scalar>(value).value, literal.type->scale());
      return for_sql ? text + "BD" : text;
    }
  }
}

std::string Joined(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, ", ")); }

Literal Element(const TypePtr& type, const arrow::Array& values, int64_t index) {
  return {type, values.GetScalar(index).ValueOr(nullptr)};
}

std::string Collection(const Literal& literal, const TimeZone& zone) {
  std::vector<std::string> parts;
  const DataType& type = *literal.type;
  if (type.Is(TypeId::kStruct)) {
    const auto& children = As<arrow::StructScalar>(*literal.value).value;
    for (size_t i = 0; i < children.size(); ++i) {
      parts.push_back(QuoteString(type.fields()[i].name));
      parts.push_back(Literal{type.fields()[i].type, children[i]}.ToString(true, zone));
    }
    return "NAMED_STRUCT(" + Joined(parts) + ")";
  }
  const arrow::Array& values = *As<arrow::BaseListScalar>(*literal.value).value;
  if (type.Is(TypeId::kArray)) {
    for (int64_t i = 0; i < values.length(); ++i)
      parts.push_back(Element(type.element(), values, i).ToString(true, zone));
    return "ARRAY(" + Joined(parts) + ")";
  }
  const auto& entries = static_cast<const arrow::StructArray&>(values);
  for (int64_t i = 0; i < entries.length(); ++i) {
    parts.push_back(Element(type.key(), *entries.field(0), i).ToString(true, zone));
    parts.push_back(Element(type.value(), *entries.field(1), i).ToString(true, zone));
  }
  return "MAP(" + Joined(parts) + ")";
}

}  // namespace

Literal Literal::Null(TypePtr type) {
  auto value = arrow::MakeNullScalar(ToArrow(type));
  return Make(std::move(type), std::move(value));
}
Literal Literal::Boolean(bool v) { return Make(types::Boolean(), std::make_shared<arrow::BooleanScalar>(v)); }
Literal Literal::Byte(int8_t v) { return Make(types::Byte(), std::make_shared<arrow::Int8Scalar>(v)); }
Literal Literal::Short(int16_t v) { return Make(types::Short(), std::make_shared<arrow::Int16Scalar>(v)); }
Literal Literal::Integer(int32_t v) { return Make(types::Integer(), std::make_shared<arrow::Int32Scalar>(v)); }
Literal Literal::Long(int64_t v) { return Make(types::Long(), std::make_shared<arrow::Int64Scalar>(v)); }
Literal Literal::Float(float v) { return Make(types::Float(), std::make_shared<arrow::FloatScalar>(v)); }
Literal Literal::Double(double v) { return Make(types::Double(), std::make_shared<arrow::DoubleScalar>(v)); }
Literal Literal::Decimal(const arrow::Decimal128& v, int precision, int scale) {
  return Make(types::Decimal(precision, scale),
              std::make_shared<arrow::Decimal128Scalar>(v, arrow::decimal128(precision, scale)));
}
Literal Literal::String(std::string v) {
  return Make(types::String(), std::make_shared<arrow::StringScalar>(std::move(v)));
}
Literal Literal::Binary(std::string v) {
  return Make(types::Binary(), std::make_shared<arrow::BinaryScalar>(std::move(v)));
}
Literal Literal::Date(int32_t days) { return Make(types::Date(), std::make_shared<arrow::Date32Scalar>(days)); }
Literal Literal::Time(int64_t nanos, int precision) {
  return Make(types::Time(precision), std::make_shared<arrow::Time64Scalar>(nanos, arrow::TimeUnit::NANO));
}
Literal Literal::Timestamp(int64_t micros) {
  return Make(types::Timestamp(), std::make_shared<arrow::TimestampScalar>(micros, ToArrow(types::Timestamp())));
}
Literal Literal::TimestampNtz(int64_t micros) {
  return Make(types::TimestampNtz(), std::make_shared<arrow::TimestampScalar>(micros, ToArrow(types::TimestampNtz())));
}
Literal Literal::DayTimeInterval(int64_t micros, IntervalFields fields) {
  return Make(types::DayTimeInterval(fields),
              std::make_shared<arrow::DurationScalar>(micros, arrow::duration(arrow::TimeUnit::MICRO)));
}
Literal Literal::YearMonthInterval(int32_t months, IntervalFields fields) {
  return Make(types::YearMonthInterval(fields), std::make_shared<arrow::Int32Scalar>(months));
}
Literal Literal::CalendarInterval(const Interval& v) {
  arrow::MonthDayNanoIntervalType::MonthDayNanos parts{v.months, v.days, v.micros * 1000};
  return Make(types::CalendarInterval(), std::make_shared<arrow::MonthDayNanoIntervalScalar>(parts));
}

std::string Literal::ToString(bool for_sql, const TimeZone& zone) const {
  if (is_null()) {
    if (!for_sql || type->Is(TypeId::kNull)) return "NULL";
    return fmt::format("CAST(NULL AS {})", type->Sql());
  }
  if (type->IsNumeric()) return Number(*this, for_sql);
  switch (type->id()) {
    case TypeId::kBoolean:
      return As<arrow::BooleanScalar>(*value).value ? "true" : "false";
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
      return for_sql ? QuoteString(Bytes(*value)) : std::string(Bytes(*value));
    case TypeId::kBinary:
      return fmt::format("X'{}'", arrow::HexEncode(Bytes(*value)));
    case TypeId::kDate:
      return fmt::format("DATE '{}'", FormatDate(As<arrow::Date32Scalar>(*value).value));
    case TypeId::kTime:
      return fmt::format("TIME '{}'", FormatTime(As<arrow::Time64Scalar>(*value).value));
    case TypeId::kTimestamp:
      return fmt::format("TIMESTAMP '{}'", FormatTimestamp(As<arrow::TimestampScalar>(*value).value, zone));
    case TypeId::kTimestampNtz:
      return fmt::format("TIMESTAMP_NTZ '{}'", FormatLocalTimestamp(As<arrow::TimestampScalar>(*value).value));
    case TypeId::kDayTimeInterval:
      return FormatDayTimeInterval(As<arrow::DurationScalar>(*value).value, type->interval());
    case TypeId::kYearMonthInterval:
      return FormatYearMonthInterval(As<arrow::Int32Scalar>(*value).value, type->interval());
    case TypeId::kCalendarInterval: {
      const auto& parts = As<arrow::MonthDayNanoIntervalScalar>(*value).value;
      return fmt::format("INTERVAL '{}'", types::ToString({parts.months, parts.days, parts.nanoseconds / 1000}));
    }
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kStruct:
      return Collection(*this, zone);
    case TypeId::kUdt:
      return Literal{type->sql_type(), value}.ToString(for_sql, zone);
    default:
      return value->ToString();
  }
}

}  // namespace sluice::types
