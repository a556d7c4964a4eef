// 128-bit decimal arithmetic on unscaled integers.
#pragma once

#include <cstdint>
#include <string>

#include "functions/columns.h"

namespace sluice::functions {

inline constexpr int kMaxDecimalDigits = 38;

/// 10^n, 0 ≤ n ≤ 38.
Int128 PowerOfTen(int n);

/// True if |value| has at most `precision` digits.
inline bool FitsPrecision(Int128 value, int precision) {
  Int128 limit = PowerOfTen(precision);
  return value < limit && value > -limit;
}

/// value / 10^n rounded half away from zero (ROUND_HALF_UP).
Int128 DivideRoundHalfUp(Int128 value, Int128 divisor);

/// Moves a value from one scale to another, rounding half up; false if the result exceeds `precision` digits.
bool Rescale(Int128 value, int from_scale, int to_scale, int precision, Int128* out);

/// A double as a decimal of that scale through its shortest text, rounding half up; false if it is not finite or does
/// not fit.
bool DecimalFromDouble(double value, int scale, int precision, Int128* out);
double DecimalToDouble(Int128 value, int scale);

/// "12.30"
std::string DecimalText(Int128 value, int scale);

}  // namespace sluice::functions
