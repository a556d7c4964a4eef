// Parsing of ANSI interval texts.
#include "functions/interval_parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "functions/number_parse.h"
#include "types/datetime_text.h"

namespace sluice::functions {
namespace {

constexpr int64_t kMicrosPerMinute = 60 * types::kMicrosPerSecond;
constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
constexpr const char* kDayTimeNames[] = {"day", "hour", "minute", "second"};
constexpr const char* kYearMonthNames[] = {"year", "month"};

std::string Upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

std::string FieldsName(const char* const* names, types::IntervalFields fields) {
  std::string out = names[fields.start];
  if (fields.start != fields.end) out += std::string(" to ") + names[fields.end];
  return out;
}

/// Takes off "INTERVAL [+|-]'…' FIELDS"; what stays is the value, `negative` is set by the outer sign.
std::optional<std::string_view> Unwrap(std::string_view text, const std::string& fields, bool* negative) {
  text = TrimAll(text);
  if (!Upper(text.substr(0, 8)).starts_with("INTERVAL")) return text;
  text = TrimAll(text.substr(8));
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    *negative = text.front() == '-';
    text = TrimAll(text.substr(1));
  }
  if (text.empty() || text.front() != '\'') return std::nullopt;
  size_t close = text.find('\'', 1);
  if (close == std::string_view::npos || Upper(TrimAll(text.substr(close + 1))) != Upper(fields)) return std::nullopt;
  return text.substr(1, close - 1);
}

/// Digits with at most `most` of them; the rest of the text follows in `text`.
std::optional<int64_t> TakeNumber(std::string_view* text, size_t most) {
  size_t count = 0;
  int64_t value = 0;
  while (count < text->size() && (*text)[count] >= '0' && (*text)[count] <= '9') {
    value = value * 10 + ((*text)[count] - '0');
    if (++count > most) return std::nullopt;
  }
  if (count == 0) return std::nullopt;
  text->remove_prefix(count);
  return value;
}

bool TakeChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

/// ".5" as microseconds; nothing if it is malformed.
std::optional<int64_t> TakeFraction(std::string_view* text) {
  if (!TakeChar(text, '.')) return 0;
  size_t digits = text->size();
  auto nanos = TakeNumber(text, 9);
  if (!nanos) return digits == 0 ? std::optional<int64_t>(0) : std::nullopt;
  digits -= text->size();
  for (; digits < 9; ++digits) *nanos *= 10;
  return *nanos / 1000;
}

}  // namespace

std::optional<types::Interval> TryParseInterval(std::string_view text) {
  try {
    return types::ParseInterval(text);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

std::optional<int64_t> ParseDayTimeInterval(std::string_view text, types::IntervalFields fields) {
  bool negative = false;
  auto inner = Unwrap(text, FieldsName(kDayTimeNames, fields), &negative);
  if (!inner) return std::nullopt;
  std::string_view rest = *inner;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    negative ^= rest.front() == '-';
    rest.remove_prefix(1);
  }
  static constexpr int64_t kFactors[] = {types::kMicrosPerDay, kMicrosPerHour, kMicrosPerMinute,
                                         types::kMicrosPerSecond};
  static constexpr int64_t kLimits[] = {0, 23, 59, 59};
  static constexpr size_t kLeadingDigits[] = {9, 10, 12, 13};
  int64_t total = 0;
  for (int field = fields.start; field <= fields.end; ++field) {
    bool first = field == fields.start;
    if (!first && !TakeChar(&rest, field == 1 ? ' ' : ':')) return std::nullopt;
    auto value = TakeNumber(&rest, first ? kLeadingDigits[field] : 2);
    if (!value || (!first && *value > kLimits[field])) return std::nullopt;
    int64_t part;
    if (__builtin_mul_overflow(*value, kFactors[field], &part) || __builtin_add_overflow(total, part, &total)) {
      return std::nullopt;
    }
  }
  if (fields.end == 3) {
    auto fraction = TakeFraction(&rest);
    if (!fraction || __builtin_add_overflow(total, *fraction, &total)) return std::nullopt;
  }
  if (!rest.empty()) return std::nullopt;
  return negative ? -total : total;
}

std::optional<int32_t> ParseYearMonthInterval(std::string_view text, types::IntervalFields fields) {
  bool negative = false;
  auto inner = Unwrap(text, FieldsName(kYearMonthNames, fields), &negative);
  if (!inner) return std::nullopt;
  std::string_view rest = *inner;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    negative ^= rest.front() == '-';
    rest.remove_prefix(1);
  }
  auto leading = TakeNumber(&rest, 10);
  if (!leading) return std::nullopt;
  int64_t months = fields.start == 0 ? *leading * 12 : *leading;
  if (fields.start != fields.end) {
    if (!TakeChar(&rest, '-')) return std::nullopt;
    auto value = TakeNumber(&rest, 2);
    if (!value || *value > 11) return std::nullopt;
    months += *value;
  }
  if (!rest.empty() || months > std::numeric_limits<int32_t>::max()) return std::nullopt;
  return static_cast<int32_t>(negative ? -months : months);
}

base::Error InvalidIntervalText(std::string_view text, const types::DataType& type) {
  bool day_time = type.Is(types::TypeId::kDayTimeInterval);
  static constexpr const char* kDayTimeForms[] = {"d", "h", "m", "s.n"};
  std::string form = "[+|-]";
  auto fields = type.interval();
  if (day_time) {
    for (int field = fields.start; field <= fields.end; ++field) {
      if (field != fields.start) form += field == 1 ? " " : ":";
      form += kDayTimeForms[field];
    }
  } else {
    form += fields.start == fields.end ? (fields.start == 0 ? "y" : "m") : "y-m";
  }
  std::string name = FieldsName(day_time ? kDayTimeNames : kYearMonthNames, fields);
  base::Error::Parameters parameters = {
      {"intervalStr", day_time ? "day-time" : "year-month"},
      {"supportedFormat", fmt::format("`{}`, `INTERVAL [+|-]'{}' {}`", form, form, Upper(name))},
      {"typeName", "interval " + name},
      {"input", std::string(text)}};
  const char* condition = day_time ? "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"
                                   : "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING";
  return base::Error(base::ErrorKind::kIllegalArgument, condition, std::move(parameters));
}

}  // namespace sluice::functions
