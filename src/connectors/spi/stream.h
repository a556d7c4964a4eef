// Interfaces of streams: sources with offsets and admission limits, sinks that are idempotent per batch.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/sql_conf.h"
#include "connectors/spi/batch.h"
#include "plan/command.h"

namespace sluice::connectors {

/// A position in a stream as Spark's JSON text (what the offsets log holds): {"logOffset":3}, 17, {"t":{"0":5}}.
using Offset = std::string;

/// How much a micro-batch may take.
struct ReadLimit {
  bool all_available = false;  ///< Trigger.Once: ignore the source's own limits
};

/// The stream as the plan knows it; Create is called once per query run.
class StreamSource;
struct StreamSourceContext {
  std::string metadata_path;  ///< <checkpoint>/sources/<i>, a local path
  const base::SqlConf* conf = nullptr;
  int parallelism = 2;
  std::shared_ptr<base::Clock> clock = std::make_shared<base::SystemClock>();  ///< the query's
  base::CancellationPtr cancellation;  ///< cancelled when the query stops; may be null
  std::function<void()> wake;          ///< call from any thread when new data may have arrived
};
class StreamDefinition : public logical::StreamHandle {
 public:
  virtual types::TypePtr schema() const = 0;
  virtual types::TypePtr metadata_columns() const { return types::Struct({}); }
  virtual std::string short_name() const = 0;
  /// May throw what Spark throws when the stream starts (bad option values).
  virtual std::unique_ptr<StreamSource> Create(const StreamSourceContext& context) = 0;
};

/// The run of a query that a sink serves.
struct SinkRun {
  std::string query_id;                ///< the checkpoint's: the same in every run
  base::CancellationPtr cancellation;  ///< cancelled when the query stops
};

enum class OutputMode { kAppend, kUpdate, kComplete };

/// How far the work on a batch may go before its range is in the offsets log for good. A range that the log does not
/// have may be another one after a crash.
enum class BeforeLog {
  kNothing,
  kRows,  ///< what is written shows only once the batch commits
  kAll,   ///< what shows may come again, in batches with other ids and limits
};

/// What is known of a batch when it is written.
struct SinkBatch {
  int64_t batch_id = 0;
  types::TypePtr schema;
  OutputMode mode = OutputMode::kAppend;
  int64_t timestamp_ms = 0;  ///< when its range was logged; the same when it runs again
};

class StreamSink;

/// Takes a source's records that the query refuses, its dead letters. A batch is begun, written by partitions in
/// parallel, and flushed before its sink commits it, or aborted.
class DeadLetterWriter {
 public:
  virtual ~DeadLetterWriter() = default;
  /// The sink has begun the batch.
  virtual void BeginBatch(const SinkBatch& batch) = 0;
  /// The columns of the source's record by their names, then a text "error". Thread safe. A batch may be computed more
  /// than once, in whole or in part: a record that has been written for it is not written again.
  virtual void Write(const arrow::RecordBatch& rows) = 0;
  /// On return the records are safe, or they are if the sink commits its batch.
  virtual void Flush() = 0;
  virtual void AbortBatch() {}
};

/// A running source (Spark's MicroBatchStream with SupportsAdmissionControl and SupportsTriggerAvailableNow). Called
/// from the query's thread only, but for Open'ed readers.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  /// As progress shows it: "FileStreamSource[file:/in]", "RateStreamV2[rowsPerSecond=1, …]".
  virtual std::string Description() const = 0;
  /// Where a new query starts; nothing if batches begin at the empty position (file source).
  virtual std::optional<Offset> InitialOffset() { return std::nullopt; }
  /// The end of the next batch from `start` under the limit; equal to start (or nothing) if there is nothing new.
  /// A source may persist its own log here (file source), before the offsets log is written.
  virtual std::optional<Offset> LatestOffset(const std::optional<Offset>& start, const ReadLimit& limit) = 0;
  /// For progress only: what is available beyond the admitted offset.
  virtual std::optional<Offset> ReportLatestOffset() { return std::nullopt; }
  /// The last batch that the offsets log holds, on a restart, before the first LatestOffset: sources whose own log goes
  /// beyond it, or that no longer match what they logged, see it here.
  virtual void Recover(const std::optional<Offset>& start, const Offset& end) {}
  /// Fixes the end for availableNow: later LatestOffset calls don't go past what is there now.
  virtual void PrepareForTriggerAvailableNow() = 0;
  /// The batch of (start, end] is about to run: what is wrong with the range is thrown here, before the sink sees it.
  virtual void PrepareBatch(const std::optional<Offset>& start, const Offset& end) {}
  /// The partitions of (start, end]; also called again on replay, and must then give the same rows.
  virtual std::vector<InputPartitionPtr> Partitions(const std::optional<Offset>& start, const Offset& end,
                                                    const ScanRequest& request) = 0;
  virtual BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) = 0;
  /// The batch that ended at `end` is in the commit log of the query: forget what is before (cleanSource …).
  virtual void Commit(const Offset& end) {}
  /// Called once, before the first batch, if the stream has a dead_letter_option. The sink outlives what is returned.
  virtual std::unique_ptr<DeadLetterWriter> OpenDeadLetters(StreamSink& sink) { return nullptr; }
  /// The batch that ended at `end` has just been committed, or was when the query was started again; after a crash of
  /// the machine it may run again all the same. Called from the thread that writes the logs; must not block.
  virtual void BatchCommitted(const Offset& end) {}
  /// For progress' sources[].metrics, in the order in which they are shown.
  virtual std::vector<std::pair<std::string, std::string>> Metrics(const std::optional<Offset>& latest) { return {}; }
  /// True if the source wakes the loop itself; else it is looked at every spark.sql.streaming.pollingDelay.
  virtual bool WakesOnData() const { return false; }
  /// Milliseconds until new data is due (rate sources); nothing = unknown.
  virtual std::optional<int64_t> MillisUntilData() const { return std::nullopt; }
};

/// A running sink. A batch is opened, written by partitions in parallel, then committed or aborted. A batch id that was
/// already committed may come again after a restart: the sink must then not double it (or document that it does).
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  /// As progress shows it: "MemorySink", "FileSink[file:/out]", "ForeachBatchSink".
  virtual std::string Description() const = 0;
  /// The query starts: called once, on its thread, before the first batch. May throw what Spark throws when the write
  /// is made (bad option values).
  virtual void Start(const SinkRun& run) {}
  /// False if this batch is already committed (file sink log): the rows are then not computed for the sink.
  virtual bool BeginBatch(const SinkBatch& batch) { return true; }
  virtual PartitionWriterPtr OpenPartition(const SinkBatch& batch, int partition) = 0;
  virtual void CommitBatch(const SinkBatch& batch, const std::vector<WriterMessage>& messages) = 0;
  virtual void AbortBatch(const SinkBatch& batch) {}
  virtual BeforeLog MayPrecedeLog() const { return BeforeLog::kNothing; }
  /// numOutputRows of progress: rows of the last batch, or -1 where Spark reports -1.
  virtual int64_t LastOutputRows() const { return -1; }
  /// What has been written so far, for sinks that keep it in memory: the session makes it a temporary view named like
  /// the query. Null for all others. Valid after the sink has gone.
  virtual std::shared_ptr<logical::BatchSource> ResultTable() { return nullptr; }
  virtual void Stop() {}
};

/// What a sink also is when its rows are a table of the session (memory): the session makes a temporary view of it,
/// named after the query.
class TableSink {
 public:
  virtual ~TableSink() = default;
  virtual std::shared_ptr<logical::BatchSource> rows() const = 0;
};

struct StreamSinkContext {
  const base::SqlConf* conf = nullptr;
  std::string query_name;
  OutputMode mode = OutputMode::kAppend;
  std::vector<std::string> partition_by;
  types::TypePtr schema;
  std::string checkpoint;  ///< as the user gave it, without a scheme; empty if temporary
  bool recovered = false;  ///< the checkpoint already has an offsets folder
};

}  // namespace sluice::connectors
