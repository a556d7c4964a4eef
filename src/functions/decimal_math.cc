// 128-bit decimal arithmetic.
#include "functions/decimal_math.h"

#include <arrow/util/decimal.h>

#include <array>
#include <charconv>
#include <cmath>

#include "types/number_text.h"

namespace sluice::functions {
namespace {

constexpr std::array<Int128, 39> MakePowers() {
  std::array<Int128, 39> out{};
  Int128 power = 1;
  for (auto& entry : out) {
    entry = power;
    power = static_cast<Int128>(static_cast<unsigned __int128>(power) * 10);
  }
  return out;
}
constexpr std::array<Int128, 39> kPowers = MakePowers();

}  // namespace

Int128 PowerOfTen(int n) { return kPowers[n]; }

Int128 DivideRoundHalfUp(Int128 value, Int128 divisor) {
  Int128 quotient = value / divisor;
  Int128 remainder = value % divisor;
  auto magnitude = [](Int128 v) { return static_cast<unsigned __int128>(v < 0 ? -v : v); };
  if (magnitude(remainder) * 2 >= magnitude(divisor)) quotient += (value < 0) == (divisor < 0) ? 1 : -1;
  return quotient;
}

bool Rescale(Int128 value, int from_scale, int to_scale, int precision, Int128* out) {
  Int128 result;
  if (to_scale >= from_scale) {
    int shift = to_scale - from_scale;
    if (shift > kMaxDecimalDigits || __builtin_mul_overflow(value, kPowers[shift], &result)) {
      *out = 0;
      return value == 0;
    }
  } else {
    int shift = from_scale - to_scale;
    result = shift > kMaxDecimalDigits ? 0 : DivideRoundHalfUp(value, kPowers[shift]);
  }
  *out = result;
  return FitsPrecision(result, precision);
}

bool DecimalFromDouble(double value, int scale, int precision, Int128* out) {
  *out = 0;
  if (!std::isfinite(value)) return false;
  char text[32];
  auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  // d.ddddde±xx: at most 17 digits.
  Int128 unscaled = 0;
  int fraction = 0, exponent = 0;
  bool negative = false, after_point = false;
  for (const char* at = text; at != end; ++at) {
    if (*at == '-') {
      negative = true;
    } else if (*at == '.') {
      after_point = true;
    } else if (*at == 'e') {
      std::from_chars(at + 1 + (at[1] == '+'), end, exponent);
      break;
    } else {
      unscaled = unscaled * 10 + (*at - '0');
      fraction += after_point;
    }
  }
  if (negative) unscaled = -unscaled;
  int from_scale = fraction - exponent;
  if (from_scale < 0) {
    if (-from_scale > kMaxDecimalDigits || __builtin_mul_overflow(unscaled, kPowers[-from_scale], &unscaled)) {
      return unscaled == 0;
    }
    from_scale = 0;
  }
  return Rescale(unscaled, from_scale, scale, precision, out);
}

double DecimalToDouble(Int128 value, int scale) {
  // Exact when both parts are exact doubles; otherwise through the decimal text, as BigDecimal.doubleValue is.
  constexpr Int128 kExact = static_cast<Int128>(1) << 53;
  if (value < kExact && value > -kExact && scale <= 22) {
    return static_cast<double>(static_cast<int64_t>(value)) / static_cast<double>(kPowers[scale]);
  }
  std::string text = DecimalText(value, scale);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string DecimalText(Int128 value, int scale) {
  return types::FormatDecimal(arrow::Decimal128(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value)),
                              scale);
}

}  // namespace sluice::functions
