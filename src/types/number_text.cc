// Floating point numbers as Java prints them: shortest digits, scientific form outside [1e-3, 1e7).
#include "types/number_text.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace sluice::types {
namespace {

template <typename T>
void Append(T value, std::string* out) {
  if (std::isnan(value)) {
    *out += "NaN";
    return;
  }
  if (std::signbit(value)) *out += '-';
  value = std::fabs(value);
  if (std::isinf(value)) {
    *out += "Infinity";
    return;
  }
  if (value == 0) {
    *out += "0.0";
    return;
  }
  char buffer[64];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  std::string_view text(buffer, end - buffer);
  size_t mark = text.find('e');
  int exponent = 0;
  const char* digits_of_exponent = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(digits_of_exponent, end, exponent);
  std::string digits(1, text[0]);
  if (mark == 1) {
    // Java gives two digits at least, the nearest ones: 4.9E-324.
    char two[64];
    auto [last, failed] = std::to_chars(two, two + sizeof(two), value, std::chars_format::scientific, 1);
    T again = 0;
    std::from_chars(two, last, again);
    if (again == value && two[2] != '0') digits = {two[0], two[2]};
  }
  if (mark > 2) digits += text.substr(2, mark - 2);
  int count = static_cast<int>(digits.size());
  if (value >= T(1e7) || value < T(1e-3)) {
    *out += digits[0];
    *out += '.';
    *out += count > 1 ? digits.substr(1) : "0";
    *out += 'E';
    *out += std::to_string(exponent);
  } else if (exponent < 0) {
    *out += "0.";
    out->append(-exponent - 1, '0');
    *out += digits;
  } else if (count <= exponent + 1) {
    *out += digits;
    out->append(exponent + 1 - count, '0');
    *out += ".0";
  } else {
    *out += digits.substr(0, exponent + 1);
    *out += '.';
    *out += digits.substr(exponent + 1);
  }
}

}  // namespace

void AppendDouble(double value, std::string* out) { Append(value, out); }
void AppendFloat(float value, std::string* out) { Append(value, out); }

std::string FormatDouble(double value) {
  std::string out;
  Append(value, &out);
  return out;
}

std::string FormatFloat(float value) {
  std::string out;
  Append(value, &out);
  return out;
}

std::string FormatDecimal(const arrow::Decimal128& value, int scale) {
  std::string digits = value.ToIntegerString();
  std::string sign;
  if (digits[0] == '-') {
    sign = "-";
    digits.erase(0, 1);
  }
  if (scale <= 0) return sign + digits + std::string(value == 0 ? 0 : -scale, '0');
  if (digits.size() <= static_cast<size_t>(scale)) digits.insert(0, scale + 1 - digits.size(), '0');
  digits.insert(digits.size() - scale, ".");
  return sign + digits;
}

}  // namespace sluice::types
