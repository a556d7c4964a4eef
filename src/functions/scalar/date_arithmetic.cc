// Days, months and units of time added to dates and timestamps, and the differences between them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "functions/datetime_math.h"
#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::CivilDate;
using types::Date;
using types::Integer;
using types::kMicrosPerDay;
using types::kMicrosPerSecond;
using types::Long;
using types::String;
using types::TimeZone;
using types::TypeId;
using types::TypePtr;

namespace {

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// --- units ---

enum class Unit { kMicrosecond, kMillisecond, kSecond, kMinute, kHour, kDay, kWeek, kMonth, kQuarter, kYear };

std::optional<Unit> FindUnit(const std::string& name) {
  static const std::map<std::string, Unit> kUnits = {{"MICROSECOND", Unit::kMicrosecond},
                                                     {"MILLISECOND", Unit::kMillisecond},
                                                     {"SECOND", Unit::kSecond},
                                                     {"MINUTE", Unit::kMinute},
                                                     {"HOUR", Unit::kHour},
                                                     {"DAY", Unit::kDay},
                                                     {"DAYOFYEAR", Unit::kDay},
                                                     {"WEEK", Unit::kWeek},
                                                     {"MONTH", Unit::kMonth},
                                                     {"QUARTER", Unit::kQuarter},
                                                     {"YEAR", Unit::kYear}};
  auto found = kUnits.find(Upper(name));
  if (found == kUnits.end()) return std::nullopt;
  return found->second;
}

Unit UnitLiteral(const BindContext& context, const Arguments& arguments) {
  const Argument& unit = arguments[0];
  bool text = unit.literal && !unit.literal->is_null() && unit.type->IsStringLike();
  std::optional<Unit> found = text ? FindUnit(StringLiteral(unit)) : std::nullopt;
  if (found) return *found;
  throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
                    {{"functionName", QuotedName(context)},
                     {"parameter", "`unit`"},
                     {"invalidValue", "'" + (text ? StringLiteral(unit) : unit.sql) + "'"}});
}

int64_t MicrosOf(Unit unit) {
  switch (unit) {
    case Unit::kMicrosecond:
      return 1;
    case Unit::kMillisecond:
      return kMicrosPerMilli;
    case Unit::kSecond:
      return kMicrosPerSecond;
    case Unit::kMinute:
      return kMicrosPerMinute;
    case Unit::kHour:
      return kMicrosPerHour;
    case Unit::kDay:
      return kMicrosPerDay;
    default:
      return 7 * kMicrosPerDay;
  }
}

int64_t MonthsOf(Unit unit) { return unit == Unit::kMonth ? 1 : unit == Unit::kQuarter ? 3 : 12; }

int64_t AddUnits(Unit unit, int64_t quantity, int64_t micros, const TimeZone& zone) {
  if (unit >= Unit::kMonth) {
    int64_t months = 0;
    if (__builtin_mul_overflow(quantity, MonthsOf(unit), &months) || std::abs(months) > INT32_MAX) {
      ThrowDatetimeOverflow();
    }
    return AddMonthsToTimestamp(micros, months, zone);
  }
  if (unit >= Unit::kDay) {
    int64_t days = 0;
    if (__builtin_mul_overflow(quantity, unit == Unit::kWeek ? int64_t{7} : int64_t{1}, &days)) ThrowDatetimeOverflow();
    return AddIntervalToTimestamp(micros, 0, days, 0, zone);
  }
  int64_t amount = 0;
  if (__builtin_mul_overflow(quantity, MicrosOf(unit), &amount) || __builtin_add_overflow(micros, amount, &micros)) {
    ThrowDatetimeOverflow();
  }
  return micros;
}

/// Whole months between local times (ChronoUnit.MONTHS.between).
int64_t WholeMonths(int64_t start, int64_t end) {
  CivilDate a = types::ToCivil(DayOf(start)), b = types::ToCivil(DayOf(end));
  int64_t months = (b.year - a.year) * 12 + (b.month - a.month);
  int64_t a_rest = a.day * kMicrosPerDay + TimeOfDay(start), b_rest = b.day * kMicrosPerDay + TimeOfDay(end);
  if (months > 0 && b_rest < a_rest) --months;
  if (months < 0 && b_rest > a_rest) ++months;
  return months;
}

int64_t UnitsBetween(Unit unit, int64_t start, int64_t end, const TimeZone& zone) {
  int64_t a = zone.ToLocal(start), b = zone.ToLocal(end);
  if (unit >= Unit::kMonth) return WholeMonths(a, b) / MonthsOf(unit);
  return (b - a) / MicrosOf(unit);
}

TimeZone ZoneFor(const EvalContext& context, const TypePtr& type) {
  return type->Is(TypeId::kTimestampNtz) ? TimeZone::Utc() : TimeZone::Get(context.time_zone);
}

std::function<std::string(const std::vector<std::string>&)> UnitSql(const std::string& name) {
  return [name](const std::vector<std::string>& texts) {
    return fmt::format("{}({}, {}, {})", name, texts[0], texts[1], texts[2]);
  };
}

ScalarBindingPtr BindTimestampAdd(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 3);
  Unit unit = UnitLiteral(context, arguments);
  auto types = Coerce(context, arguments, {String(), Long(), Expected::AnyTimestamp()});
  TypePtr type = types[2];
  auto add = BatchKernel<int64_t(int64_t, int64_t)>(type, [unit, type](EvalContext& eval) {
    return [unit, zone = ZoneFor(eval, type)](int64_t quantity, int64_t micros) {
      return AddUnits(unit, quantity, micros, zone);
    };
  });
  auto kernel = [add](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    return add(eval, {values[1], values[2]}, rows);
  };
  auto binding = NewBinding(context, arguments, type, types, kernel);
  binding->sql = UnitSql("timestampadd");
  return binding;
}

ScalarBindingPtr BindTimestampDiff(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 3);
  Unit unit = UnitLiteral(context, arguments);
  auto types = Coerce(context, arguments, {String(), types::Timestamp(), types::Timestamp()});
  auto difference = BatchKernel<int64_t(int64_t, int64_t)>(Long(), [unit](EvalContext& eval) {
    return [unit, zone = TimeZone::Get(eval.time_zone)](int64_t start, int64_t end) {
      return UnitsBetween(unit, start, end, zone);
    };
  });
  auto kernel = [difference](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    return difference(eval, {values[1], values[2]}, rows);
  };
  auto binding = NewBinding(context, arguments, Long(), types, kernel);
  binding->sql = UnitSql("timestampdiff");
  return binding;
}

// --- days ---

ScalarBindingPtr BindDateAdd(int sign, const BindContext& context, const Arguments& arguments) {
  if (arguments.size() == 3 && sign > 0) return BindTimestampAdd(context, arguments);
  CheckCount(context, arguments, 2, 2);
  Arguments given = arguments;
  if (given[1].type->IsStringLike()) given[1].type = Integer();
  Expected days = Expected::OneOf({Integer(), types::Short(), types::Byte()});
  auto types = Coerce(context, given, {Date(), days}, CallSql(context, arguments));
  auto kernel = WithIntegral(*types[1], [sign](auto tag) {
    using T = typename decltype(tag)::type;
    return RowKernel<int32_t(int32_t, T)>(Date(), [sign](int32_t date, T amount) {
      // Like Java's int, the day wraps around.
      return static_cast<int32_t>(static_cast<uint32_t>(int64_t{date} + sign * int64_t{amount}));
    });
  });
  auto binding = NewBinding(context, arguments, Date(), types, kernel);
  if (sign > 0) binding->name = "date_add";
  return binding;
}

ScalarBindingPtr BindDateDiff(const BindContext& context, const Arguments& arguments) {
  if (arguments.size() == 3) return BindTimestampDiff(context, arguments);
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {Date()});
  auto kernel = TotalKernel<int32_t(int32_t, int32_t)>(Integer(), [](int32_t end, int32_t start) {
    return static_cast<int32_t>(static_cast<uint32_t>(end) - static_cast<uint32_t>(start));
  });
  return NewBinding(context, arguments, Integer(), types, kernel);
}

/// Days from Thursday, as next_day counts; nothing for a text that names no day.
std::optional<int> FindDayOfWeek(const std::string& name) {
  static const std::map<std::string, int> kDays = {
      {"TH", 0},     {"THU", 0},      {"THURSDAY", 0}, {"FR", 1},      {"FRI", 1},    {"FRIDAY", 1}, {"SA", 2},
      {"SAT", 2},    {"SATURDAY", 2}, {"SU", 3},       {"SUN", 3},     {"SUNDAY", 3}, {"MO", 4},     {"MON", 4},
      {"MONDAY", 4}, {"TU", 5},       {"TUE", 5},      {"TUESDAY", 5}, {"WE", 6},     {"WED", 6},    {"WEDNESDAY", 6}};
  auto found = kDays.find(Upper(name));
  if (found == kDays.end()) return std::nullopt;
  return found->second;
}

ScalarBindingPtr BindNextDay(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {Date(), String()});
  auto kernel = RowKernel<int32_t(int32_t, std::string_view)>(
      Date(), [ansi = context.ansi](int32_t date, std::string_view name) -> std::optional<int32_t> {
        auto day = FindDayOfWeek(std::string(name));
        if (day) return AddDays(date, 1 + FloorMod(*day - 1 - int64_t{date}, 7));
        if (ansi) {
          throw base::Error(base::ErrorKind::kIllegalArgument, "ILLEGAL_DAY_OF_WEEK", {{"string", std::string(name)}});
        }
        return std::nullopt;
      });
  return NewBinding(context, arguments, Date(), types, kernel, Nulls::kAlways);
}

// --- months ---

double MonthsBetween(int64_t time1, int64_t time2, bool round, const TimeZone& zone) {
  int64_t local1 = zone.ToLocal(time1), local2 = zone.ToLocal(time2);
  CivilDate a = types::ToCivil(DayOf(local1)), b = types::ToCivil(DayOf(local2));
  auto months = static_cast<double>((a.year - b.year) * 12 + (a.month - b.month));
  bool both_ends = a.day == types::DaysInMonth(a.year, a.month) && b.day == types::DaysInMonth(b.year, b.month);
  if (a.day == b.day || both_ends) return months;
  int64_t seconds =
      (a.day - b.day) * int64_t{86400} + TimeOfDay(local1) / kMicrosPerSecond - TimeOfDay(local2) / kMicrosPerSecond;
  double difference = months + static_cast<double>(seconds) / (31.0 * 86400);
  // Math.round: half up, towards positive infinity.
  return round ? std::floor(difference * 1e8 + 0.5) / 1e8 : difference;
}

ScalarBindingPtr BindMonthsBetween(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  auto types = Coerce(context, arguments, {types::Timestamp(), types::Timestamp(), types::Boolean()});
  auto kernel = BatchKernel<double(int64_t, int64_t, bool)>(types::Double(), [](EvalContext& eval) {
    return [zone = TimeZone::Get(eval.time_zone)](int64_t a, int64_t b, bool round) {
      return MonthsBetween(a, b, round, zone);
    };
  });
  auto binding = NewBinding(context, arguments, types::Double(), types, WithDefaults(3, {BoolConstant(true)}, kernel));
  if (arguments.size() == 2) {
    binding->sql = [](const std::vector<std::string>& texts) {
      return fmt::format("months_between({}, {}, true)", texts[0], texts[1]);
    };
  }
  return binding;
}

// --- truncation ---

enum class TruncLevel { kMicrosecond, kMillisecond, kSecond, kMinute, kHour, kDay, kWeek, kMonth, kQuarter, kYear };

std::optional<TruncLevel> FindLevel(std::string_view name) {
  static const std::map<std::string, TruncLevel> kLevels = {{"MICROSECOND", TruncLevel::kMicrosecond},
                                                            {"MILLISECOND", TruncLevel::kMillisecond},
                                                            {"SECOND", TruncLevel::kSecond},
                                                            {"MINUTE", TruncLevel::kMinute},
                                                            {"HOUR", TruncLevel::kHour},
                                                            {"DAY", TruncLevel::kDay},
                                                            {"DD", TruncLevel::kDay},
                                                            {"WEEK", TruncLevel::kWeek},
                                                            {"MON", TruncLevel::kMonth},
                                                            {"MONTH", TruncLevel::kMonth},
                                                            {"MM", TruncLevel::kMonth},
                                                            {"QUARTER", TruncLevel::kQuarter},
                                                            {"YEAR", TruncLevel::kYear},
                                                            {"YYYY", TruncLevel::kYear},
                                                            {"YY", TruncLevel::kYear}};
  auto found = kLevels.find(Upper(std::string(name)));
  if (found == kLevels.end()) return std::nullopt;
  return found->second;
}

int64_t TruncateDay(int64_t day, TruncLevel level) {
  CivilDate date = types::ToCivil(day);
  switch (level) {
    case TruncLevel::kWeek:
      return day - WeekDay(day);
    case TruncLevel::kMonth:
      return types::FromCivil({date.year, date.month, 1});
    case TruncLevel::kQuarter:
      return types::FromCivil({date.year, (date.month - 1) / 3 * 3 + 1, 1});
    case TruncLevel::kYear:
      return types::FromCivil({date.year, 1, 1});
    default:
      return day;
  }
}

int64_t TruncateTimestamp(int64_t micros, TruncLevel level, const TimeZone& zone) {
  static constexpr int64_t kUnits[] = {1, kMicrosPerMilli, kMicrosPerSecond, kMicrosPerMinute, kMicrosPerHour};
  int64_t local = zone.ToLocal(micros);
  if (level <= TruncLevel::kHour) return micros - FloorMod(local, kUnits[static_cast<int>(level)]);
  return zone.ToUtc(TruncateDay(DayOf(local), level) * kMicrosPerDay);
}

auto TruncDate() {
  return [](int32_t date, std::string_view name) -> std::optional<int32_t> {
    auto level = FindLevel(name);
    if (!level || *level < TruncLevel::kWeek) return std::nullopt;
    return static_cast<int32_t>(TruncateDay(date, *level));
  };
}

ScalarBindingPtr BindDateTrunc(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {String(), types::Timestamp()});
  auto kernel = BatchKernel<int64_t(std::string_view, int64_t)>(types::Timestamp(), [](EvalContext& eval) {
    return [zone = TimeZone::Get(eval.time_zone)](std::string_view name, int64_t micros) -> std::optional<int64_t> {
      auto level = FindLevel(name);
      if (!level) return std::nullopt;
      return TruncateTimestamp(micros, *level, zone);
    };
  });
  return NewBinding(context, arguments, types::Timestamp(), types, kernel, Nulls::kAlways);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, DateAdd) {
  registry.Add({.name = "date_add",
                .aliases = {"dateadd"},
                .usage = "The date some days later; with a unit first, a timestamp some units later.",
                .example = "SELECT date_add(DATE'2016-07-30', 1)",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindDateAdd(1, context, arguments);
                })});
  registry.Add({.name = "date_sub",
                .usage = "The date some days earlier.",
                .example = "SELECT date_sub(DATE'2016-07-30', 1)",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindDateAdd(-1, context, arguments);
                })});
  registry.Add({.name = "datediff",
                .aliases = {"date_diff"},
                .usage = "The days from the second date to the first; with a unit first, the units between two times.",
                .example = "SELECT datediff(DATE'2009-07-31', DATE'2009-07-30')",
                .since = "1.5.0",
                .bind = BindScalar(BindDateDiff)});
  registry.Add({.name = "timestampadd",
                .usage = "The timestamp some units later.",
                .example = "SELECT timestampadd(DAY, 1, TIMESTAMP'2022-02-11 20:30:00')",
                .since = "3.3.0",
                .bind = BindScalar(BindTimestampAdd)});
  registry.Add({.name = "timestampdiff",
                .usage = "The whole units between two timestamps.",
                .example = "SELECT timestampdiff(HOUR, TIMESTAMP'2022-02-11 20:30:00', TIMESTAMP'2022-02-12 04:30:00')",
                .since = "3.3.0",
                .bind = BindScalar(BindTimestampDiff)});
  registry.Add({.name = "next_day",
                .usage = "The first date after a date that is the named day of the week.",
                .example = "SELECT next_day(DATE'2015-01-14', 'TU')",
                .since = "1.5.0",
                .bind = BindScalar(BindNextDay)});
}

SLUICE_REGISTER(FunctionRegistry, MonthArithmetic) {
  registry.Add({.name = "add_months",
                .usage = "The date some months later.",
                .example = "SELECT add_months(DATE'2016-08-31', 1)",
                .since = "1.5.0",
                .bind = Simple({.parameters = {Date(), Integer()},
                                .type = Date(),
                                .kernel = RowKernel<int32_t(int32_t, int32_t)>(
                                    Date(), [](int32_t date, int32_t months) { return AddMonths(date, months); })})});
  registry.Add({.name = "months_between",
                .usage = "The months between two timestamps, with a fraction counted in months of 31 days.",
                .example = "SELECT months_between('1997-02-28 10:30:00', '1996-10-30')",
                .since = "1.5.0",
                .bind = BindScalar(BindMonthsBetween)});
  registry.Add(
      {.name = "last_day",
       .usage = "The last day of the date's month.",
       .example = "SELECT last_day(DATE'2009-01-12')",
       .since = "1.5.0",
       .bind = Simple(
           {.parameters = {Date()}, .type = Date(), .kernel = RowKernel<int32_t(int32_t)>(Date(), LastDayOfMonth)})});
}

SLUICE_REGISTER(FunctionRegistry, DateTruncation) {
  registry.Add({.name = "trunc",
                .usage = "The first day of the date's week, month, quarter or year.",
                .example = "SELECT trunc(DATE'2019-08-04', 'quarter')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {Date(), String()},
                                .type = Date(),
                                .kernel = RowKernel<int32_t(int32_t, std::string_view)>(Date(), TruncDate()),
                                .nulls = Nulls::kAlways})});
  registry.Add({.name = "date_trunc",
                .usage = "The timestamp cut to a unit.",
                .example = "SELECT date_trunc('YEAR', '2015-03-05T09:32:05.359')",
                .since = "2.3.0",
                .bind = BindScalar(BindDateTrunc)});
}

}  // namespace sluice::functions
