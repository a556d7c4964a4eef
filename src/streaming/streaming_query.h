// A running streaming query as clients see it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "connectors/spi/stream.h"
#include "exec/planner.h"
#include "logical/plan.h"

namespace sluice::streaming {

struct QueryStatus {
  std::string message;
  bool is_data_available = false;
  bool is_trigger_active = false;
};

/// A listener event as Connect sends it.
struct QueryEvent {
  enum class Type { kProgress = 1, kTerminated = 2, kIdle = 3 } type = Type::kProgress;
  std::string json;
};

/// What the session gives the loop to start a query.
struct QueryDefinition {
  std::string name;        ///< empty = none
  logical::PlanPtr plan;   ///< analyzed, not optimized
  std::string checkpoint;  ///< local path; a temporary one if `temporary_checkpoint`
  bool temporary_checkpoint = false;
  connectors::OutputMode mode = connectors::OutputMode::kAppend;
  plan::Trigger trigger;
  std::shared_ptr<base::SqlConf> conf;  ///< a copy of the session's at the start
  std::unique_ptr<connectors::StreamSink> sink;
  exec::PythonPlanner python;
  logical::EvalContext eval;
};

/// Thread safe. The query runs on a thread of its own.
class StreamingQuery {
 public:
  virtual ~StreamingQuery() = default;
  virtual const std::string& id() const = 0;
  virtual const std::string& run_id() const = 0;
  virtual const std::string& name() const = 0;
  virtual bool IsActive() const = 0;
  virtual QueryStatus Status() const = 0;
  /// Progress JSON texts, oldest first (at most numRecentProgressUpdates).
  virtual std::vector<std::string> RecentProgress() const = 0;
  /// STREAM_FAILED (kStreamingQuery), or nothing.
  virtual std::optional<base::Error> Exception() const = 0;
  /// What query.exception() shows: "org.apache.spark.sql.streaming.StreamingQueryException:
  /// <cause>" and the query's description; "" if there is no exception.
  virtual std::string ExceptionText() const = 0;
  /// Asks the query to stop and waits until it has (stopTimeout 0 = for ever).
  virtual void Stop() = 0;
  /// Blocks until the query has ended or the time is up; true if it ended. Throws its exception.
  virtual bool AwaitTermination(std::optional<int64_t> timeout_ms) = 0;
  /// Blocks until all data available at the call has been processed and committed. Throws the
  /// query's exception, and OPERATION_CANCELED when the caller's token, which may be null, is cancelled.
  virtual void ProcessAllAvailable(const base::CancellationPtr& caller) = 0;
  void ProcessAllAvailable() { ProcessAllAvailable(nullptr); }
  /// "No physical plan. Waiting for data." before the first batch.
  virtual std::string Explain(bool extended) const = 0;
  /// {"id","runId","name","timestamp","jobTags"} of the started event.
  virtual std::string StartedEventJson() const = 0;
};
using StreamingQueryPtr = std::shared_ptr<StreamingQuery>;

}  // namespace sluice::streaming
