// A typed constant.
#pragma once

#include <arrow/scalar.h>

#include <memory>
#include <string>

#include "types/data_type.h"
#include "types/datetime_text.h"
#include "types/interval.h"

namespace sluice::types {

/// A constant of a Spark type; `value` has ToArrow(type) and may be null.
struct Literal {
  TypePtr type;
  std::shared_ptr<arrow::Scalar> value;

  bool is_null() const { return !value || !value->is_valid; }

  static Literal Null(TypePtr type);
  static Literal Boolean(bool v);
  static Literal Byte(int8_t v);
  static Literal Short(int16_t v);
  static Literal Integer(int32_t v);
  static Literal Long(int64_t v);
  static Literal Float(float v);
  static Literal Double(double v);
  static Literal Decimal(const arrow::Decimal128& v, int precision, int scale);
  static Literal String(std::string v);
  static Literal Binary(std::string v);
  static Literal Date(int32_t days);
  static Literal Time(int64_t nanos, int precision = 6);
  static Literal Timestamp(int64_t micros);
  static Literal TimestampNtz(int64_t micros);
  static Literal DayTimeInterval(int64_t micros, IntervalFields fields = {0, 3});
  static Literal YearMonthInterval(int32_t months, IntervalFields fields = {0, 1});
  static Literal CalendarInterval(const Interval& v);
  /// As generated column names show it: 1, abc, 1.5, true, NULL, DATE '2024-01-01'; with `for_sql` as Expression.sql
  /// prints it in messages: 'abc', 1L, 1.5BD, CAST(NULL AS INT). Timestamps are shown in `zone`.
  std::string ToString(bool for_sql = false, const TimeZone& zone = TimeZone::Utc()) const;
};

}  // namespace sluice::types
