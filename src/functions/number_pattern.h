// The number formats of to_number and to_char: '999,999.99', '$00D0', 'S99', '9PR'.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/columns.h"

namespace sluice::functions {

class NumberPattern {
 public:
  /// Throws INVALID_FORMAT.* for a malformed pattern.
  explicit NumberPattern(std::string_view text);

  /// Digits of the decimals that it reads: all of them, and those after the point.
  int precision() const { return whole_digits_ + fraction_digits_; }
  int scale() const { return fraction_digits_; }
  const std::string& text() const { return text_; }

  /// The unscaled value; nothing if the text does not match.
  std::optional<Int128> Parse(std::string_view input) const;
  /// The number as text; '#' in every place if it has too many digits.
  std::string Format(Int128 value, int scale) const;

 private:
  enum class Token { kSign, kMinus, kDollar, kDigit, kGroup, kPoint, kBrackets };
  struct Part {
    Token token;
    bool zero = false;   ///< of a digit: '0'
    bool exact = false;  ///< of a digit before the point: its run starts with '0'
  };
  void Tokenize(std::string_view upper);
  void Check() const;
  std::string Overflow() const;

  std::string text_;
  std::vector<Part> parts_;
  int whole_digits_ = 0, fraction_digits_ = 0;
};

}  // namespace sluice::functions
