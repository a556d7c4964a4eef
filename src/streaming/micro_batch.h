// One micro-batch: its range, its execution, its writing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exec/operator.h"
#include "exec/stateful/state_context.h"
#include "streaming/query_plan.h"

namespace sluice::streaming {

/// Positions by source, as in the offsets log.
using StreamProgress = std::map<const QuerySource*, connectors::Offset>;

/// What a batch is made of, fixed once its offsets are in the log.
struct BatchRange {
  int64_t batch_id = 0;
  int64_t watermark_ms = 0;           ///< with which this batch evicts
  int64_t previous_watermark_ms = 0;  ///< of the batch before: late rows are judged by it
  int64_t timestamp_ms = 0;
  StreamProgress start, end;

  bool HasNewData() const;
};

/// What is known after a batch has run.
struct BatchResult {
  std::map<std::string, std::shared_ptr<arrow::RecordBatch>> observed;
  std::map<logical::ExprId, exec::EventTimeStats> event_times;
  std::vector<exec::StateOperatorMetrics> state_operators;
};

/// All that executions of a query's batches share. Frames of a batch may outlive the query.
struct QueryRuntime {
  QuerySources sources;
  PhysicalPlan physical;
  std::shared_ptr<const base::SqlConf> conf;
  logical::EvalContext eval;
  int parallelism = 2;
  base::CancellationPtr cancellation;
  std::unique_ptr<state::StateManager> state;  ///< null without stateful operators
  std::atomic<bool> ended{false};
};

/// Execution contexts of one batch.
class MicroBatch {
 public:
  /// `await_log` returns when the range is in the offsets log; null if it is there already.
  MicroBatch(std::shared_ptr<QueryRuntime> runtime, BatchRange range, std::function<void()> await_log);

  const BatchRange& range() const { return range_; }
  const exec::Operator& root() const { return *runtime_->physical.root; }
  bool is_stateful() const { return !runtime_->physical.stateful.empty(); }
  QueryRuntime& runtime() const { return *runtime_; }
  void AwaitLog() const {
    if (await_log_) await_log_();
  }

  /// A context for one execution of root().
  std::unique_ptr<exec::ExecContext> NewContext();
  /// An execution has come to its end: what it saw counts for the batch.
  void Finish(exec::ExecContext& context);
  BatchResult Result() const;
  /// Those of all its sources, between the sink's begin and its commit.
  void BeginDeadLetters(const connectors::SinkBatch& sink_batch);
  void FlushDeadLetters();
  void AbortDeadLetters();

 private:
  std::shared_ptr<QueryRuntime> runtime_;
  BatchRange range_;
  std::function<void()> await_log_;
  std::unique_ptr<exec::StateContext> state_;
  mutable std::mutex mutex_;
  BatchResult result_;
};
using MicroBatchPtr = std::shared_ptr<MicroBatch>;

/// Computes the batch and has the sink write and commit it. Throws
/// STATE_STORE_COMMIT_VALIDATION_FAILED if a foreachBatch function left the state of its frame
/// uncomputed.
void WriteBatch(const MicroBatchPtr& batch, connectors::StreamSink& sink, const connectors::SinkBatch& sink_batch);

}  // namespace sluice::streaming
