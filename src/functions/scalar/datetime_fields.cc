// Parts of dates, times, timestamps and intervals: year … second, extract, date_part.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "functions/datetime_math.h"
#include "functions/kernels.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using logical::ScalarKernel;
using types::Date;
using types::Integer;
using types::kMicrosPerDay;
using types::kMicrosPerSecond;
using types::String;
using types::TimeZone;
using types::TypeId;
using types::TypePtr;

namespace {

using DateField = int32_t (*)(int32_t days);

int32_t YearOf(int32_t days) { return static_cast<int32_t>(types::ToCivil(days).year); }
int32_t MonthOf(int32_t days) { return types::ToCivil(days).month; }
int32_t QuarterOf(int32_t days) { return (types::ToCivil(days).month - 1) / 3 + 1; }
int32_t DayOfMonth(int32_t days) { return types::ToCivil(days).day; }
int32_t DayOfWeekField(int32_t days) { return DayOfWeek(days); }
int32_t DayOfWeekIso(int32_t days) { return WeekDay(days) + 1; }
int32_t WeekDayField(int32_t days) { return WeekDay(days); }
int32_t DayOfYearField(int32_t days) { return DayOfYear(days); }
int32_t WeekField(int32_t days) { return WeekOfYear(days); }
int32_t YearOfWeek(int32_t days) { return static_cast<int32_t>(WeekBasedYear(days)); }

ScalarKernel DateKernel(DateField field) {
  return TotalKernel<int32_t(int32_t)>(Integer(), [field](int32_t days) { return field(days); });
}

BindScalar OfDate(DateField field) {
  return Simple({.parameters = {Date()}, .type = Integer(), .kernel = DateKernel(field), .can_fail = false});
}

enum class TimeField { kHour, kMinute, kSecond, kSecondWithFraction };

int64_t UnitOf(TimeField field) {
  if (field == TimeField::kHour) return kMicrosPerHour;
  return field == TimeField::kMinute ? kMicrosPerMinute : kMicrosPerSecond;
}

/// Micros of the local day → the field. Fractions of a second are decimals of scale 6.
int32_t FieldOf(TimeField field, int64_t micros_of_day) {
  int64_t whole = micros_of_day / UnitOf(field);
  return static_cast<int32_t>(field == TimeField::kHour ? whole : whole % 60);
}

template <typename Micros>
ScalarKernel TimeKernel(TimeField field, Micros micros_of_day) {
  if (field == TimeField::kSecondWithFraction) {
    return BatchKernel<Int128(int64_t)>(types::Decimal(8, 6), [micros_of_day](EvalContext& context) {
      return [of_day = micros_of_day(context)](int64_t v) { return Int128{of_day(v) % kMicrosPerMinute}; };
    });
  }
  return BatchKernel<int32_t(int64_t)>(Integer(), [field, micros_of_day](EvalContext& context) {
    return [of_day = micros_of_day(context), field](int64_t v) { return FieldOf(field, of_day(v)); };
  });
}

/// The kernel over a timestamp (local or not) or a time.
ScalarKernel TimeKernelFor(TimeField field, const TypePtr& type) {
  if (type->Is(TypeId::kTime)) {
    return TimeKernel(field, [](EvalContext&) { return [](int64_t nanos) { return nanos / 1000; }; });
  }
  bool local = type->Is(TypeId::kTimestampNtz);
  return TimeKernel(field, [local](EvalContext& context) {
    TimeZone zone = local ? TimeZone::Utc() : TimeZone::Get(context.time_zone);
    return [zone](int64_t micros) { return TimeOfDay(zone.ToLocal(micros)); };
  });
}

TypePtr TimeInput(const BindContext& context, const Arguments& arguments, int at) {
  const TypePtr& type = arguments[at].type;
  if (type->Is(TypeId::kTime)) return type;
  TypePtr input = Expected::AnyTimestamp().ImplicitCast(type, context.ansi);
  if (!input) throw UnexpectedInput(context, arguments, at, Expected::AnyTimestamp().Sql());
  return input;
}

BindScalar OfTime(TimeField field) {
  return [field](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    CheckCount(context, arguments, 1, 1);
    TypePtr type = TimeInput(context, arguments, 0);
    auto binding = NewBinding(context, arguments, Integer(), {type}, TimeKernelFor(field, type));
    binding->can_fail = false;
    return binding;
  };
}

/// Names of fields, as extract and date_part take them.
std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

const std::map<std::string, DateField>& DateFields() {
  static const std::map<std::string, DateField> kFields = [] {
    std::map<std::string, DateField> out;
    auto add = [&](DateField field, std::initializer_list<const char*> names) {
      for (const char* name : names) out[name] = field;
    };
    add(YearOf, {"YEAR", "Y", "YEARS", "YR", "YRS"});
    add(YearOfWeek, {"YEAROFWEEK"});
    add(QuarterOf, {"QUARTER", "QTR"});
    add(MonthOf, {"MONTH", "MON", "MONS", "MONTHS"});
    add(WeekField, {"WEEK", "W", "WEEKS"});
    add(DayOfMonth, {"DAY", "D", "DAYS"});
    add(DayOfWeekField, {"DAYOFWEEK", "DOW"});
    add(DayOfWeekIso, {"DAYOFWEEK_ISO", "DOW_ISO"});
    add(DayOfYearField, {"DOY"});
    return out;
  }();
  return kFields;
}

const std::map<std::string, TimeField>& TimeFields() {
  static const std::map<std::string, TimeField> kFields = {{"HOUR", TimeField::kHour},
                                                           {"H", TimeField::kHour},
                                                           {"HOURS", TimeField::kHour},
                                                           {"HR", TimeField::kHour},
                                                           {"HRS", TimeField::kHour},
                                                           {"MINUTE", TimeField::kMinute},
                                                           {"M", TimeField::kMinute},
                                                           {"MIN", TimeField::kMinute},
                                                           {"MINS", TimeField::kMinute},
                                                           {"MINUTES", TimeField::kMinute},
                                                           {"SECOND", TimeField::kSecondWithFraction},
                                                           {"S", TimeField::kSecondWithFraction},
                                                           {"SEC", TimeField::kSecondWithFraction},
                                                           {"SECONDS", TimeField::kSecondWithFraction},
                                                           {"SECS", TimeField::kSecondWithFraction}};
  return kFields;
}

struct Extraction {
  TypePtr input, type;
  ScalarKernel kernel;
};

template <typename R, typename A, typename F>
Extraction Make(const TypePtr& input, const TypePtr& type, F f) {
  return {input, type, TotalKernel<R(A)>(type, f)};
}

std::optional<Extraction> FromYearMonth(const std::string& field, const TypePtr& input) {
  auto date = DateFields().find(field);
  if (date == DateFields().end()) return std::nullopt;
  if (date->second == YearOf) {
    return Make<int32_t, int32_t>(input, Integer(), [](int32_t months) { return months / 12; });
  }
  if (date->second == MonthOf) {
    return Make<int8_t, int32_t>(input, types::Byte(), [](int32_t months) { return static_cast<int8_t>(months % 12); });
  }
  return std::nullopt;
}

std::optional<Extraction> FromDayTime(const std::string& field, const TypePtr& input) {
  auto date = DateFields().find(field);
  if (date != DateFields().end() && date->second == DayOfMonth) {
    return Make<int32_t, int64_t>(input, Integer(), [](int64_t v) { return static_cast<int32_t>(v / kMicrosPerDay); });
  }
  auto time = TimeFields().find(field);
  if (time == TimeFields().end()) return std::nullopt;
  if (time->second == TimeField::kSecondWithFraction) {
    return Make<Int128, int64_t>(input, types::Decimal(8, 6), [](int64_t v) { return Int128{v % kMicrosPerMinute}; });
  }
  if (time->second == TimeField::kHour) {
    return Make<int8_t, int64_t>(input, types::Byte(),
                                 [](int64_t v) { return static_cast<int8_t>(v % kMicrosPerDay / kMicrosPerHour); });
  }
  return Make<int8_t, int64_t>(input, types::Byte(),
                               [](int64_t v) { return static_cast<int8_t>(v % kMicrosPerHour / kMicrosPerMinute); });
}

std::optional<Extraction> FromCalendar(const std::string& field, const TypePtr& input) {
  auto date = DateFields().find(field);
  if (date != DateFields().end()) {
    if (date->second == YearOf) {
      return Make<int32_t, CalendarValue>(input, Integer(), [](CalendarValue v) { return v.months / 12; });
    }
    if (date->second == MonthOf) {
      return Make<int8_t, CalendarValue>(input, types::Byte(),
                                         [](CalendarValue v) { return static_cast<int8_t>(v.months % 12); });
    }
    if (date->second == DayOfMonth) {
      return Make<int32_t, CalendarValue>(input, Integer(), [](CalendarValue v) { return v.days; });
    }
    return std::nullopt;
  }
  auto time = TimeFields().find(field);
  if (time == TimeFields().end()) return std::nullopt;
  if (time->second == TimeField::kHour) {
    return Make<int8_t, CalendarValue>(
        input, types::Byte(), [](CalendarValue v) { return static_cast<int8_t>(v.nanos / 1000 / kMicrosPerHour); });
  }
  if (time->second == TimeField::kMinute) {
    return Make<int8_t, CalendarValue>(input, types::Byte(), [](CalendarValue v) {
      return static_cast<int8_t>(v.nanos / 1000 % kMicrosPerHour / kMicrosPerMinute);
    });
  }
  return Make<Int128, CalendarValue>(input, types::Decimal(8, 6),
                                     [](CalendarValue v) { return Int128{v.nanos / 1000 % kMicrosPerMinute}; });
}

std::optional<Extraction> FindExtraction(const BindContext& context, const std::string& field, const TypePtr& source) {
  switch (source->id()) {
    case TypeId::kYearMonthInterval:
      return FromYearMonth(field, source);
    case TypeId::kDayTimeInterval:
      return FromDayTime(field, source);
    case TypeId::kCalendarInterval:
      return FromCalendar(field, source);
    default:
      break;
  }
  if (auto date = DateFields().find(field); date != DateFields().end() && !source->Is(TypeId::kTime)) {
    TypePtr input = Expected(Date()).ImplicitCast(source, context.ansi);
    if (input) return Extraction{input, Integer(), DateKernel(date->second)};
  }
  if (auto time = TimeFields().find(field); time != TimeFields().end()) {
    TypePtr input = source->Is(TypeId::kTime) ? source : Expected::AnyTimestamp().ImplicitCast(source, context.ansi);
    TypePtr type = time->second == TimeField::kSecondWithFraction ? types::Decimal(8, 6) : Integer();
    if (input) return Extraction{input, type, TimeKernelFor(time->second, input)};
  }
  return std::nullopt;
}

ScalarBindingPtr BindExtract(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  const Argument& field = arguments[0];
  if (!field.literal || !field.type->IsStringLike()) {
    throw base::Error(base::ErrorKind::kAnalysis, "NON_FOLDABLE_ARGUMENT",
                      {{"funcName", QuotedName(context)}, {"paramName", "`field`"}, {"paramType", "\"STRING\""}});
  }
  std::string name = PrettyName(context);
  if (field.literal->is_null()) {
    auto none = [](EvalContext&, const std::vector<arrow::Datum>&, int64_t) {
      return arrow::Datum(arrow::MakeNullScalar(arrow::float64()));
    };
    return NewBinding(context, arguments, types::Double(), {field.type, arguments[1].type}, none, Nulls::kAlways);
  }
  auto found = FindExtraction(context, Upper(StringLiteral(field)), arguments[1].type);
  if (!found) {
    throw base::Error(base::ErrorKind::kAnalysis, "INVALID_EXTRACT_FIELD",
                      {{"field", "`" + StringLiteral(field) + "`"}, {"expr", QuotedSql(arguments[1].sql)}});
  }
  auto kernel = [inner = found->kernel](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    return inner(eval, {values[1]}, rows);
  };
  auto binding = NewBinding(context, arguments, found->type, {field.type, found->input}, kernel);
  binding->can_fail = false;
  if (name == "extract") {
    binding->sql = [](const std::vector<std::string>& texts) {
      return fmt::format("extract({} FROM {})", texts[0], texts[1]);
    };
  }
  return binding;
}

constexpr const char* kDayNames[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr const char* kMonthNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void AddDateField(FunctionRegistry& registry, const char* name, std::vector<std::string> aliases, const char* usage,
                  const char* since, DateField field) {
  registry.Add({.name = name,
                .aliases = std::move(aliases),
                .usage = usage,
                .example = fmt::format("SELECT {}(DATE'2016-07-30')", name),
                .since = since,
                .bind = OfDate(field)});
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, DateFields) {
  AddDateField(registry, "year", {}, "The year of a date.", "1.5.0", YearOf);
  AddDateField(registry, "quarter", {}, "The quarter of a date, 1 to 4.", "1.5.0", QuarterOf);
  AddDateField(registry, "month", {}, "The month of a date, 1 to 12.", "1.5.0", MonthOf);
  AddDateField(registry, "day", {"dayofmonth"}, "The day of the month of a date.", "1.5.0", DayOfMonth);
  AddDateField(registry, "dayofweek", {}, "The day of the week, 1 for Sunday to 7 for Saturday.", "2.3.0",
               DayOfWeekField);
  AddDateField(registry, "weekday", {}, "The day of the week, 0 for Monday to 6 for Sunday.", "2.4.0", WeekDayField);
  AddDateField(registry, "dayofyear", {}, "The day of the year, from 1.", "1.5.0", DayOfYearField);
  AddDateField(registry, "weekofyear", {}, "The ISO week of the year.", "1.5.0", WeekField);
}

SLUICE_REGISTER(FunctionRegistry, DateNames) {
  registry.Add({.name = "dayname",
                .usage = "The day of the week in three letters.",
                .example = "SELECT dayname(DATE'2008-02-20')",
                .since = "4.0.0",
                .bind = Simple({.parameters = {Date()},
                                .type = String(),
                                .kernel = RowKernel<Text(int32_t)>(String(), [](TextWriter& out, int32_t days) {
                                  out.Append(kDayNames[WeekDay(days)]);
                                })})});
  registry.Add({.name = "monthname",
                .usage = "The month in three letters.",
                .example = "SELECT monthname(DATE'2008-02-20')",
                .since = "4.0.0",
                .bind = Simple({.parameters = {Date()},
                                .type = String(),
                                .kernel = RowKernel<Text(int32_t)>(String(), [](TextWriter& out, int32_t days) {
                                  out.Append(kMonthNames[types::ToCivil(days).month - 1]);
                                })})});
}

SLUICE_REGISTER(FunctionRegistry, TimeFields) {
  registry.Add({.name = "hour",
                .usage = "The hour of a time or timestamp.",
                .example = "SELECT hour('2018-02-14 12:58:59')",
                .since = "1.5.0",
                .bind = OfTime(TimeField::kHour)});
  registry.Add({.name = "minute",
                .usage = "The minute of a time or timestamp.",
                .example = "SELECT minute('2018-02-14 12:58:59')",
                .since = "1.5.0",
                .bind = OfTime(TimeField::kMinute)});
  registry.Add({.name = "second",
                .usage = "The second of a time or timestamp.",
                .example = "SELECT second('2018-02-14 12:58:59')",
                .since = "1.5.0",
                .bind = OfTime(TimeField::kSecond)});
}

SLUICE_REGISTER(FunctionRegistry, Extract) {
  registry.Add({.name = "extract",
                .usage = "A field of a date, time, timestamp or interval.",
                .example = "SELECT extract(YEAR FROM TIMESTAMP '2019-08-12 01:00:00.123456')",
                .since = "3.0.0",
                .bind = BindScalar(BindExtract)});
  registry.Add({.name = "date_part",
                .aliases = {"datepart"},
                .usage = "A field, named by a text, of a date, time, timestamp or interval.",
                .example = "SELECT date_part('YEAR', TIMESTAMP '2019-08-12 01:00:00.123456')",
                .since = "3.0.0",
                .bind = BindScalar(BindExtract)});
}

}  // namespace sluice::functions
