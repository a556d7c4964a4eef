// What bounds the state of a stream-stream join (Spark's StreamingJoinHelper).
#pragma once

#include "logical/plan.h"

namespace sluice::analyzer {

/// True if a watermark column is among the equality keys, or a range condition bounds the rows that an outer or semi
/// join must keep.
bool IsBoundedByWatermark(const logical::Join& join);

}  // namespace sluice::analyzer
