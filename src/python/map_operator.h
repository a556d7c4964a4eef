// mapInPandas, mapInArrow, applyInPandas and applyInArrow, also over cogroup.
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
/// Each pair of groups with the same key reaches the function together; one of the two may be empty.
exec::OperatorPtr MakeCoGroupMapOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr left,
                                         exec::OperatorPtr right, const logical::CoGroupMap& node);

}  // namespace sluice::python
