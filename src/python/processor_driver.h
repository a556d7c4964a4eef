// Learns from a stateful processor's init which state it keeps, before the first batch of a run.
#pragma once

#include <string>
#include <vector>

#include "logical/stateful_functions.h"
#include "python/processor_state.h"
#include "python/worker_pool.h"

namespace sluice::python {

/// Runs init in a process of its own. Throws if it fails.
std::vector<StateVariable> LearnStateVariables(WorkerPool& pool, const plan::PythonUdf& function,
                                               const types::TypePtr& key, logical::TimeMode time_mode);

}  // namespace sluice::python
