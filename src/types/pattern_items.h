// The elements that a datetime pattern is compiled to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "types/datetime_text.h"

namespace sluice::types::pattern {

enum Field {
  kEra,
  kYear,
  kYearOfEra,
  kQuarter,
  kMonth,
  kDay,
  kDayOfYear,
  kDayOfWeek,
  kWeekOfMonth,
  kAmPm,
  kHour,
  kClockHour,
  kHourOfAmPm,
  kClockHourOfAmPm,
  kMinute,
  kSecond,
  kNano,
  kFieldCount,
};

enum class Kind {
  kLiteral,
  kNumber,
  kReducedYear,
  kFraction,
  kText,
  kOffset,
  kLocalizedOffset,
  kZoneId,
  kZoneName,
  kOptional
};
enum class Sign { kNormal, kNotNegative, kExceedsPad };

struct Item {
  Kind kind = Kind::kLiteral;
  std::string literal;  // kLiteral; what a zero offset prints for kOffset
  Field field = kYear;
  int min_width = 1, max_width = 19;
  Sign sign = Sign::kNormal;
  int subsequent_width = 0;  // digits that the numbers right behind need
  bool fixed = false;        // part of a run of numbers without separators
  bool full = false;         // long form of a text or zone
  int offset_type = 0;       // index into the offset forms of java.time
  std::vector<Item> inner;   // kOptional
};

// What a text said, or what is to be printed.
struct Fields {
  std::optional<int64_t> values[kFieldCount];
  std::optional<int32_t> offset;
  std::optional<TimeZone> zone;
};

// Java's offset forms, by Item::offset_type.
constexpr std::string_view kOffsetForms[] = {"+HH",     "+HHmm",     "+HH:mm",  "+HHMM",    "+HH:MM",
                                             "+HHMMss", "+HH:MM:ss", "+HHMMSS", "+HH:MM:SS"};

/// Compiles the letters of a pattern; nothing if DateTimeFormatterBuilder.appendPattern refuses it. With `parsing`
/// fractions may be of any length up to their width.
std::optional<std::vector<Item>> CompilePattern(std::string_view pattern, bool parsing);

/// The texts of a field, in the order of its values from 1 (kMonth, kDayOfWeek, kQuarter) or 0 (kAmPm, kEra).
const std::vector<std::string_view>& TextsOf(Field field, bool full);

/// Reads `text` by `items` from `*position`; false with the place of the error in `*position`.
bool ParseItems(const std::vector<Item>& items, std::string_view text, size_t* position, Fields* fields);

/// Prints; throws for a field that is not set.
void FormatItems(const std::vector<Item>& items, const Fields& fields, int64_t utc_micros, std::string* out);

}  // namespace sluice::types::pattern
