// The rarer forms of numbers.
#include "formats/number_parser.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

namespace sluice::formats {
namespace {

bool EqualsIgnoreCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) { return (a | 0x20) == b; });
}

template <typename T>
T ToFloating(const std::string& text) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return std::strtof(text.c_str(), nullptr);
  } else {
    return std::strtod(text.c_str(), nullptr);
  }
}

// Java's FloatingPointLiteral grammar after trimming: sign, NaN, Infinity, decimal or hexadecimal digits, suffix.
template <typename T>
bool ParseJavaFloating(std::string_view text, T* out) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return false;
  T value = 0;
  if (text == "NaN") {
    value = std::numeric_limits<T>::quiet_NaN();
  } else if (text == "Infinity") {
    value = std::numeric_limits<T>::infinity();
  } else {
    bool hex = text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
    char last = static_cast<char>(text.back() | 0x20);
    bool has_exponent = text.find_first_of("pP") != std::string_view::npos;
    if ((last == 'f' || last == 'd') && (!hex || has_exponent)) text.remove_suffix(1);
    if (hex && !has_exponent) return false;
    if (text.empty() || !(hex || text[0] == '.' || (text[0] >= '0' && text[0] <= '9'))) return false;
    auto format = hex ? std::chars_format::hex : std::chars_format::general;
    std::string_view digits = hex ? text.substr(2) : text;
    auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, format);
    if (end != digits.data() + digits.size()) return false;
    if (status == std::errc::result_out_of_range) {
      value = ToFloating<T>(std::string(text));
    } else if (status != std::errc()) {
      return false;
    }
  }
  *out = negative ? -value : value;
  return true;
}

// digits × 10^exponent, with leading zeros taken off.
struct PlainDecimal {
  bool negative = false;
  std::string digits;
  int64_t exponent = 0;
};

bool ParsePlain(std::string_view text, PlainDecimal* out) {
  size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) out->negative = text[at++] == '-';
  bool any = false;
  bool point = false;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (c >= '0' && c <= '9') {
      any = true;
      if (point) --out->exponent;
      out->digits += c;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (!any) return false;
  if (at < text.size()) {
    if ((text[at] | 0x20) != 'e') return false;
    int32_t exponent;
    if (!ParseInteger(text.data() + at + 1, text.size() - at - 1, &exponent)) return false;
    out->exponent += exponent;
  }
  size_t zeros = std::min(out->digits.find_first_not_of('0'), out->digits.size());
  out->digits.erase(0, zeros);
  return true;
}

}  // namespace

bool ParseDoubleSlowly(std::string_view text, double* out) { return ParseJavaFloating(text, out); }
bool ParseFloat(std::string_view text, float* out) { return ParseJavaFloating(text, out); }

bool ParseBoolean(std::string_view text, bool* out) {
  *out = EqualsIgnoreCase(text, "true");
  return *out || EqualsIgnoreCase(text, "false");
}

bool ParseDecimal(std::string_view text, int precision, int scale, arrow::Decimal128* out) {
  PlainDecimal plain;
  if (!ParsePlain(text, &plain)) return false;
  // The digits in front of the rounding place.
  int64_t kept = static_cast<int64_t>(plain.digits.size()) + plain.exponent + scale;
  if (plain.digits.empty() || kept < 0) {
    *out = arrow::Decimal128(0);
    return true;
  }
  if (kept > arrow::Decimal128::kMaxPrecision) return false;
  arrow::Decimal128 value(0);
  const arrow::Decimal128 ten(10);
  for (int64_t i = 0; i < kept; ++i) {
    int digit = i < static_cast<int64_t>(plain.digits.size()) ? plain.digits[i] - '0' : 0;
    value = value * ten + arrow::Decimal128(digit);
  }
  if (kept < static_cast<int64_t>(plain.digits.size()) && plain.digits[kept] >= '5') value += arrow::Decimal128(1);
  if (!value.FitsInPrecision(precision)) return false;
  if (plain.negative) value.Negate();
  *out = value;
  return true;
}

bool DecimalShape(std::string_view text, int* precision, int* scale) {
  PlainDecimal plain;
  if (!ParsePlain(text, &plain)) return false;
  if (plain.exponent > 100'000 || plain.exponent < -100'000) return false;
  *precision = std::max<int>(1, static_cast<int>(plain.digits.size()));
  *scale = static_cast<int>(-plain.exponent);
  return true;
}

}  // namespace sluice::formats
