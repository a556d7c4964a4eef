// Running a micro-batch into its sink.
#include "streaming/micro_batch.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/fault_point.h"
#include "streaming/batch_frame_sink.h"
#include "streaming/micro_batch_table.h"
#include "streaming/watermark_propagator.h"

namespace sluice::streaming {
namespace {

using connectors::PartitionWriterPtr;
using connectors::WriterMessage;

void WritePartition(const exec::Operator& root, exec::ExecContext& context, int partition,
                    connectors::PartitionWriter& writer, WriterMessage* message) {
  try {
    exec::BatchIteratorPtr rows = root.Open(context, partition);
    while (auto batch = rows->Next()) {
      context.cancellation->Check();
      if (batch->num_rows() > 0) writer.Write(batch);
    }
    rows.reset();
    *message = writer.Finish();
  } catch (...) {
    writer.Abort();
    throw;
  }
}

void WriteRows(const MicroBatchPtr& batch, connectors::StreamSink& sink, const connectors::SinkBatch& sink_batch) {
  auto context = batch->NewContext();
  try {
    batch->BeginDeadLetters(sink_batch);
    exec::ExecContext::RunScope scope(*context);
    std::vector<WriterMessage> messages(batch->root().Partitions(*context));
    exec::ForEachPartition(batch->root(), *context, [&](int partition) {
      PartitionWriterPtr writer = sink.OpenPartition(sink_batch, partition);
      WritePartition(batch->root(), *context, partition, *writer, &messages[partition]);
    });
    scope.Complete();
    batch->Finish(*context);
    base::FaultPoint("stream.after_state");
    if (sink.MayPrecedeLog() != connectors::BeforeLog::kAll) batch->AwaitLog();
    // Before the sink's commit: a batch that the sink has is not computed again.
    batch->FlushDeadLetters();
    sink.CommitBatch(sink_batch, messages);
  } catch (...) {
    batch->AbortDeadLetters();
    sink.AbortBatch(sink_batch);
    throw;
  }
}

base::Error StateNotComputed(const MicroBatch& batch) {
  std::string missing;
  int64_t stores = 0;
  for (const exec::StatefulOperator* stateful : batch.runtime().physical.stateful) {
    const state::OperatorInfo& info = stateful->info();
    for (int partition = 0; partition < info.partitions; ++partition) {
      for (const state::StoreInfo& store : info.stores) {
        missing += fmt::format("{}(operator={}, partition={}, store={})", stores++ ? ", " : "", info.id, partition,
                               store.name);
      }
    }
  }
  base::Error cause(base::ErrorKind::kSpark, "STATE_STORE_COMMIT_VALIDATION_FAILED",
                    {{"batchId", std::to_string(batch.range().batch_id)},
                     {"expectedCommits", std::to_string(stores)},
                     {"actualCommits", "0"},
                     {"missingCommits", missing}});
  return base::Error::Plain(base::ErrorKind::kSpark, "Exception thrown in awaitResult: ")
      .WithCause("org.apache.spark.sql.execution.streaming.state.StateStoreCommitValidationFailed: " + cause.message());
}

// Runs the user's function over the batch's frame.
void ProcessFrame(const MicroBatchPtr& batch, BatchFrameSink& sink, const connectors::SinkBatch& sink_batch) {
  auto table = std::make_shared<MicroBatchTable>(batch);
  batch->BeginDeadLetters(sink_batch);
  try {
    sink.ProcessBatch({batch->range().batch_id, table->Plan(), sink_batch.mode}, batch->runtime().cancellation);
    if (batch->is_stateful() && !table->executed()) throw StateNotComputed(*batch);
    batch->FlushDeadLetters();
  } catch (...) {
    batch->AbortDeadLetters();
    throw;
  }
}

}  // namespace

bool BatchRange::HasNewData() const {
  for (const auto& [source, offset] : end) {
    auto from = start.find(source);
    if (from == start.end() || from->second != offset) return true;
  }
  return false;
}

MicroBatch::MicroBatch(std::shared_ptr<QueryRuntime> runtime, BatchRange range, std::function<void()> await_log)
    : runtime_(std::move(runtime)), range_(std::move(range)), await_log_(std::move(await_log)) {
  if (!runtime_->state) return;
  state_ = std::make_unique<exec::StateContext>(runtime_->state.get(), range_.batch_id, await_log_);
  bool allows_multiple = AllowsMultipleStatefulOperators(*runtime_->conf);
  state_->single_watermark = !allows_multiple;
  state_->late_watermark_ms =
      PropagateWatermark(root(), allows_multiple ? range_.previous_watermark_ms : range_.watermark_ms);
  state_->eviction_watermark_ms = PropagateWatermark(root(), range_.watermark_ms);
}

std::unique_ptr<exec::ExecContext> MicroBatch::NewContext() {
  auto context = std::make_unique<exec::ExecContext>();
  context->eval = runtime_->eval;
  context->eval.batch_id = range_.batch_id;
  context->eval.current_timestamp_us = range_.timestamp_ms * 1000;
  context->conf = runtime_->conf;
  context->cancellation = runtime_->cancellation;
  context->parallelism = runtime_->parallelism;
  context->state = state_.get();
  for (const QuerySourcePtr& source : runtime_->sources.unique) {
    exec::SourceRange range;
    range.source = source->source.get();
    if (auto from = range_.start.find(source.get()); from != range_.start.end()) {
      range.start = from->second;
    } else {
      range.start = source->source->InitialOffset();
    }
    if (auto to = range_.end.find(source.get()); to != range_.end.end()) {
      range.end = to->second;
      range.empty = range.start && *range.start == range.end;
    }
    range.dead_letters = source->dead_letters.get();
    context->sources[source->definition.get()] = std::move(range);
    context->rows_read[source->definition.get()] = &source->rows_read;
  }
  return context;
}

void MicroBatch::Finish(exec::ExecContext& context) {
  std::lock_guard lock(mutex_);
  std::lock_guard context_lock(context.metrics_mutex);
  for (auto& [name, row] : context.observed) result_.observed[name] = row;
  for (auto& [id, stats] : context.event_times) result_.event_times[id].Merge(stats);
}

void MicroBatch::BeginDeadLetters(const connectors::SinkBatch& sink_batch) {
  for (const QuerySourcePtr& source : runtime_->sources.unique) {
    if (source->dead_letters) source->dead_letters->BeginBatch(sink_batch);
  }
}

void MicroBatch::FlushDeadLetters() {
  for (const QuerySourcePtr& source : runtime_->sources.unique) {
    if (source->dead_letters) source->dead_letters->Flush();
  }
}

void MicroBatch::AbortDeadLetters() {
  for (const QuerySourcePtr& source : runtime_->sources.unique) {
    if (source->dead_letters) source->dead_letters->AbortBatch();
  }
}

BatchResult MicroBatch::Result() const {
  std::lock_guard lock(mutex_);
  BatchResult result = result_;
  if (!state_) return result;
  auto metrics = state_->metrics();
  for (const exec::StatefulOperator* stateful : runtime_->physical.stateful) {
    if (auto found = metrics.find(stateful->info().id); found != metrics.end()) {
      result.state_operators.push_back(found->second);
    }
  }
  return result;
}

void WriteBatch(const MicroBatchPtr& batch, connectors::StreamSink& sink, const connectors::SinkBatch& sink_batch) {
  base::FaultPoint("stream.before_sink");
  if (auto* frame_sink = dynamic_cast<BatchFrameSink*>(&sink)) {
    ProcessFrame(batch, *frame_sink, sink_batch);
  } else if (sink.BeginBatch(sink_batch)) {
    WriteRows(batch, sink, sink_batch);
  }
  base::FaultPoint("stream.after_sink");
}

}  // namespace sluice::streaming
