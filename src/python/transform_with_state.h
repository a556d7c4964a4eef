// transformWithState and transformWithStateInPandas: a stateful processor in Python, its state here.
#pragma once

#include <memory>
#include <vector>

#include "exec/operator.h"
#include "exec/stateful/planning.h"
#include "logical/stateful_functions.h"
#include "python/worker_pool.h"

namespace sluice::python {

/// `children` are the rows and, if the processor has one, its initial state. `options` are null in a batch query, whose
/// children come partitioned by the keys.
exec::OperatorPtr MakeTransformWithStateOperator(std::shared_ptr<WorkerPool> pool,
                                                 std::vector<exec::OperatorPtr> children,
                                                 const logical::TransformWithState& node,
                                                 const exec::StatefulOptions* options);

}  // namespace sluice::python
