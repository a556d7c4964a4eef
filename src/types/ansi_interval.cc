// ANSI intervals (DAY TO SECOND, YEAR TO MONTH) as text and back.
#include <fmt/format.h>

#include <array>
#include <cctype>

#include "types/datetime_text.h"
#include "types/interval.h"

namespace sluice::types {
namespace {

constexpr std::array<const char*, 4> kDayTimeNames = {"day", "hour", "minute", "second"};
constexpr std::array<const char*, 2> kYearMonthNames = {"year", "month"};
constexpr std::array<int64_t, 4> kDayTimeUnits = {kMicrosPerDay, 3600 * kMicrosPerSecond, 60 * kMicrosPerSecond,
                                                  kMicrosPerSecond};
// The first field may have this many digits, the others two.
constexpr std::array<size_t, 4> kMaxDigits = {9, 10, 12, 13};
constexpr std::array<int, 4> kLimits = {0, 23, 59, 59};

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string FieldsText(const char* const* names, IntervalFields fields) {
  if (fields.start == fields.end) return Upper(names[fields.start]);
  return Upper(fmt::format("{} to {}", names[fields.start], names[fields.end]));
}

// Takes what an interval text is made of from its front.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// A word in any case; a space in it stands for one or more.
  bool TakeWords(std::string_view words) {
    for (char c : words) {
      if (c == ' ') {
        if (!TakeSpaces()) return false;
      } else if (text_.empty() || std::toupper(static_cast<unsigned char>(text_.front())) != c) {
        return false;
      } else {
        text_.remove_prefix(1);
      }
    }
    return true;
  }
  bool TakeSpaces() {
    size_t before = text_.size();
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front()))) text_.remove_prefix(1);
    return text_.size() < before;
  }
  /// -1 for '-'; '+' and '|' count as a sign too, as in Spark's pattern.
  int Sign() {
    if (Take('-')) return -1;
    if (!Take('+')) Take('|');
    return 1;
  }
  bool Number(size_t max_digits, int64_t* value, size_t* digits = nullptr) {
    size_t count = 0;
    *value = 0;
    while (count < text_.size() && std::isdigit(static_cast<unsigned char>(text_[count]))) {
      if (count == max_digits) return false;
      *value = *value * 10 + (text_[count++] - '0');
    }
    text_.remove_prefix(count);
    if (digits) *digits = count;
    return count > 0;
  }
  bool AtEnd() const { return text_.empty(); }

 private:
  std::string_view text_;
};

struct Parsed {
  bool matched = false;
  int bad_field = -1;  // out of range
  int64_t bad_value = 0;
  int64_t value = 0;
};

// The form INTERVAL [sign]'…' FIELDS around the body, or the body alone.
template <typename Body>
Parsed ParseEither(std::string_view text, const std::string& fields, Body body) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  Scanner scanner(text);
  bool is_literal = scanner.TakeWords("INTERVAL ");
  int sign = 1;
  if (is_literal) {
    sign = scanner.Sign();
    if (!scanner.Take('\'')) return {};
  } else {
    scanner = Scanner(text);
  }
  Parsed parsed;
  sign *= scanner.Sign();
  if (!body(&scanner, sign, &parsed)) return {};
  if (is_literal && (!scanner.Take('\'') || !scanner.TakeWords(" " + fields))) return {};
  parsed.matched = scanner.AtEnd();
  return parsed;
}

bool AddScaled(int64_t number, int64_t unit, int64_t* total) {
  int64_t amount = 0;
  return !__builtin_mul_overflow(number, unit, &amount) && !__builtin_add_overflow(*total, amount, total);
}

Parsed ParseDayTime(std::string_view text, IntervalFields fields) {
  return ParseEither(text, FieldsText(kDayTimeNames.data(), fields), [&](Scanner* scanner, int sign, Parsed* parsed) {
    for (int field = fields.start; field <= fields.end; ++field) {
      bool first = field == fields.start;
      if (!first && !scanner->Take(field == 1 ? ' ' : ':')) return false;
      int64_t number = 0;
      if (!scanner->Number(first ? kMaxDigits[field] : 2, &number)) return false;
      if (!first && number > kLimits[field] && parsed->bad_field < 0) {
        parsed->bad_field = field;
        parsed->bad_value = number;
      }
      if (!AddScaled(sign * number, kDayTimeUnits[field], &parsed->value)) return false;
      if (field == 3 && scanner->Take('.')) {
        size_t digits = 0;
        if (!scanner->Number(9, &number, &digits)) return false;
        for (; digits < 9; ++digits) number *= 10;
        if (!AddScaled(sign * (number / 1000), 1, &parsed->value)) return false;
      }
    }
    return true;
  });
}

Parsed ParseYearMonth(std::string_view text, IntervalFields fields) {
  return ParseEither(text, FieldsText(kYearMonthNames.data(), fields), [&](Scanner* scanner, int sign, Parsed* parsed) {
    int64_t years = 0, months = 0;
    if (fields.start == 0 && !scanner->Number(9, &years)) return false;
    if (fields.end == 1 && fields.start == 0 && !scanner->Take('-')) return false;
    if (fields.end == 1 && !scanner->Number(fields.start == 0 ? 2 : 10, &months)) return false;
    if (fields.start == 0 && months > 11) {
      parsed->bad_field = 1;
      parsed->bad_value = months;
    }
    parsed->value = sign * (years * 12 + months);
    return parsed->value == static_cast<int32_t>(parsed->value);
  });
}

std::string SupportedFormats(const std::string& body, const std::string& fields) {
  return fmt::format("`[+|-]{0}`, `INTERVAL [+|-]'[+|-]{0}' {1}`", body, fields);
}

base::Error Unmatched(base::ErrorKind kind, bool notice, std::string_view text, const char* family,
                      const std::string& formats, const DataType& type) {
  return base::Error(kind,
                     notice ? "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"
                            : "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING",
                     {{"input", std::string(text)},
                      {"intervalStr", family},
                      {"supportedFormat", formats},
                      {"typeName", type.SimpleString()}});
}

void AppendSeconds(uint64_t micros, std::string* out) {
  *out += fmt::format("{:02}", micros / kMicrosPerSecond);
  if (uint64_t rest = micros % kMicrosPerSecond; rest != 0) {
    std::string digits = fmt::format("{:06}", rest);
    while (digits.back() == '0') digits.pop_back();
    *out += "." + digits;
  }
}

}  // namespace

std::optional<int64_t> ParseDayTimeInterval(std::string_view text, IntervalFields fields) {
  Parsed parsed = ParseDayTime(text, fields);
  if (!parsed.matched || parsed.bad_field >= 0) return std::nullopt;
  return parsed.value;
}

std::optional<int32_t> ParseYearMonthInterval(std::string_view text, IntervalFields fields) {
  Parsed parsed = ParseYearMonth(text, fields);
  if (!parsed.matched || parsed.bad_field >= 0) return std::nullopt;
  return static_cast<int32_t>(parsed.value);
}

base::Error DayTimeIntervalError(base::ErrorKind kind, std::string_view text, IntervalFields fields) {
  static constexpr std::array<const char*, 4> kLetters = {"d", "h", "m", "s.n"};
  Parsed parsed = ParseDayTime(text, fields);
  if (parsed.matched && parsed.bad_field >= 0) {
    return base::Error::Plain(
        kind, fmt::format("requirement failed: {} {} outside range [0, {}].", kDayTimeNames[parsed.bad_field],
                          parsed.bad_value, kLimits[parsed.bad_field]));
  }
  std::string body = kLetters[fields.start];
  for (int field = fields.start + 1; field <= fields.end; ++field)
    body += (field == 1 ? " " : ":") + std::string(kLetters[field]);
  return Unmatched(kind, /*notice=*/true, text, "day-time",
                   SupportedFormats(body, FieldsText(kDayTimeNames.data(), fields)), *DayTimeInterval(fields));
}

base::Error YearMonthIntervalError(base::ErrorKind kind, std::string_view text, IntervalFields fields) {
  Parsed parsed = ParseYearMonth(text, fields);
  if (parsed.matched && parsed.bad_field >= 0) {
    return base::Error(kind, "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING",
                       {{"input", std::string(text)}, {"interval", "year-month"}});
  }
  std::string body = fields.start == 1 ? "m" : fields.end == 0 ? "y" : "y-m";
  return Unmatched(kind, /*notice=*/false, text, "year-month",
                   SupportedFormats(body, FieldsText(kYearMonthNames.data(), fields)), *YearMonthInterval(fields));
}

std::string FormatDayTimeInterval(int64_t micros, IntervalFields fields) {
  uint64_t rest = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  std::string out = micros < 0 ? "INTERVAL '-" : "INTERVAL '";
  for (int field = fields.start; field <= fields.end; ++field) {
    if (field != fields.start) out += field == 1 ? " " : ":";
    if (field == 3) {
      AppendSeconds(rest, &out);
    } else {
      uint64_t unit = kDayTimeUnits[field];
      out += field == 0 ? fmt::format("{}", rest / unit) : fmt::format("{:02}", rest / unit);
      rest %= unit;
    }
  }
  return out + "' " + FieldsText(kDayTimeNames.data(), fields);
}

std::string FormatYearMonthInterval(int32_t months, IntervalFields fields) {
  int64_t all = std::abs(static_cast<int64_t>(months));
  const char* sign = months < 0 ? "-" : "";
  if (fields.start == 1) return fmt::format("INTERVAL '{}' MONTH", months);
  if (fields.end == 0) return fmt::format("INTERVAL '{}{}' YEAR", sign, all / 12);
  return fmt::format("INTERVAL '{}{}-{}' YEAR TO MONTH", sign, all / 12, all % 12);
}

}  // namespace sluice::types
