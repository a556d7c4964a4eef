// Interval text: "10 seconds", "1 hour 30 minutes", "INTERVAL '1' DAY".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "types/data_type.h"

namespace sluice::types {

/// Spark's CalendarInterval: the three parts are independent.
struct Interval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t micros = 0;
};

/// Parses an interval text as IntervalUtils.stringToInterval does (optional leading "interval", units singular or
/// plural, any case). Throws INVALID_INTERVAL_FORMAT.* (kIllegalArgument) with Spark's sub-condition.
Interval ParseInterval(std::string_view text);

/// "1 years 2 months 3 days 4 hours 5 minutes 6.5 seconds" (CalendarInterval.toString).
std::string ToString(const Interval& interval);

/// "INTERVAL '1 02:03:04.5' DAY TO SECOND", as Spark prints ANSI intervals.
std::string FormatDayTimeInterval(int64_t micros, IntervalFields fields);
/// "INTERVAL '1-2' YEAR TO MONTH"
std::string FormatYearMonthInterval(int32_t months, IntervalFields fields);

/// "1 02:03:04.5" as far as `fields` go, also "INTERVAL '1 02' DAY TO HOUR". Nothing if the text has another form or
/// a field is out of range.
std::optional<int64_t> ParseDayTimeInterval(std::string_view text, IntervalFields fields);
/// "1-2", "1" for a single field, also "INTERVAL '1-2' YEAR TO MONTH".
std::optional<int32_t> ParseYearMonthInterval(std::string_view text, IntervalFields fields);
/// Why a text is no such interval: INVALID_INTERVAL_FORMAT.*, or a field that is out of range.
base::Error DayTimeIntervalError(base::ErrorKind kind, std::string_view text, IntervalFields fields);
base::Error YearMonthIntervalError(base::ErrorKind kind, std::string_view text, IntervalFields fields);

}  // namespace sluice::types
