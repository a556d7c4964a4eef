// Dates, timestamps and intervals made of numbers, and numbers made of them.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "functions/datetime_math.h"
#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "functions/scalar/arithmetic.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using logical::ScalarKernel;
using types::Date;
using types::Decimal;
using types::Integer;
using types::kMicrosPerDay;
using types::kMicrosPerSecond;
using types::Long;
using types::String;
using types::TimeZone;
using types::TypeId;
using types::TypePtr;

namespace {

base::Error OutOfBounds(const std::string& message) {
  return base::Error(base::ErrorKind::kDateTime, "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION",
                     {{"rangeMessage", message}, {"ansiConfig", "\"spark.sql.ansi.enabled\""}});
}

constexpr const char* kMonths[] = {"JANUARY", "FEBRUARY", "MARCH",     "APRIL",   "MAY",      "JUNE",
                                   "JULY",    "AUGUST",   "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"};

/// What is wrong with a date, in java.time's words; empty if it is good.
std::string DateProblem(int32_t year, int32_t month, int32_t day) {
  if (month < 1 || month > 12) return fmt::format("Invalid value for MonthOfYear (valid values 1 - 12): {}", month);
  if (day < 1 || day > 31) return fmt::format("Invalid value for DayOfMonth (valid values 1 - 28/31): {}", day);
  if (day <= types::DaysInMonth(year, month)) return "";
  if (day == 29) return fmt::format("Invalid date 'February 29' as '{}' is not a leap year", year);
  return fmt::format("Invalid date '{} {}'", kMonths[month - 1], day);
}

std::string TimeProblem(int32_t hour, int32_t minute) {
  if (hour < 0 || hour > 23) return fmt::format("Invalid value for HourOfDay (valid values 0 - 23): {}", hour);
  if (minute < 0 || minute > 59) return fmt::format("Invalid value for MinuteOfHour (valid values 0 - 59): {}", minute);
  return "";
}

ScalarBindingPtr BindMakeDate(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 3);
  auto types = Coerce(context, arguments, {Integer()});
  auto kernel = RowKernel<int32_t(int32_t, int32_t, int32_t)>(
      Date(), [ansi = context.ansi](int32_t year, int32_t month, int32_t day) -> std::optional<int32_t> {
        std::string problem = DateProblem(year, month, day);
        if (problem.empty()) return static_cast<int32_t>(types::FromCivil({year, month, day}));
        if (ansi) throw OutOfBounds(problem);
        return std::nullopt;
      });
  return NewBinding(context, arguments, Date(), types, kernel, context.ansi ? Nulls::kPropagate : Nulls::kAlways);
}

/// Local micros of six fields; nothing or an error if a field is out of its range.
std::optional<int64_t> LocalMicros(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                                   Int128 second_micros, bool fails) {
  std::string problem = DateProblem(year, month, day);
  if (problem.empty()) problem = TimeProblem(hour, minute);
  if (!problem.empty()) {
    if (fails) throw OutOfBounds(problem);
    return std::nullopt;
  }
  // 60 seconds are the next minute, as in PostgreSQL; anything between is refused.
  if (second_micros < 0 || second_micros > 60 * kMicrosPerSecond) {
    if (fails) {
      throw base::Error(base::ErrorKind::kDateTime, "INVALID_FRACTION_OF_SECOND",
                        {{"secAndMicros", DecimalText(second_micros, 6)}});
    }
    return std::nullopt;
  }
  return types::FromCivil({year, month, day}) * kMicrosPerDay + hour * kMicrosPerHour + minute * kMicrosPerMinute +
         static_cast<int64_t>(second_micros);
}

ScalarKernel MakeTimestampKernel(const TypePtr& type, bool fails, bool with_zone) {
  bool local = type->Is(TypeId::kTimestampNtz);
  if (with_zone) {
    return RowKernel<int64_t(int32_t, int32_t, int32_t, int32_t, int32_t, Int128, std::string_view)>(
        type,
        [fails](int32_t y, int32_t mo, int32_t d, int32_t h, int32_t mi, Int128 s,
                std::string_view zone) -> std::optional<int64_t> {
          auto micros = LocalMicros(y, mo, d, h, mi, s, fails);
          if (!micros) return std::nullopt;
          auto found = fails ? TimeZone::Get(zone) : TimeZone::Find(zone);
          if (!found) return std::nullopt;
          return found->ToUtc(*micros);
        });
  }
  return BatchKernel<int64_t(int32_t, int32_t, int32_t, int32_t, int32_t, Int128)>(type, [local,
                                                                                          fails](EvalContext& eval) {
    TimeZone zone = local ? TimeZone::Utc() : TimeZone::Get(eval.time_zone);
    return [zone, fails](int32_t y, int32_t mo, int32_t d, int32_t h, int32_t mi, Int128 s) -> std::optional<int64_t> {
      auto micros = LocalMicros(y, mo, d, h, mi, s, fails);
      if (!micros) return std::nullopt;
      return zone.ToUtc(*micros);
    };
  });
}

/// make_timestamp(date, time[, zone]).
ScalarBindingPtr BindDateAndTime(const TypePtr& type, const BindContext& context, const Arguments& arguments) {
  bool local = type->Is(TypeId::kTimestampNtz);
  CheckCount(context, arguments, 2, local ? 2 : 3);
  auto types = Coerce(context, arguments, {Date(), types::Time(6), String()});
  types[1] = arguments[1].type->Is(TypeId::kTime) ? arguments[1].type : types[1];
  ScalarKernel kernel;
  auto micros_of = [](int32_t date, int64_t nanos) { return date * kMicrosPerDay + nanos / 1000; };
  if (arguments.size() == 3) {
    kernel = RowKernel<int64_t(int32_t, int64_t, std::string_view)>(
        type, [micros_of](int32_t date, int64_t nanos, std::string_view zone) {
          return TimeZone::Get(zone).ToUtc(micros_of(date, nanos));
        });
  } else {
    kernel = BatchKernel<int64_t(int32_t, int64_t)>(type, [local, micros_of](EvalContext& eval) {
      TimeZone zone = local ? TimeZone::Utc() : TimeZone::Get(eval.time_zone);
      return [zone, micros_of](int32_t date, int64_t nanos) { return zone.ToUtc(micros_of(date, nanos)); };
    });
  }
  return NewBinding(context, arguments, type, types, kernel);
}

BindScalar MakeTimestamp(TypePtr type, bool is_try = false) {
  return [type, is_try](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    if (arguments.size() <= 3) return BindDateAndTime(type, context, arguments);
    bool local = type->Is(TypeId::kTimestampNtz);
    CheckCount(context, arguments, 6, local ? 6 : 7);
    auto types =
        Coerce(context, arguments, {Integer(), Integer(), Integer(), Integer(), Integer(), Decimal(16, 6), String()});
    bool fails = context.ansi && !is_try;
    return NewBinding(context, arguments, type, types, MakeTimestampKernel(type, fails, arguments.size() == 7),
                      fails ? Nulls::kPropagate : Nulls::kAlways);
  };
}

// --- intervals ---

bool AddScaled(int64_t amount, int64_t unit, int64_t* total) {
  int64_t part;
  return !__builtin_mul_overflow(amount, unit, &part) && !__builtin_add_overflow(*total, part, total);
}

ScalarBindingPtr BindMakeDayTime(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 0, 4);
  auto types = arguments.empty() ? std::vector<TypePtr>{}
                                 : Coerce(context, arguments, {Integer(), Integer(), Integer(), Decimal(18, 6)});
  auto kernel = RowKernel<int64_t(int32_t, int32_t, int32_t, Int128)>(
      types::DayTimeInterval(), [](int32_t days, int32_t hours, int32_t minutes, Int128 seconds) {
        auto total = static_cast<int64_t>(seconds);
        if (!AddScaled(days, kMicrosPerDay, &total) || !AddScaled(hours, kMicrosPerHour, &total) ||
            !AddScaled(minutes, kMicrosPerMinute, &total)) {
          throw IntervalOverflow();
        }
        return total;
      });
  arrow::Datum zero(std::make_shared<arrow::Decimal128Scalar>(arrow::Decimal128(0), arrow::decimal128(18, 6)));
  auto binding = NewBinding(context, arguments, types::DayTimeInterval(), types,
                            WithDefaults(4, {IntConstant(0), IntConstant(0), IntConstant(0), zero}, kernel));
  binding->sql = [](const std::vector<std::string>& texts) {
    static constexpr const char* kDefaults[] = {"0", "0", "0", "0.000000"};
    std::string out = "make_dt_interval(";
    for (size_t i = 0; i < 4; ++i) out += (i ? ", " : "") + (i < texts.size() ? texts[i] : kDefaults[i]);
    return out + ")";
  };
  return binding;
}

ScalarBindingPtr BindMakeYearMonth(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 0, 2);
  auto types = arguments.empty() ? std::vector<TypePtr>{} : Coerce(context, arguments, {Integer()});
  auto kernel = RowKernel<int32_t(int32_t, int32_t)>(types::YearMonthInterval(), [](int32_t years, int32_t months) {
    int32_t out;
    if (__builtin_mul_overflow(years, 12, &out) || __builtin_add_overflow(out, months, &out)) {
      throw IntervalOverflow();
    }
    return out;
  });
  auto binding = NewBinding(context, arguments, types::YearMonthInterval(), types,
                            WithDefaults(2, {IntConstant(0), IntConstant(0)}, kernel));
  binding->sql = [](const std::vector<std::string>& texts) {
    return fmt::format("make_ym_interval({}, {})", texts.empty() ? "0" : texts[0], texts.size() > 1 ? texts[1] : "0");
  };
  return binding;
}

ScalarBindingPtr BindMakeInterval(bool is_try, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 0, 7);
  std::vector<Expected> expected(6, Expected(Integer()));
  expected.emplace_back(Decimal(18, 6));
  auto types = arguments.empty() ? std::vector<TypePtr>{} : Coerce(context, arguments, expected);
  bool fails = context.ansi && !is_try;
  auto kernel = RowKernel<CalendarValue(int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, Int128)>(
      types::CalendarInterval(),
      [fails](int32_t years, int32_t months, int32_t weeks, int32_t days, int32_t hours, int32_t minutes,
              Int128 seconds) -> std::optional<CalendarValue> {
        CalendarValue out{};
        auto micros = static_cast<int64_t>(seconds);
        bool bad = __builtin_mul_overflow(years, 12, &out.months) ||
                   __builtin_add_overflow(out.months, months, &out.months) ||
                   __builtin_mul_overflow(weeks, 7, &out.days) || __builtin_add_overflow(out.days, days, &out.days) ||
                   !AddScaled(hours, kMicrosPerHour, &micros) || !AddScaled(minutes, kMicrosPerMinute, &micros) ||
                   __builtin_mul_overflow(micros, int64_t{1000}, &out.nanos);
        if (!bad) return out;
        if (fails) {
          throw base::Error(base::ErrorKind::kArithmetic, "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION",
                            {{"functionName", "`try_make_interval`"}});
        }
        return std::nullopt;
      });
  arrow::Datum zero(std::make_shared<arrow::Decimal128Scalar>(arrow::Decimal128(0), arrow::decimal128(18, 6)));
  std::vector<arrow::Datum> defaults(6, IntConstant(0));
  defaults.push_back(zero);
  auto binding = NewBinding(context, arguments, types::CalendarInterval(), types, WithDefaults(7, defaults, kernel),
                            fails ? Nulls::kPropagate : Nulls::kAlways);
  binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
    std::string out = name + "(";
    for (size_t i = 0; i < 7; ++i) {
      out += (i ? ", " : "") + (i < texts.size() ? texts[i] : std::string(i == 6 ? "0.000000" : "0"));
    }
    return out + ")";
  };
  return binding;
}

// --- numbers ---

template <int64_t kFactor>
int64_t ScaledMicros(int64_t value) {
  int64_t out;
  if (__builtin_mul_overflow(value, kFactor, &out)) {
    throw base::Error::Plain(base::ErrorKind::kArithmetic, "long overflow");
  }
  return out;
}

ScalarBindingPtr BindTimestampSeconds(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr type = Coerce(context, arguments, {Expected::Numeric()})[0];
  TypePtr target = types::Timestamp();
  ScalarKernel kernel;
  if (type->Is(TypeId::kFloat) || type->Is(TypeId::kDouble)) {
    type = types::Double();
    kernel = RowKernel<int64_t(double)>(target, [](double v) -> std::optional<int64_t> {
      if (!std::isfinite(v)) return std::nullopt;
      return static_cast<int64_t>(v * kMicrosPerSecond);
    });
  } else if (type->Is(TypeId::kDecimal)) {
    int scale = type->scale();
    kernel = RowKernel<int64_t(Int128)>(target, [scale](Int128 v) {
      Int128 micros = scale <= 6 ? v * PowerOfTen(6 - scale) : v;
      if (scale > 6 && v % PowerOfTen(scale - 6) != 0) {
        throw base::Error::Plain(base::ErrorKind::kArithmetic, "Rounding necessary");
      }
      if (scale > 6) micros /= PowerOfTen(scale - 6);
      if (micros != static_cast<int64_t>(micros)) {
        throw base::Error::Plain(base::ErrorKind::kArithmetic, "Overflow");
      }
      return static_cast<int64_t>(micros);
    });
  } else {
    type = Long();
    kernel = RowKernel<int64_t(int64_t)>(target, ScaledMicros<kMicrosPerSecond>);
  }
  return NewBinding(context, arguments, target, {type}, kernel,
                    type->Is(TypeId::kDouble) ? Nulls::kAlways : Nulls::kPropagate);
}

/// An integer of any width times a factor.
template <int64_t kFactor>
BindScalar TimestampUnits() {
  return [](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    CheckCount(context, arguments, 1, 1);
    Coerce(context, arguments, {Expected::Integral()});
    auto kernel = RowKernel<int64_t(int64_t)>(types::Timestamp(), ScaledMicros<kFactor>);
    return NewBinding(context, arguments, types::Timestamp(), {Long()}, kernel);
  };
}

template <int64_t kUnit>
BindScalar UnixUnits() {
  return Simple({.parameters = {types::Timestamp()},
                 .type = Long(),
                 .kernel = TotalKernel<int64_t(int64_t)>(Long(), [](int64_t v) { return FloorDiv(v, kUnit); }),
                 .can_fail = false});
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, MakeDate) {
  registry.Add({.name = "make_date",
                .usage = "The date of a year, month and day.",
                .example = "SELECT make_date(2013, 7, 15)",
                .since = "3.0.0",
                .bind = BindScalar(BindMakeDate)});
}

SLUICE_REGISTER(FunctionRegistry, MakeTimestamp) {
  registry.Add({.name = "make_timestamp",
                .usage = "The timestamp of a year, month, day, hour, minute and second, in a zone if one is given.",
                .example = "SELECT make_timestamp(2014, 12, 28, 6, 30, 45.887)",
                .since = "3.0.0",
                .bind = MakeTimestamp(types::Timestamp())});
  registry.Add({.name = "make_timestamp_ltz",
                .usage = "The timestamp in the session's zone of six fields, read in a zone if one is given.",
                .example = "SELECT make_timestamp_ltz(2014, 12, 28, 6, 30, 45.887)",
                .since = "3.4.0",
                .bind = MakeTimestamp(types::Timestamp())});
  registry.Add({.name = "make_timestamp_ntz",
                .usage = "The timestamp without a zone of six fields.",
                .example = "SELECT make_timestamp_ntz(2014, 12, 28, 6, 30, 45.887)",
                .since = "3.4.0",
                .bind = MakeTimestamp(types::TimestampNtz())});
  registry.Add({.name = "try_make_timestamp",
                .usage = "Like make_timestamp, but null for fields out of range.",
                .example = "SELECT try_make_timestamp(2024, 13, 22, 15, 30, 0)",
                .since = "4.0.0",
                .bind = MakeTimestamp(types::Timestamp(), true)});
  registry.Add({.name = "try_make_timestamp_ltz",
                .usage = "Like make_timestamp_ltz, but null for fields out of range.",
                .example = "SELECT try_make_timestamp_ltz(2024, 13, 22, 15, 30, 0)",
                .since = "4.0.0",
                .bind = MakeTimestamp(types::Timestamp(), true)});
  registry.Add({.name = "try_make_timestamp_ntz",
                .usage = "Like make_timestamp_ntz, but null for fields out of range.",
                .example = "SELECT try_make_timestamp_ntz(2024, 13, 22, 15, 30, 0)",
                .since = "4.0.0",
                .bind = MakeTimestamp(types::TimestampNtz(), true)});
}

SLUICE_REGISTER(FunctionRegistry, MakeIntervals) {
  registry.Add({.name = "make_dt_interval",
                .usage = "A day-time interval of days, hours, minutes and seconds.",
                .example = "SELECT make_dt_interval(1, 12, 30, 01.001001)",
                .since = "3.2.0",
                .bind = BindScalar(BindMakeDayTime)});
  registry.Add({.name = "make_ym_interval",
                .usage = "A year-month interval of years and months.",
                .example = "SELECT CAST(make_ym_interval(1, 2) AS STRING)",
                .since = "3.2.0",
                .bind = BindScalar(BindMakeYearMonth)});
  registry.Add({.name = "make_interval",
                .usage = "A calendar interval of years, months, weeks, days, hours, minutes and seconds.",
                .example = "SELECT CAST(make_interval(100, 11, 1, 1, 12, 30, 01.001001) AS STRING)",
                .since = "3.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindMakeInterval(false, context, arguments);
                })});
  registry.Add({.name = "try_make_interval",
                .usage = "Like make_interval, but null where it overflows.",
                .example = "SELECT CAST(try_make_interval(100, 11, 1, 1, 12, 30, 01.001001) AS STRING)",
                .since = "4.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindMakeInterval(true, context, arguments);
                })});
}

SLUICE_REGISTER(FunctionRegistry, TimestampOfUnits) {
  registry.Add({.name = "timestamp_seconds",
                .usage = "The timestamp some seconds after 1970.",
                .example = "SELECT timestamp_seconds(1230219000)",
                .since = "3.1.0",
                .bind = BindScalar(BindTimestampSeconds)});
  registry.Add({.name = "timestamp_millis",
                .usage = "The timestamp some milliseconds after 1970.",
                .example = "SELECT timestamp_millis(1230219000123)",
                .since = "3.1.0",
                .bind = TimestampUnits<1000>()});
  registry.Add({.name = "timestamp_micros",
                .usage = "The timestamp some microseconds after 1970.",
                .example = "SELECT timestamp_micros(1230219000123123)",
                .since = "3.1.0",
                .bind = TimestampUnits<1>()});
  registry.Add({.name = "unix_seconds",
                .usage = "The seconds since 1970 of a timestamp.",
                .example = "SELECT unix_seconds(TIMESTAMP('1970-01-01 00:00:01Z'))",
                .since = "3.1.0",
                .bind = UnixUnits<kMicrosPerSecond>()});
  registry.Add({.name = "unix_millis",
                .usage = "The milliseconds since 1970 of a timestamp.",
                .example = "SELECT unix_millis(TIMESTAMP('1970-01-01 00:00:01Z'))",
                .since = "3.1.0",
                .bind = UnixUnits<1000>()});
  registry.Add({.name = "unix_micros",
                .usage = "The microseconds since 1970 of a timestamp.",
                .example = "SELECT unix_micros(TIMESTAMP('1970-01-01 00:00:01Z'))",
                .since = "3.1.0",
                .bind = UnixUnits<1>()});
}

SLUICE_REGISTER(FunctionRegistry, UnixDate) {
  registry.Add({.name = "unix_date",
                .usage = "The days since 1970 of a date.",
                .example = "SELECT unix_date(DATE'1970-01-02')",
                .since = "3.1.0",
                .bind = Simple({.parameters = {Date()},
                                .type = Integer(),
                                .kernel = TotalKernel<int32_t(int32_t)>(Integer(), [](int32_t v) { return v; }),
                                .can_fail = false})});
  registry.Add({.name = "date_from_unix_date",
                .usage = "The date some days after 1970.",
                .example = "SELECT date_from_unix_date(1)",
                .since = "3.1.0",
                .bind = Simple({.parameters = {Integer()},
                                .type = Date(),
                                .kernel = TotalKernel<int32_t(int32_t)>(Date(), [](int32_t v) { return v; }),
                                .can_fail = false})});
}

}  // namespace sluice::functions
