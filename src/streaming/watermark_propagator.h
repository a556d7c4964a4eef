// From the query's watermark to that of each stateful operator.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/sql_conf.h"
#include "exec/operator.h"

namespace sluice::streaming {

/// By operator id, in milliseconds; nothing for an operator without a watermark below.
using OperatorWatermarks = std::map<int64_t, std::optional<int64_t>>;

/// Spark's WatermarkPropagator: the watermark goes up the plan, through stateful operators as they say, and where
/// branches meet the lowest counts, those without one left out.
OperatorWatermarks PropagateWatermark(const exec::Operator& root, int64_t watermark_ms);

/// spark.sql.streaming.statefulOperator.allowMultiple: if it is false, late rows are judged by the batch's own
/// watermark instead of the one before.
bool AllowsMultipleStatefulOperators(const base::SqlConf& conf);

}  // namespace sluice::streaming
