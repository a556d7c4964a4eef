// Values of options that several sources take, with Spark's complaints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plan/relation.h"
#include "types/data_type.h"

namespace sluice::connectors {

/// A whole number with an optional sign, and nothing else.
std::optional<int64_t> WholeNumber(std::string_view text);
/// The option's value. Throws kNumberFormat (`For input string: "x"`) if it is no whole number.
std::optional<int64_t> IntegerOption(const plan::Options& options, const std::string& name);
/// The value or the default; "Invalid value '0'. The option 'n' must be positive" below `least`.
int64_t PositiveOption(const plan::Options& options, const std::string& name, int64_t default_value);
int64_t NonNegativeOption(const plan::Options& options, const std::string& name, int64_t default_value,
                          const char* complaint = "must be non-negative");
/// Throws _LEGACY_ERROR_TEMP_2242 if the user gave a schema.
void RefuseSchema(const types::TypePtr& given, const std::string& provider);

}  // namespace sluice::connectors
