// Operators that run Python functions over the rows of a child operator.
#pragma once

#include <memory>

#include "exec/planner.h"
#include "python/worker_pool.h"

namespace sluice::python {

/// The planner hooks that exec/ needs; the pool must outlive the operators' executions.
exec::PythonPlanner MakePythonPlanner(std::shared_ptr<WorkerPool> pool);

}  // namespace sluice::python
