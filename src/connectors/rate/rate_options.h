// Options that the rate sources share: whole numbers with Spark's complaints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "plan/relation.h"

namespace sluice::connectors {

/// The option's value. Throws kNumberFormat (`For input string: "x"`) if it is no whole number.
std::optional<int64_t> IntegerOption(const plan::Options& options, const std::string& name);
/// The value or the default; "Invalid value '0'. The option 'n' must be positive" below `least`.
int64_t PositiveOption(const plan::Options& options, const std::string& name, int64_t default_value);
int64_t NonNegativeOption(const plan::Options& options, const std::string& name, int64_t default_value,
                          const char* complaint = "must be non-negative");
/// "10s", "2m", a bare number is seconds. Throws kNumberFormat with Spark's text.
int64_t SecondsOption(const plan::Options& options, const std::string& name, int64_t default_value);

/// timestamp TIMESTAMP, value BIGINT.
types::TypePtr RateSchema();
/// Throws _LEGACY_ERROR_TEMP_2242 if the user gave a schema.
void RefuseSchema(const types::TypePtr& given, const std::string& provider);

}  // namespace sluice::connectors
