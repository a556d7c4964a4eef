// Parsing of numbers and booleans.
#include "functions/number_parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "functions/decimal_math.h"

namespace sluice::functions {
namespace {

bool IsSpaceOrControl(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f;
}

std::string_view TrimJava(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  return text;
}

bool EqualsNoCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
         });
}

template <typename T>
std::optional<T> SpecialNumber(std::string_view text) {
  bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (negative || text.front() == '+')) text.remove_prefix(1);
  if (EqualsNoCase(text, "inf") || EqualsNoCase(text, "infinity")) {
    T infinity = std::numeric_limits<T>::infinity();
    return negative ? -infinity : infinity;
  }
  if (EqualsNoCase(text, "nan")) return std::numeric_limits<T>::quiet_NaN();
  return std::nullopt;
}

template <typename T>
std::optional<T> ParseFloating(std::string_view text) {
  text = TrimJava(text);
  std::string_view whole = text;
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::string_view digits = text;
  bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (hex) digits.remove_prefix(2);
  // Java takes a type suffix: 1.5d, 2F.
  if (digits.size() > 1 && !hex) {
    char last = digits.back();
    if (last == 'd' || last == 'D' || last == 'f' || last == 'F') digits.remove_suffix(1);
  }
  bool number = !digits.empty() && (hex || (digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.');
  if (!number) return SpecialNumber<T>(whole);
  T value = 0;
  auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value,
                                hex ? std::chars_format::hex : std::chars_format::general);
  if (result.ptr != digits.data() + digits.size()) return std::nullopt;
  if (result.ec == std::errc::result_out_of_range) {
    // from_chars leaves the value alone: tell overflow from underflow by the exponent's sign.
    size_t e = digits.find_first_of("eE");
    bool small = e == std::string_view::npos ? digits[0] == '.' || digits.starts_with("0.")
                                             : digits.substr(e + 1).starts_with('-');
    value = small ? T{0} : std::numeric_limits<T>::infinity();
  } else if (result.ec != std::errc()) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

}  // namespace

std::string_view TrimAll(std::string_view text) {
  while (!text.empty() && IsSpaceOrControl(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpaceOrControl(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> ParseLong(std::string_view text, bool allow_fraction) {
  text = TrimAll(text);
  if (text.empty()) return std::nullopt;
  bool negative = text.front() == '-';
  if (negative || text.front() == '+') {
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
  }
  // Accumulated as a negative number, whose range is the wider one.
  int64_t value = 0;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && allow_fraction) break;
    int digit = text[i] - '0';
    if (digit < 0 || digit > 9) return std::nullopt;
    if (__builtin_mul_overflow(value, int64_t{10}, &value) || __builtin_sub_overflow(value, int64_t{digit}, &value)) {
      return std::nullopt;
    }
  }
  for (++i; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  if (negative) return value;
  if (value == std::numeric_limits<int64_t>::min()) return std::nullopt;
  return -value;
}

std::optional<int32_t> ParseInt(std::string_view text, bool allow_fraction) {
  auto value = ParseLong(text, allow_fraction);
  if (!value || *value != static_cast<int32_t>(*value)) return std::nullopt;
  return static_cast<int32_t>(*value);
}

std::optional<double> ParseDouble(std::string_view text) { return ParseFloating<double>(text); }
std::optional<float> ParseFloat(std::string_view text) { return ParseFloating<float>(text); }

std::optional<bool> ParseBoolean(std::string_view text) {
  text = TrimAll(text);
  for (std::string_view yes : {"t", "true", "y", "yes", "1"}) {
    if (EqualsNoCase(text, yes)) return true;
  }
  for (std::string_view no : {"f", "false", "n", "no", "0"}) {
    if (EqualsNoCase(text, no)) return false;
  }
  return std::nullopt;
}

namespace {

struct DecimalParts {
  bool negative = false;
  std::string_view whole, fraction;
  int exponent = 0;
};

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool SplitDecimal(std::string_view text, DecimalParts* parts) {
  text = TrimAll(text);
  if (text.empty()) return false;
  if (text.front() == '-' || text.front() == '+') {
    parts->negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    auto result = std::from_chars(exponent.data(), exponent.data() + exponent.size(), parts->exponent);
    if (result.ec != std::errc() || result.ptr != exponent.data() + exponent.size()) return false;
    text = text.substr(0, e);
  }
  size_t point = text.find('.');
  parts->whole = text.substr(0, point);
  if (point != std::string_view::npos) parts->fraction = text.substr(point + 1);
  return parts->whole.size() + parts->fraction.size() > 0 && AllDigits(parts->whole) && AllDigits(parts->fraction);
}

}  // namespace

DecimalParse ParseDecimal(std::string_view text, int precision, int scale, Int128* out) {
  *out = 0;
  DecimalParts parts;
  if (!SplitDecimal(text, &parts)) return DecimalParse::kMalformed;
  // Digits that count: those up to `scale` places after the point, moved by the exponent, and one more to round.
  int64_t wanted = static_cast<int64_t>(parts.whole.size()) + parts.exponent + scale;
  Int128 value = 0;
  int64_t taken = 0;
  bool round_up = false;
  auto take = [&](char c) {
    if (taken < wanted) {
      if (__builtin_mul_overflow(value, Int128{10}, &value) || __builtin_add_overflow(value, Int128{c - '0'}, &value)) {
        return false;
      }
    } else if (taken == wanted) {
      round_up = c >= '5';
    }
    ++taken;
    return true;
  };
  for (char c : parts.whole) {
    if (!take(c)) return DecimalParse::kOutOfRange;
  }
  for (char c : parts.fraction) {
    if (!take(c)) return DecimalParse::kOutOfRange;
  }
  for (; taken < wanted && value != 0; ++taken) {
    if (__builtin_mul_overflow(value, Int128{10}, &value)) return DecimalParse::kOutOfRange;
  }
  if (round_up) ++value;
  *out = parts.negative ? -value : value;
  return FitsPrecision(value, precision) ? DecimalParse::kGood : DecimalParse::kOutOfRange;
}

int IntegralDigits(std::string_view text) {
  DecimalParts parts;
  if (!SplitDecimal(text, &parts)) return 0;
  std::string digits = std::string(parts.whole) + std::string(parts.fraction);
  size_t leading = digits.find_first_not_of('0');
  if (leading == std::string::npos) return 0;
  int64_t count = static_cast<int64_t>(parts.whole.size()) + parts.exponent - static_cast<int64_t>(leading);
  return static_cast<int>(std::max<int64_t>(count, 0));
}

}  // namespace sluice::functions
