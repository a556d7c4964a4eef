// Decimal digits of numbers.
#include "functions/decimal_digits.h"

#include <charconv>
#include <cmath>

#include "functions/decimal_math.h"

namespace sluice::functions {

DecimalDigits DecimalDigits::Of(double value) {
  DecimalDigits out;
  out.negative = std::signbit(value);
  if (value == 0) return out;
  char text[48];
  char* end = std::to_chars(text, text + sizeof(text), std::abs(value), std::chars_format::scientific).ptr;
  int exponent = 0;
  for (char* at = text; at < end; ++at) {
    if (*at == 'e') {
      std::from_chars(at + 1 + (at[1] == '+'), end, exponent);
      break;
    }
    if (*at != '.') out.digits += *at;
  }
  out.exponent = exponent + 1;
  return out;
}

DecimalDigits DecimalDigits::Of(Int128 value, int scale) {
  DecimalDigits out;
  out.negative = value < 0;
  if (value == 0) return out;
  out.digits = DecimalText(value < 0 ? -value : value, 0);
  out.exponent = static_cast<int>(out.digits.size()) - scale;
  return out;
}

void DecimalDigits::RoundToDigits(int count, Half half) {
  if (count >= static_cast<int>(digits.size())) return;
  if (count < 0) {
    digits.clear();
    return;
  }
  char next = digits[count];
  bool exact_half = next == '5' && digits.find_first_not_of('0', count + 1) == std::string::npos;
  bool odd = count > 0 && (digits[count - 1] - '0') % 2 == 1;
  bool up = exact_half && half == Half::kEven ? odd : next >= '5';
  digits.resize(count);
  if (!up) return;
  int i = count - 1;
  while (i >= 0 && digits[i] == '9') digits[i--] = '0';
  if (i >= 0) {
    ++digits[i];
  } else {
    digits.insert(digits.begin(), '1');
    ++exponent;
  }
}

void DecimalDigits::RoundToPlaces(int places, Half half) { RoundToDigits(exponent + places, half); }

std::string DecimalDigits::Whole() const {
  if (exponent <= 0 || digits.empty()) return "0";
  std::string out = digits.substr(0, exponent);
  out.resize(exponent, '0');
  return out;
}

std::string DecimalDigits::Fraction(int places) const {
  std::string out;
  if (!digits.empty()) {
    if (exponent < 0) out.assign(std::min(-exponent, places), '0');
    if (exponent < static_cast<int>(digits.size())) out += digits.substr(exponent > 0 ? exponent : 0);
  }
  out.resize(places, '0');
  return out;
}

std::string Grouped(const std::string& digits, int size) {
  std::string out = digits;
  for (int at = static_cast<int>(out.size()) - size; at > 0; at -= size) out.insert(at, ",");
  return out;
}

}  // namespace sluice::functions
