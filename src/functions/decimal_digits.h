// A number as decimal digits, rounded and written out the ways that formats ask for.
#pragma once

#include <string>

#include "functions/columns.h"

namespace sluice::functions {

/// ±0.d1d2d3… × 10^exponent; no digits for zero.
struct DecimalDigits {
  bool negative = false;
  std::string digits;
  int exponent = 0;

  /// Of the shortest text that gives the number back; it must be finite.
  static DecimalDigits Of(double value);
  static DecimalDigits Of(Int128 value, int scale);

  enum class Half { kUp, kEven };
  /// Keeps `places` digits after the point.
  void RoundToPlaces(int places, Half half);
  /// Keeps `count` digits.
  void RoundToDigits(int count, Half half);
  /// The whole part without leading zeros ("0" if there is none), and exactly `places` digits after the point.
  std::string Whole() const;
  std::string Fraction(int places) const;
};

/// "1234567" → "1,234,567"
std::string Grouped(const std::string& digits, int size = 3);

}  // namespace sluice::functions
