// Texts of ANSI intervals in casts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "types/interval.h"

namespace sluice::functions {

/// types::ParseInterval with nothing instead of an error.
std::optional<types::Interval> TryParseInterval(std::string_view text);

/// "1 02:03:04.5" or "INTERVAL '1 02:03:04.5' DAY TO SECOND" for the given fields, in microseconds.
std::optional<int64_t> ParseDayTimeInterval(std::string_view text, types::IntervalFields fields);
/// "1-2" or "INTERVAL '1-2' YEAR TO MONTH", in months.
std::optional<int32_t> ParseYearMonthInterval(std::string_view text, types::IntervalFields fields);

/// INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING(_WITH_NOTICE)
base::Error InvalidIntervalText(std::string_view text, const types::DataType& type);

}  // namespace sluice::functions
