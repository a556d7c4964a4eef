// A streaming query as a loop of micro-batches on a thread of its own.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/serial_worker.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/offset_log.h"
#include "checkpoint/query_metadata.h"
#include "streaming/micro_batch.h"
#include "streaming/query_monitor.h"
#include "streaming/streaming_query.h"
#include "streaming/watermark_tracker.h"

namespace sluice::streaming {

/// What the loop needs beside the definition.
struct QueryHooks {
  QueryMonitor::Listener post;      ///< takes events
  std::function<bool()> listening;  ///< whether progress events are worth making
  std::function<void(const std::shared_ptr<StreamingQuery>&)> ended;
  std::shared_ptr<base::Clock> clock;
};

/// Spark's MicroBatchExecution: the same logs, order of steps, restart rules, status texts and
/// progress.
class MicroBatchQuery : public StreamingQuery, public std::enable_shared_from_this<MicroBatchQuery> {
 public:
  /// Reads or makes the query's id. Throws if the checkpoint cannot be used.
  MicroBatchQuery(QueryDefinition definition, QueryHooks hooks);
  ~MicroBatchQuery() override;

  /// Takes the checkpoint's lock and starts the thread.
  void Start();

  const std::string& id() const override { return id_; }
  const std::string& run_id() const override { return run_id_; }
  const std::string& name() const override { return definition_.name; }
  bool IsActive() const override;
  QueryStatus Status() const override { return monitor_.status(); }
  std::vector<std::string> RecentProgress() const override { return monitor_.RecentProgress(); }
  std::optional<base::Error> Exception() const override;
  std::string ExceptionText() const override;
  void Stop() override;
  bool AwaitTermination(std::optional<int64_t> timeout_ms) override;
  void ProcessAllAvailable(const base::CancellationPtr& caller) override;
  std::string Explain(bool extended) const override;
  std::string StartedEventJson() const override { return started_json_; }

 private:
  enum class State { kInitializing, kActive, kTerminated };
  enum class Outcome { kBatch, kIdle };

  // The trigger being worked on; lives on the query's thread.
  struct TriggerRecord {
    int64_t start_ms = -1, previous_start_ms = -1;
    std::map<std::string, int64_t> durations_ms;
    StreamProgress from, to, latest;
  };
  // What idle triggers repeat of the last batch.
  struct LastBatch {
    BatchResult result;
    std::map<std::string, int64_t> event_time_ms;
    int64_t output_rows = -1;
    int64_t watermark_ms = 0;
  };

  // micro_batch_query.cc: life cycle.
  void RunThread();
  void Initialize();
  void RunTriggers();
  bool Sleep(int64_t not_before_ms);
  std::optional<int64_t> WakeTime(int64_t idle_since_ms) const;
  bool StopRequested() const;
  void Fail(const base::Error& cause);
  void Terminate();
  void EndLogs();
  void Wake();
  std::string TerminatedEventJson() const;
  std::string ExplainNow(bool extended) const;
  void RunMaintenance(state::StateManager& manager);

  // micro_batch_steps.cc: one trigger.
  void Recover();
  Outcome RunTrigger();
  bool ConstructBatch();
  void LookAtSources();
  bool NeedsBatchWithoutData(int64_t watermark_ms) const;
  void LogOffsets();
  void AddOffsets(int64_t batch, const checkpoint::OffsetEntry& entry);
  void ForgetBefore();
  void RunBatch();
  void LogCommit();
  void PrepareSource(const QuerySource& source);
  void PrepareState();
  Progress MakeProgress(int64_t duration_ms, bool new_data) const;
  void FinishBatch(bool new_data);
  void FinishIdle();
  std::vector<std::optional<std::string>> OffsetLines(const StreamProgress& progress) const;
  StreamProgress ProgressOf(const checkpoint::OffsetEntry& entry) const;
  std::string OffsetsText(const StreamProgress& progress) const;
  void Timed(const char* what, const std::function<void()>& body);
  connectors::ReadLimit Limit() const;

  QueryDefinition definition_;
  QueryHooks hooks_;
  std::string id_, run_id_, started_json_;
  std::shared_ptr<base::Clock> clock_;
  QueryMonitor monitor_;
  checkpoint::OffsetLog offset_log_;
  checkpoint::CommitLog commit_log_;
  std::unique_ptr<checkpoint::CheckpointLock> lock_;
  base::CancellationPtr cancellation_ = std::make_shared<base::CancellationToken>();
  int64_t interval_ms_ = 0, polling_delay_ms_ = 10, retain_ = 100;
  bool explicit_polling_delay_ = false, no_data_batches_ = true;

  // Of the query's thread.
  std::shared_ptr<QueryRuntime> runtime_;
  std::unique_ptr<WatermarkTracker> watermark_;
  checkpoint::OffsetMetadata logged_;  // of the batch being made
  int64_t batch_id_ = -1;
  int64_t previous_watermark_ms_ = 0;
  bool constructed_ = false;
  StreamProgress start_, end_, latest_;
  TriggerRecord trigger_;
  std::optional<LastBatch> last_batch_;
  std::thread maintenance_;
  base::SerialWorker log_writer_;  // of both logs, in their order

  // Shared with clients.
  mutable std::mutex mutex_;
  std::condition_variable wake_, changed_, maintain_;
  State state_ = State::kInitializing;
  bool stop_requested_ = false, woken_ = false, finished_ = false;
  int64_t looks_ = 0, looks_wanted_ = 0, empty_look_ = 0;
  std::optional<base::Error> exception_, failed_with_;
  std::string exception_text_;
  std::shared_ptr<QueryRuntime> explain_runtime_;
  int64_t explain_batch_ = -1;
  std::pair<std::string, std::string> explain_text_;  // after the end: simple and extended
  std::thread thread_;
};

}  // namespace sluice::streaming
