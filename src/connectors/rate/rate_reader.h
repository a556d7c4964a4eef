// Generates the rows of one partition of a rate source.
#pragma once

#include <cstdint>

#include "connectors/spi/batch.h"

namespace sluice::connectors {

/// Values first, first + step, … below `end`; the timestamp of a value is start_ms + round((value -
/// range_start) * ms_per_value).
struct RatePartition : InputPartition {
  int64_t first = 0, end = 0, step = 1;
  int64_t range_start = 0, start_ms = 0;
  double ms_per_value = 0;
};

BatchReaderPtr MakeRateReader(const RatePartition& partition, const ScanRequest& request);

}  // namespace sluice::connectors
