// When micro-batches run.
#pragma once

#include <cstdint>

#include "base/sql_conf.h"
#include "connectors/spi/stream.h"
#include "logical/plan.h"
#include "plan/command.h"

namespace sluice::streaming {

/// The interval of a processing-time trigger; 0 for the others. Throws Spark's errors for a bad
/// interval (INVALID_INTERVAL_FORMAT.*, "requirement failed: the interval of trigger should not be
/// negative", months).
int64_t TriggerIntervalMillis(const plan::Trigger& trigger);

/// Refuses the continuous trigger, which runs no micro-batches, and a real-time trigger of too short a batch. Real-time
/// batches start when there is data and take milliseconds here, so that trigger is the default one, with every
/// operator, sink and output mode.
void CheckTrigger(const plan::Trigger& trigger, const base::SqlConf& conf, const logical::PlanPtr& plan,
                  const connectors::StreamSink& sink);

/// The start of the next interval after `now`; intervals are aligned to the epoch.
inline int64_t NextTriggerMillis(int64_t now, int64_t interval) { return now / interval * interval + interval; }

}  // namespace sluice::streaming
