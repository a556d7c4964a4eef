// Calendar arithmetic.
#include "functions/datetime_math.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace sluice::functions {

using types::CivilDate;
using types::kMicrosPerDay;
using types::TimeZone;

void ThrowDatetimeOverflow() {
  throw base::Error(base::ErrorKind::kArithmetic, "ARITHMETIC_OVERFLOW",
                    {{"message", "overflow"}, {"alternative", ""}, {"config", "\"spark.sql.ansi.enabled\""}});
}

namespace {

int64_t CheckedAdd(int64_t a, int64_t b) {
  int64_t out;
  if (__builtin_add_overflow(a, b, &out)) ThrowDatetimeOverflow();
  return out;
}

int64_t CheckedMultiply(int64_t a, int64_t b) {
  int64_t out;
  if (__builtin_mul_overflow(a, b, &out)) ThrowDatetimeOverflow();
  return out;
}

int64_t MonthsLater(int64_t days, int64_t months) {
  CivilDate date = types::ToCivil(days);
  int64_t count = date.year * 12 + (date.month - 1) + months;
  date.year = FloorDiv(count, 12);
  date.month = static_cast<int>(FloorMod(count, 12)) + 1;
  date.day = std::min(date.day, types::DaysInMonth(date.year, date.month));
  return types::FromCivil(date);
}

}  // namespace

int32_t AddDays(int32_t date, int64_t days) {
  int64_t out = CheckedAdd(date, days);
  if (out != static_cast<int32_t>(out)) ThrowDatetimeOverflow();
  return static_cast<int32_t>(out);
}

int32_t AddMonths(int32_t days, int64_t months) {
  int64_t out = MonthsLater(days, months);
  if (out != static_cast<int32_t>(out)) ThrowDatetimeOverflow();
  return static_cast<int32_t>(out);
}

int64_t AddMonthsToTimestamp(int64_t micros, int64_t months, const TimeZone& zone) {
  int64_t local = zone.ToLocal(micros);
  int64_t day = MonthsLater(DayOf(local), months);
  return zone.ToUtc(CheckedAdd(CheckedMultiply(day, kMicrosPerDay), TimeOfDay(local)));
}

int64_t AddDayTimeToTimestamp(int64_t micros, int64_t day_time_micros, const TimeZone& zone) {
  int64_t days = day_time_micros / kMicrosPerDay;
  return AddIntervalToTimestamp(micros, 0, days, day_time_micros - days * kMicrosPerDay, zone);
}

int64_t AddIntervalToTimestamp(int64_t micros, int32_t months, int64_t days, int64_t interval_micros,
                               const TimeZone& zone) {
  if (months != 0) micros = AddMonthsToTimestamp(micros, months, zone);
  if (days != 0) {
    int64_t local = CheckedAdd(zone.ToLocal(micros), CheckedMultiply(days, kMicrosPerDay));
    micros = zone.ToUtc(local);
  }
  return CheckedAdd(micros, interval_micros);
}

int WeekDay(int64_t days) { return static_cast<int>(FloorMod(days + 3, 7)); }
int DayOfWeek(int64_t days) { return static_cast<int>(FloorMod(days + 4, 7)) + 1; }

int DayOfYear(int64_t days) { return static_cast<int>(days - types::FromCivil({types::ToCivil(days).year, 1, 1})) + 1; }

int64_t WeekBasedYear(int64_t days) { return types::ToCivil(days - WeekDay(days) + 3).year; }

int WeekOfYear(int64_t days) {
  int64_t thursday = days - WeekDay(days) + 3;
  return (DayOfYear(thursday) - 1) / 7 + 1;
}

int32_t LastDayOfMonth(int32_t days) {
  CivilDate date = types::ToCivil(days);
  return AddDays(days, types::DaysInMonth(date.year, date.month) - date.day);
}

}  // namespace sluice::functions
