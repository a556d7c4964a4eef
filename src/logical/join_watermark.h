// Which rows of a stream-stream join's state a watermark makes useless (Spark's StreamingJoinHelper).
#pragma once

#include <cstdint>
#include <optional>

#include "logical/plan.h"

namespace sluice::logical {

/// Of a join's `condition`: rows of `kept` whose event time is at or before the result can join no further row of
/// `watched`, once that side's watermark is `watermark_ms`. Found from comparisons such as `kept.t >= watched.u -
/// interval 5 minutes`; nothing if there are none. Whether there is a result does not depend on `watermark_ms`.
std::optional<int64_t> StateValueWatermark(const Attributes& kept, const Attributes& watched, const ExprPtr& condition,
                                           int64_t watermark_ms);

}  // namespace sluice::logical
