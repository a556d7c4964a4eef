// writeStream.foreach: each row of a batch goes to a Python function or writer object.
#pragma once

#include <memory>

#include "connectors/spi/stream.h"
#include "plan/command.h"
#include "python/worker_pool.h"

namespace sluice::python {

/// Spark's ForeachWriterTable with a Python writer: at-least-once, one worker task a partition and batch.
std::unique_ptr<connectors::StreamSink> MakeForeachSink(std::shared_ptr<WorkerPool> pool, plan::PythonFunction function,
                                                        types::TypePtr schema);

}  // namespace sluice::python
