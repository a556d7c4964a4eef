// Calendar arithmetic on days and microseconds, as java.time does it.
#pragma once

#include <cstdint>

#include "types/datetime_text.h"

namespace sluice::functions {

inline constexpr int64_t kMicrosPerMilli = 1000;
inline constexpr int64_t kMicrosPerMinute = 60 * types::kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;

constexpr int64_t FloorDiv(int64_t value, int64_t divisor) {
  int64_t quotient = value / divisor;
  return (value % divisor != 0 && ((value < 0) != (divisor < 0))) ? quotient - 1 : quotient;
}
constexpr int64_t FloorMod(int64_t value, int64_t divisor) { return value - FloorDiv(value, divisor) * divisor; }

/// Local day and time of day of local microseconds.
inline int64_t DayOf(int64_t local_micros) { return FloorDiv(local_micros, types::kMicrosPerDay); }
inline int64_t TimeOfDay(int64_t local_micros) { return FloorMod(local_micros, types::kMicrosPerDay); }

/// The day `months` later, its day of the month cut to the month's length (LocalDate.plusMonths). Throws
/// ARITHMETIC_OVERFLOW when it is out of a date's range.
int32_t AddMonths(int32_t days, int64_t months);
/// The same on a timestamp, keeping the local time of day.
int64_t AddMonthsToTimestamp(int64_t micros, int64_t months, const types::TimeZone& zone);
/// Adds whole days to the local time, then the rest as elapsed time.
int64_t AddDayTimeToTimestamp(int64_t micros, int64_t day_time_micros, const types::TimeZone& zone);
/// Months, then days, then microseconds.
int64_t AddIntervalToTimestamp(int64_t micros, int32_t months, int64_t days, int64_t interval_micros,
                               const types::TimeZone& zone);
/// date + days; throws ARITHMETIC_OVERFLOW.
int32_t AddDays(int32_t date, int64_t days);

/// 1 = Sunday … 7 = Saturday.
int DayOfWeek(int64_t days);
/// 0 = Monday … 6 = Sunday.
int WeekDay(int64_t days);
int DayOfYear(int64_t days);
/// ISO week and the year it belongs to.
int WeekOfYear(int64_t days);
int64_t WeekBasedYear(int64_t days);
int32_t LastDayOfMonth(int32_t days);

/// The error of Math.*Exact on dates and times.
[[noreturn]] void ThrowDatetimeOverflow();

}  // namespace sluice::functions
