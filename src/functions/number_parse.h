// Numbers and booleans read from text with Spark's rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "functions/columns.h"

namespace sluice::functions {

/// Without leading and trailing whitespace and control characters (UTF8String.trimAll).
std::string_view TrimAll(std::string_view text);

/// An integer with optional sign; `allow_fraction` takes "12.7" as 12. Nothing for anything else or an overflow.
std::optional<int64_t> ParseLong(std::string_view text, bool allow_fraction);
std::optional<int32_t> ParseInt(std::string_view text, bool allow_fraction);
/// Java's Double.parseDouble plus "inf", "infinity", "nan" in any case.
std::optional<double> ParseDouble(std::string_view text);
std::optional<float> ParseFloat(std::string_view text);
std::optional<bool> ParseBoolean(std::string_view text);

enum class DecimalParse { kGood, kMalformed, kOutOfRange };
/// A decimal text ("-1.5", "1e3") rounded half up to the scale; kOutOfRange if it needs more than `precision` digits.
DecimalParse ParseDecimal(std::string_view text, int precision, int scale, Int128* out);
/// The digits before the point that a well-formed decimal text has.
int IntegralDigits(std::string_view text);

}  // namespace sluice::functions
