// applyInPandasWithState: a Python function over the groups of a micro-batch and what it keeps of each.
#pragma once

#include <memory>

#include "exec/operator.h"
#include "exec/stateful/planning.h"
#include "logical/stateful_functions.h"
#include "python/worker_pool.h"

namespace sluice::python {

exec::OperatorPtr MakePandasWithStateOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child,
                                              const logical::PandasWithState& node,
                                              const exec::StatefulOptions& options);

}  // namespace sluice::python
