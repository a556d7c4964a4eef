// Java's datetime patterns ("yyyy-MM-dd HH:mm:ss[.SSS]"), as Spark's formatters use them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "types/datetime_text.h"

namespace sluice::types {

namespace pattern {
struct Item;
struct Fields;
}  // namespace pattern

/// A compiled pattern: java.time.format.DateTimeFormatter in strict mode, English texts, letters of any case when
/// parsing, and Spark's own rules (letters it refuses, fractions of any length when parsing). Immutable, thread safe.
class DateTimePattern {
 public:
  enum class Use { kParse, kFormat };

  /// Throws INCONSISTENT_BEHAVIOR_CROSS_VERSION.*, INVALID_DATETIME_PATTERN.* for what Spark refuses, an unsupported
  /// error for a `locale` that is not English.
  DateTimePattern(std::string_view text, Use use, std::string_view locale = "en-US");
  ~DateTimePattern();
  DateTimePattern(const DateTimePattern&) = delete;

  /// Micros since the epoch; a text without a zone is in `zone`. Fields that the pattern lacks are those of 1970-01-01
  /// 00:00. Nothing for a text that does not fit; `error` (if given) is then what Java says: "Text 'x' could not be
  /// parsed at index 0".
  std::optional<int64_t> ParseTimestamp(std::string_view text, const TimeZone& zone,
                                        std::string* error = nullptr) const;
  /// Local micros; a zone in the text is dropped if `allow_zone`, else refused.
  std::optional<int64_t> ParseTimestampNtz(std::string_view text, bool allow_zone, std::string* error = nullptr) const;
  std::optional<int32_t> ParseDate(std::string_view text, std::string* error = nullptr) const;
  /// Nanos of the day.
  std::optional<int64_t> ParseTime(std::string_view text, std::string* error = nullptr) const;

  /// Append to `out`. A field that the value lacks (an hour of a date, a zone of a timestamp without one) is an error.
  void FormatTimestamp(int64_t utc_micros, const TimeZone& zone, std::string* out) const;
  void FormatTimestampNtz(int64_t local_micros, std::string* out) const;
  void FormatDate(int64_t days, std::string* out) const;
  void FormatTime(int64_t nanos_of_day, std::string* out) const;

 private:
  bool Parse(std::string_view text, pattern::Fields* fields, std::string* error) const;

  std::vector<pattern::Item> items_;
};

}  // namespace sluice::types
