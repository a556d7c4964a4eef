// Sinks that get a micro-batch as a frame to run queries on, instead of as rows: foreachBatch.
#pragma once

#include <cstdint>

#include "base/cancellation.h"
#include "connectors/spi/stream.h"
#include "logical/plan.h"

namespace sluice::streaming {

/// One micro-batch. `plan` is a batch plan (a Scan over the running query): it can be resolved into
/// other plans and executed any number of times, by any thread, one execution at a time or several
/// at once. Each execution of a stateless query reads the sources' range again, as Spark does; what
/// a query with state gives is computed once and kept until the batch ends. It stays valid as long
/// as somebody holds it, but executing it after the query has ended is an error.
struct BatchFrame {
  int64_t batch_id = 0;
  logical::PlanPtr plan;
  connectors::OutputMode mode = connectors::OutputMode::kAppend;
};

/// The loop calls only ProcessBatch (and Stop) of such a sink; no writers are opened.
class BatchFrameSink : public connectors::StreamSink {
 public:
  /// Runs the user's function to its end. What it throws ends the query. `cancellation` is
  /// cancelled when the query is stopped.
  virtual void ProcessBatch(const BatchFrame& frame, const base::CancellationPtr& cancellation) = 0;

  std::string Description() const override { return "ForeachBatchSink"; }
  connectors::PartitionWriterPtr OpenPartition(const connectors::SinkBatch&, int) final { return nullptr; }
  void CommitBatch(const connectors::SinkBatch&, const std::vector<connectors::WriterMessage>&) final {}
};

}  // namespace sluice::streaming
