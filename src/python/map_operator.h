// mapInPandas, mapInArrow, applyInPandas and applyInArrow.
#pragma once

#include <memory>

#include "exec/operator.h"
#include "logical/plan.h"
#include "python/worker_pool.h"

namespace sluice::python {

exec::OperatorPtr MakeMapOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child,
                                  const logical::MapPartitions& node);
/// `child` may have any number of partitions; all rows of a group reach the function together.
exec::OperatorPtr MakeGroupMapOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child,
                                       const logical::GroupMap& node);

}  // namespace sluice::python
