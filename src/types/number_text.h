// Floating point numbers as Java prints them.
#pragma once

#include <arrow/util/decimal.h>

#include <string>

namespace sluice::types {

/// Double.toString: "1.0", "1.0E10", "1.0E-5", "NaN", "Infinity".
std::string FormatDouble(double value);
/// Float.toString.
std::string FormatFloat(float value);
/// Appends instead of allocating a string, for kernels.
void AppendDouble(double value, std::string* out);
void AppendFloat(float value, std::string* out);

/// BigDecimal.toPlainString, as Spark prints decimals: "12.30", "0.000001".
std::string FormatDecimal(const arrow::Decimal128& value, int scale);

}  // namespace sluice::types
