// Dates and times in text formats: the options dateFormat, timestampFormat, timestampNTZFormat, timeZone and locale.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "formats/option_reader.h"
#include "types/datetime_pattern.h"
#include "types/datetime_text.h"

namespace sluice::formats {

/// Reads values; without a format what CAST reads. Not thread safe (it remembers the last zone offset).
class DateTimeReader {
 public:
  explicit DateTimeReader(const OptionReader& options);

  bool Date(std::string_view text, int32_t* days) const;
  bool Timestamp(std::string_view text, int64_t* micros) const {
    int64_t local;
    bool utc = text.ends_with('Z');
    if (!timestamp_pattern_ && IsoTimestamp(text.substr(0, text.size() - utc), &local)) {
      *micros = utc ? local : ToUtc(local);
      return true;
    }
    return TimestampSlowly(text, micros);
  }
  bool TimestampNtz(std::string_view text, int64_t* micros) const;
  bool Time(std::string_view text, int64_t* nanos) const;

  /// True if a text is a date (timestamp) by the format given or, without one, by the default format that schema
  /// inference uses.
  bool has_date_format() const { return date_pattern_ != nullptr; }
  bool has_timestamp_format() const { return timestamp_pattern_ != nullptr; }
  bool has_timestamp_ntz_format() const { return ntz_pattern_ != nullptr; }
  const types::TimeZone& zone() const { return zone_; }

  /// "yyyy-MM-dd[ T]HH:mm:ss[.f…]" with in-range fields and no zone; local micros.
  static bool IsoTimestamp(std::string_view text, int64_t* local_micros);
  /// "yyyy-MM-dd" exactly.
  static bool IsoDate(std::string_view text, int32_t* days);

 private:
  int64_t ToUtc(int64_t local) const;
  bool TimestampSlowly(std::string_view text, int64_t* micros) const;

  types::TimeZone zone_;
  bool fixed_zone_;
  int64_t fixed_offset_ = 0;
  int32_t today_;
  bool date_fallback_, timestamp_fallback_;
  std::shared_ptr<const types::DateTimePattern> date_pattern_, timestamp_pattern_, ntz_pattern_, time_pattern_;
  // Local quarter hour → offset of the value read last.
  mutable int64_t last_quarter_ = INT64_MIN;
  mutable int64_t last_offset_ = 0;
};

/// Prints values; without a format ISO 8601 with milliseconds. Thread safe.
class DateTimeWriter {
 public:
  explicit DateTimeWriter(const OptionReader& options);

  void Date(int32_t days, std::string* out) const;
  void Timestamp(int64_t micros, std::string* out) const;
  void TimestampNtz(int64_t micros, std::string* out) const;
  void Time(int64_t nanos, std::string* out) const;

 private:
  types::TimeZone zone_;
  std::shared_ptr<const types::DateTimePattern> date_pattern_, timestamp_pattern_, ntz_pattern_, time_pattern_;
};

/// The option "timeZone", else the session's zone.
types::TimeZone ZoneOf(const OptionReader& options);

}  // namespace sluice::formats
