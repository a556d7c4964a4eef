// Options that the rate sources share.
#pragma once

#include <cstdint>
#include <string>

#include "plan/relation.h"
#include "types/data_type.h"

namespace sluice::connectors {

/// "10s", "2m", a bare number is seconds. Throws kNumberFormat with Spark's text.
int64_t SecondsOption(const plan::Options& options, const std::string& name, int64_t default_value);

/// timestamp TIMESTAMP, value BIGINT.
types::TypePtr RateSchema();

}  // namespace sluice::connectors
