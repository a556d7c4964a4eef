// Numbers and booleans from text, as the methods of java.lang and java.math read them.
#pragma once

#include <arrow/util/decimal.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace sluice::formats {

/// Long.parseLong and its smaller siblings: an optional sign, then digits only.
template <typename T>
inline bool ParseInteger(const char* text, size_t size, T* out) {
  const char* end = text + size;
  bool negative = false;
  if (size > 0 && (*text == '-' || *text == '+')) {
    negative = *text == '-';
    ++text;
  }
  size_t digits = end - text;
  if (digits == 0) return false;
  // Leading zeros don't count.
  while (digits > 19 && *text == '0') ++text, --digits;
  if (digits > 19) return false;
  uint64_t value = 0;
  for (; text < end; ++text) {
    unsigned digit = static_cast<unsigned char>(*text) - '0';
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  constexpr uint64_t kMax = static_cast<uint64_t>(std::numeric_limits<T>::max());
  if (value > kMax + negative) return false;
  *out = static_cast<T>(negative ? 0 - value : value);
  return true;
}

/// Double.parseDouble, also of hexadecimal texts and with a type suffix.
bool ParseDoubleSlowly(std::string_view text, double* out);
bool ParseFloat(std::string_view text, float* out);

/// Double.parseDouble; plain decimal numbers of up to 15 digits take the short way.
inline bool ParseDouble(const char* text, size_t size, double* out) {
  static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (size - 1 < 16) {
    const char* at = text;
    const char* end = text + size;
    bool negative = *at == '-';
    at += negative;
    uint64_t digits = 0;
    const char* begin = at;
    while (at < end && static_cast<unsigned char>(*at - '0') <= 9) digits = digits * 10 + (*at++ - '0');
    int64_t count = at - begin;
    int64_t fraction = 0;
    if (at < end && *at == '.') {
      ++at;
      const char* point = at;
      while (at < end && static_cast<unsigned char>(*at - '0') <= 9) digits = digits * 10 + (*at++ - '0');
      fraction = at - point;
    }
    // Both the digits and the power are exact, so their quotient is correctly rounded.
    if (at == end && count + fraction > 0 && count + fraction <= 15) {
      double value = static_cast<double>(digits) / kPowers[fraction];
      *out = negative ? -value : value;
      return true;
    }
  }
  return ParseDoubleSlowly(std::string_view(text, size), out);
}

/// "true" or "false" in any case.
bool ParseBoolean(std::string_view text, bool* out);

/// new BigDecimal(text), rounded half up to `scale`; false if it is no number or has more than `precision` digits.
bool ParseDecimal(std::string_view text, int precision, int scale, arrow::Decimal128* out);

/// The precision and scale of new BigDecimal(text), which may have a negative scale; false if it is no number.
bool DecimalShape(std::string_view text, int* precision, int* scale);

}  // namespace sluice::formats
