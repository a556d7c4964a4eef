// Checks a pattern by Spark's rules and turns parsed fields into dates and times, as java.time resolves them strictly.
#include "types/datetime_pattern.h"

#include <fmt/format.h>

#include <cctype>

#include "base/error.h"
#include "types/pattern_items.h"

namespace sluice::types {
namespace {

using base::Error;
using base::ErrorKind;
using pattern::Fields;

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::string_view kMonthNames[] = {"JANUARY", "FEBRUARY", "MARCH",     "APRIL",   "MAY",      "JUNE",
                                            "JULY",    "AUGUST",   "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"};

// Letters outside quotes, each maximal run once.
template <typename Visit>
void VisitRuns(std::string_view text, const Visit& visit) {
  bool quoted = false;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\'') quoted = !quoted;
    size_t end = at + 1;
    while (end < text.size() && text[end] == text[at] && text[at] != '\'') ++end;
    if (!quoted && std::isalpha(static_cast<unsigned char>(text[at]))) visit(text[at], end - at);
    at = end;
  }
}

// SimpleDateFormat takes it: then Spark says that the pattern's meaning changed.
bool LegacyTakes(std::string_view text) {
  bool quoted = false;
  bool taken = true;
  for (char c : text) {
    if (c == '\'') quoted = !quoted;
  }
  VisitRuns(text, [&](char c, size_t count) {
    if (std::string_view("GyMwWDdFEuaHkKhmsSzZXLY").find(c) == std::string_view::npos || (c == 'X' && count > 3)) {
      taken = false;
    }
  });
  return taken && !quoted;
}

[[noreturn]] void ThrowUnrecognized(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\'') escaped += '\\';
    escaped += c;
  }
  if (LegacyTakes(text)) {
    throw Error(ErrorKind::kUpgrade, "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION",
                {{"pattern", fmt::format("'{}'", escaped)},
                 {"config", "\"spark.sql.legacy.timeParserPolicy\""},
                 {"docroot", "https://spark.apache.org/docs/latest"}});
  }
  throw Error(ErrorKind::kRuntime, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION",
              {{"pattern", fmt::format("'{}'", escaped)}, {"docroot", "https://spark.apache.org/docs/latest"}});
}

// DateTimeFormatterHelper.convertIncompatiblePattern: refused letters, and y without an era is the proleptic year.
std::string Convert(std::string_view text, bool parsing) {
  bool has_era = false;
  VisitRuns(text, [&](char c, size_t count) {
    bool illegal = std::string_view("ABnNp").find(c) != std::string_view::npos ||
                   (parsing && std::string_view("EFqQ").find(c) != std::string_view::npos);
    if (std::string_view("ec").find(c) != std::string_view::npos) {
      throw Error(ErrorKind::kIllegalArgument, "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN",
                  {{"c", std::string(1, c)}});
    }
    if (std::string_view("YWwu").find(c) != std::string_view::npos) ThrowUnrecognized(text);
    if (illegal && parsing && LegacyTakes(text)) ThrowUnrecognized(text);
    if (illegal) {
      throw Error(ErrorKind::kIllegalArgument, "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER",
                  {{"c", std::string(1, c)}, {"pattern", std::string(text)}});
    }
    if (c == 'G') has_era = true;
    (void)count;
  });
  std::string out(text);
  if (has_era) return out;
  bool quoted = false;
  for (char& c : out) {
    if (c == '\'') quoted = !quoted;
    if (!quoted && c == 'y') c = 'u';
  }
  return out;
}

class Resolver {
 public:
  Resolver(Fields* fields, std::string* error) : fields_(*fields), error_(error) {}

  std::optional<int64_t> Days() {
    if (!ResolveYear()) return std::nullopt;
    int64_t year = Get(pattern::kYear, 1970);
    if (!In(pattern::kYear, year, -999'999'999, 999'999'999, "Year")) return std::nullopt;
    if (Has(pattern::kDayOfYear) && Has(pattern::kYear)) return DayOfYear(year);
    int64_t month = Get(pattern::kMonth, 1);
    int64_t day = Get(pattern::kDay, 1);
    if (!In(pattern::kMonth, month, 1, 12, "MonthOfYear") || !In(pattern::kDay, day, 1, 31, "DayOfMonth")) {
      return std::nullopt;
    }
    if (day > DaysInMonth(year, static_cast<int>(month))) {
      return Fail(month == 2 && day == 29 ? fmt::format("Invalid date 'February 29' as '{}' is not a leap year", year)
                                          : fmt::format("Invalid date '{} {}'", kMonthNames[month - 1], day));
    }
    return FromCivil({year, static_cast<int>(month), static_cast<int>(day)});
  }

  std::optional<int64_t> Nanos() {
    using namespace pattern;
    int64_t hour;
    if (Has(kClockHour)) {
      if (!In(kClockHour, Get(kClockHour, 0), 1, 24, "ClockHourOfDay")) return std::nullopt;
      hour = Get(kClockHour, 0) % 24;
    } else if (Has(kHour)) {
      hour = Get(kHour, 0);
      if (!In(kHour, hour, 0, 23, "HourOfDay")) return std::nullopt;
    } else {
      int64_t half = Get(kAmPm, 0);
      int64_t of_half = Get(kHourOfAmPm, 0);
      if (Has(kClockHourOfAmPm)) {
        if (!In(kClockHourOfAmPm, Get(kClockHourOfAmPm, 0), 1, 12, "ClockHourOfAmPm")) return std::nullopt;
        of_half = Get(kClockHourOfAmPm, 0) % 12;
      }
      if (!In(kHourOfAmPm, of_half, 0, 11, "HourOfAmPm")) return std::nullopt;
      hour = half * 12 + of_half;
    }
    if (Has(kAmPm) && Get(kAmPm, 0) != hour / 12) {
      return Fail(fmt::format("Conflict found: Field AmPmOfDay {} differs from AmPmOfDay {} derived from {:02}:{:02}",
                              hour / 12, Get(kAmPm, 0), hour, Get(kMinute, 0)));
    }
    int64_t minute = Get(kMinute, 0);
    int64_t second = Get(kSecond, 0);
    if (!In(kMinute, minute, 0, 59, "MinuteOfHour") || !In(kSecond, second, 0, 59, "SecondOfMinute")) {
      return std::nullopt;
    }
    return ((hour * 60 + minute) * 60 + second) * kNanosPerSecond + Get(kNano, 0);
  }

 private:
  bool Has(pattern::Field field) const { return fields_.values[field].has_value(); }
  int64_t Get(pattern::Field field, int64_t otherwise) const { return fields_.values[field].value_or(otherwise); }

  std::nullopt_t Fail(std::string message) {
    if (error_) *error_ = std::move(message);
    return std::nullopt;
  }

  bool In(pattern::Field, int64_t value, int64_t low, int64_t high, std::string_view name) {
    if (value >= low && value <= high) return true;
    Fail(fmt::format("Invalid value for {} (valid values {} - {}): {}", name, low,
                     name == "DayOfMonth" ? "28/31" : fmt::to_string(high), value));
    return false;
  }

  bool ResolveYear() {
    if (!Has(pattern::kYearOfEra)) return true;
    int64_t year = Get(pattern::kYearOfEra, 1);
    if (year < 1) {
      Fail(fmt::format("Invalid value for YearOfEra (valid values 1 - 999999999/1000000000): {}", year));
      return false;
    }
    fields_.values[pattern::kYear] = Get(pattern::kEra, 1) == 1 ? year : 1 - year;
    return true;
  }

  std::optional<int64_t> DayOfYear(int64_t year) {
    int64_t day = Get(pattern::kDayOfYear, 1);
    if (day < 1 || day > 366) {
      return Fail(fmt::format("Invalid value for DayOfYear (valid values 1 - 365/366): {}", day));
    }
    if (day == 366 && !IsLeapYear(year)) {
      return Fail(fmt::format("Invalid date 'DayOfYear 366' as '{}' is not a leap year", year));
    }
    int64_t days = FromCivil({year, 1, 1}) + day - 1;
    CivilDate civil = ToCivil(days);
    if ((Has(pattern::kMonth) && Get(pattern::kMonth, 0) != civil.month) ||
        (Has(pattern::kDay) && Get(pattern::kDay, 0) != civil.day)) {
      return Fail("Conflict found: the day of the year and the date differ");
    }
    return days;
  }

  Fields& fields_;
  std::string* error_;
};

// "Text 'x' could not be parsed: why"
void Wrap(std::string_view text, std::string* error) {
  if (error) *error = fmt::format("Text '{}' could not be parsed: {}", text, *error);
}

void SetDate(int64_t days, Fields* fields) {
  CivilDate date = ToCivil(days);
  fields->values[pattern::kEra] = date.year > 0 ? 1 : 0;
  fields->values[pattern::kYear] = date.year;
  fields->values[pattern::kYearOfEra] = date.year > 0 ? date.year : 1 - date.year;
  fields->values[pattern::kQuarter] = (date.month - 1) / 3 + 1;
  fields->values[pattern::kMonth] = date.month;
  fields->values[pattern::kDay] = date.day;
  fields->values[pattern::kDayOfYear] = days - FromCivil({date.year, 1, 1}) + 1;
  fields->values[pattern::kDayOfWeek] = ((days + 3) % 7 + 7) % 7 + 1;
  fields->values[pattern::kWeekOfMonth] = (date.day - 1) % 7 + 1;
}

void SetTime(int64_t nanos, Fields* fields) {
  int64_t seconds = nanos / kNanosPerSecond;
  int64_t hour = seconds / 3600;
  fields->values[pattern::kNano] = nanos % kNanosPerSecond;
  fields->values[pattern::kSecond] = seconds % 60;
  fields->values[pattern::kMinute] = seconds / 60 % 60;
  fields->values[pattern::kHour] = hour;
  fields->values[pattern::kClockHour] = hour == 0 ? 24 : hour;
  fields->values[pattern::kHourOfAmPm] = hour % 12;
  fields->values[pattern::kClockHourOfAmPm] = hour % 12 == 0 ? 12 : hour % 12;
  fields->values[pattern::kAmPm] = hour / 12;
}

void SetLocal(int64_t micros, Fields* fields) {
  int64_t days = micros / kMicrosPerDay - (micros % kMicrosPerDay < 0);
  SetDate(days, fields);
  SetTime((micros - days * kMicrosPerDay) * 1000, fields);
}

}  // namespace

DateTimePattern::DateTimePattern(std::string_view text, Use use, std::string_view locale) {
  if (!locale.starts_with("en") && locale != "ROOT" && !locale.empty()) {
    bool texts = false;
    VisitRuns(text, [&](char c, size_t count) {
      texts |=
          c == 'E' || c == 'a' || c == 'G' || c == 'z' || ((c == 'M' || c == 'L' || c == 'Q' || c == 'q') && count > 2);
    });
    if (texts) throw Error::Unsupported(fmt::format("the pattern '{}' in the locale {}", text, locale), "Use en-US.");
  }
  bool parsing = use == Use::kParse;
  auto items = pattern::CompilePattern(Convert(text, parsing), parsing);
  if (!items) ThrowUnrecognized(text);
  items_ = std::move(*items);
}

DateTimePattern::~DateTimePattern() = default;

bool DateTimePattern::Parse(std::string_view text, Fields* fields, std::string* error) const {
  size_t position = 0;
  if (!pattern::ParseItems(items_, text, &position, fields)) {
    if (error) *error = fmt::format("Text '{}' could not be parsed at index {}", text, position);
    return false;
  }
  if (position != text.size()) {
    if (error) *error = fmt::format("Text '{}' could not be parsed, unparsed text found at index {}", text, position);
    return false;
  }
  return true;
}

std::optional<int64_t> DateTimePattern::ParseTimestamp(std::string_view text, const TimeZone& zone,
                                                       std::string* error) const {
  Fields fields;
  if (!Parse(text, &fields, error)) return std::nullopt;
  Resolver resolver(&fields, error);
  auto days = resolver.Days();
  auto nanos = days ? resolver.Nanos() : std::nullopt;
  if (!nanos) {
    Wrap(text, error);
    return std::nullopt;
  }
  if (*days > 106'751'990 || *days < -106'751'990) {
    if (error) *error = "long overflow";
    return std::nullopt;
  }
  int64_t local = *days * kMicrosPerDay + *nanos / 1000;
  if (fields.offset) return local - *fields.offset * kMicrosPerSecond;
  return (fields.zone ? *fields.zone : zone).ToUtc(local);
}

std::optional<int64_t> DateTimePattern::ParseTimestampNtz(std::string_view text, bool allow_zone,
                                                          std::string* error) const {
  Fields fields;
  if (!Parse(text, &fields, error)) return std::nullopt;
  if (!allow_zone && (fields.zone || fields.offset)) {
    if (error) *error = fmt::format("Text '{}' could not be parsed: it has a time zone", text);
    return std::nullopt;
  }
  Resolver resolver(&fields, error);
  auto days = resolver.Days();
  auto nanos = days ? resolver.Nanos() : std::nullopt;
  if (!nanos) {
    Wrap(text, error);
    return std::nullopt;
  }
  if (*days > 106'751'990 || *days < -106'751'990) {
    if (error) *error = "long overflow";
    return std::nullopt;
  }
  return *days * kMicrosPerDay + *nanos / 1000;
}

std::optional<int32_t> DateTimePattern::ParseDate(std::string_view text, std::string* error) const {
  Fields fields;
  if (!Parse(text, &fields, error)) return std::nullopt;
  auto days = Resolver(&fields, error).Days();
  if (!days || *days != static_cast<int32_t>(*days)) {
    Wrap(text, error);
    return std::nullopt;
  }
  return static_cast<int32_t>(*days);
}

std::optional<int64_t> DateTimePattern::ParseTime(std::string_view text, std::string* error) const {
  Fields fields;
  if (!Parse(text, &fields, error)) return std::nullopt;
  auto nanos = Resolver(&fields, error).Nanos();
  if (!nanos) Wrap(text, error);
  return nanos;
}

void DateTimePattern::FormatTimestamp(int64_t utc_micros, const TimeZone& zone, std::string* out) const {
  Fields fields;
  fields.zone = zone;
  fields.offset = zone.OffsetAt(utc_micros);
  SetLocal(utc_micros + *fields.offset * kMicrosPerSecond, &fields);
  pattern::FormatItems(items_, fields, utc_micros, out);
}

void DateTimePattern::FormatTimestampNtz(int64_t local_micros, std::string* out) const {
  Fields fields;
  SetLocal(local_micros, &fields);
  pattern::FormatItems(items_, fields, local_micros, out);
}

void DateTimePattern::FormatDate(int64_t days, std::string* out) const {
  Fields fields;
  SetDate(days, &fields);
  pattern::FormatItems(items_, fields, days * kMicrosPerDay, out);
}

void DateTimePattern::FormatTime(int64_t nanos_of_day, std::string* out) const {
  Fields fields;
  SetTime(nanos_of_day, &fields);
  pattern::FormatItems(items_, fields, 0, out);
}

}  // namespace sluice::types
