// What the planner must know of limits of streams.
#include "exec/stateful/planning.h"

namespace sluice::exec {

using connectors::OutputMode;
using logical::PlanKind;
using logical::PlanPtr;

bool LimitCountsBatches(const PlanPtr& input, OutputMode mode) {
  if (!input->is_streaming) return false;
  bool aggregates = false;
  logical::Visit(input,
                 [&](const PlanPtr& node) { aggregates |= node->kind == PlanKind::kAggregate && node->is_streaming; });
  return mode == OutputMode::kAppend || !aggregates;
}

}  // namespace sluice::exec
