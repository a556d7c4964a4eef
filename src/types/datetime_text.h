// Dates, times and timestamps as text, as Spark prints and reads them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::types {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

/// A proleptic Gregorian date; years outside 0 … 9999 are possible.
struct CivilDate {
  int64_t year = 1970;
  int month = 1;
  int day = 1;
};
CivilDate ToCivil(int64_t days_since_epoch);
int64_t FromCivil(const CivilDate& date);
bool IsLeapYear(int64_t year);
int DaysInMonth(int64_t year, int month);

/// A time zone by the names Spark takes: "Europe/Berlin", "UTC", "Z", "+01:00", "GMT-3", "UTC+2". Cheap to copy; made
/// once, used for many values. Gaps and overlaps of local time resolve as java.time does.
class TimeZone {
 public:
  /// Nothing if the name is unknown.
  static std::optional<TimeZone> Find(std::string_view name);
  /// Throws INVALID_TIMEZONE.
  static TimeZone Get(std::string_view name);
  static TimeZone Utc() { return TimeZone(); }

  bool is_fixed() const { return zone_ == nullptr; }
  /// Seconds that local time is ahead of UTC at an instant.
  int32_t OffsetAt(int64_t utc_micros) const;
  int64_t ToLocal(int64_t utc_micros) const { return utc_micros + OffsetAt(utc_micros) * kMicrosPerSecond; }
  int64_t ToUtc(int64_t local_micros) const;
  /// "Europe/Berlin", "UTC", "+01:00".
  std::string Id() const;
  /// "CET", "CEST", "UTC", "+01:00": the short name in use at an instant.
  std::string Abbreviation(int64_t utc_micros) const;

 private:
  const void* zone_ = nullptr;  // date::time_zone, null for a fixed offset
  int32_t offset_ = 0;
};

/// "2024-01-31"; years beyond four digits get a sign ("+10000-01-01").
std::string FormatDate(int64_t days_since_epoch);
/// "2024-01-31 12:30:00.123", fraction without trailing zeros. `micros` is local time already.
std::string FormatLocalTimestamp(int64_t micros);
std::string FormatTimestamp(int64_t utc_micros, const TimeZone& zone);
/// "12:30:00.123456"
std::string FormatTime(int64_t nanos_of_day);

/// DateTimeUtils.stringToDate: "y[yyyyyy]", "y-m", "y-m-d", "y-m-d<space or T>anything", leading and trailing
/// whitespace. Nothing if the text is no date.
std::optional<int32_t> ParseDate(std::string_view text);
/// DateTimeUtils.stringToTimestamp: date and/or time with optional zone; without a zone the text is in `zone`. A time
/// alone is today's, by `today` (days since the epoch in `zone`); without `today` it is refused.
std::optional<int64_t> ParseTimestamp(std::string_view text, const TimeZone& zone,
                                      std::optional<int32_t> today = std::nullopt);
/// stringToTimestampWithoutTimeZone; a zone in the text is dropped if `allow_zone`, else refused.
std::optional<int64_t> ParseTimestampNtz(std::string_view text, bool allow_zone = true);
/// "h:m[:s[.ffffff]]" → nanoseconds of the day.
std::optional<int64_t> ParseTime(std::string_view text);
/// True if a timestamp text carries a time zone of its own.
bool HasTimeZone(std::string_view text);

}  // namespace sluice::types
