// The query's thread: start, triggers, waiting, end.
#include "streaming/micro_batch_query.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "base/allocators.h"
#include "base/durable_file.h"
#include "base/uuid.h"
#include "streaming/trigger.h"

namespace sluice::streaming {
namespace {

constexpr const char* kExceptionClass = "org.apache.spark.sql.streaming.StreamingQueryException";

// What Throwable.toString gives.
std::string ClassAndMessage(const base::Error& error) {
  std::string name = error.JvmClasses().empty() ? "java.lang.Exception" : error.JvmClasses().front();
  return name + ": " + error.message();
}

base::Error FromUnknown(const std::exception& thrown) {
  return base::Error::Internal(std::string("Unexpected exception: ") + thrown.what());
}

// Has a callback registered with a token, which may be null.
class CallbackScope {
 public:
  CallbackScope(base::CancellationPtr token, std::function<void()> callback) : token_(std::move(token)) {
    if (token_) number_ = token_->AddCallback(std::move(callback));
  }
  ~CallbackScope() {
    if (token_) token_->RemoveCallback(number_);
  }
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;

 private:
  base::CancellationPtr token_;
  int number_ = 0;
};

}  // namespace

MicroBatchQuery::MicroBatchQuery(QueryDefinition definition, QueryHooks hooks)
    : definition_(std::move(definition)),
      hooks_(std::move(hooks)),
      id_(checkpoint::ReadOrCreateQueryId(
          definition_.checkpoint,
          definition_.conf->Find("spark.sql.streaming.checkpoint.verifyMetadataExists.enabled").value_or("true") ==
              "true")),
      run_id_(base::NewUuid()),
      clock_(hooks_.clock),
      monitor_(definition_.conf->GetLong("spark.sql.streaming.numRecentProgressUpdates"),
               definition_.conf->GetMillis("spark.sql.streaming.noDataProgressEventInterval"), hooks_.post,
               hooks_.listening),
      offset_log_(definition_.checkpoint),
      commit_log_(definition_.checkpoint) {
  definition_.plan = SeparateReadings(definition_.plan);
  interval_ms_ = TriggerIntervalMillis(definition_.trigger);
  const base::SqlConf& conf = *definition_.conf;
  polling_delay_ms_ = conf.GetMillis("spark.sql.streaming.pollingDelay");
  explicit_polling_delay_ = conf.FindExplicit("spark.sql.streaming.pollingDelay").has_value();
  retain_ = conf.GetLong("spark.sql.streaming.minBatchesToRetain");
  no_data_batches_ = conf.GetBool("spark.sql.streaming.noDataMicroBatches.enabled");
}

MicroBatchQuery::~MicroBatchQuery() {
  // The thread holds the query, so only the thread itself can be the last owner before it has
  // ended.
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void MicroBatchQuery::Start() {
  lock_ = std::make_unique<checkpoint::CheckpointLock>(definition_.checkpoint);
  started_json_ = fmt::format(R"({{"id":"{}","runId":"{}","name":{},"timestamp":"{}","jobTags":[]}})", id_, run_id_,
                              name().empty() ? "null" : QuoteJson(name()), FormatTimestamp(clock_->NowMillis()));
  std::lock_guard lock(mutex_);
  thread_ = std::thread([self = shared_from_this()] { self->RunThread(); });
}

void MicroBatchQuery::RunThread() {
  try {
    monitor_.SetMessage("Initializing sources");
    Initialize();
    bool active;
    {
      std::lock_guard lock(mutex_);
      active = !stop_requested_;
      if (active) state_ = State::kActive;
    }
    if (active) {
      Recover();
      RunTriggers();
      log_writer_.Drain();
    }
    monitor_.SetMessage("Stopped");
  } catch (const base::Error& error) {
    Fail(error);
  } catch (const std::exception& thrown) {
    Fail(FromUnknown(thrown));
  }
  Terminate();
}

void MicroBatchQuery::Initialize() {
  runtime_ = std::make_shared<QueryRuntime>();
  runtime_->conf = definition_.conf;
  runtime_->eval = definition_.eval;
  runtime_->parallelism = std::max(1, base::ThreadPool::Default().size());
  runtime_->cancellation = cancellation_;
  base::SqlConf& conf = *definition_.conf;
  // Spark's default of 200 is for clusters: here each partition costs a durable file a batch. The
  // number is kept in the offsets log, so that a restart, also one in Spark, uses the same.
  if (!conf.FindExplicit("spark.sql.shuffle.partitions")) {
    conf.Set("spark.sql.shuffle.partitions", std::to_string(runtime_->parallelism));
  }
  connectors::StreamSourceContext context;
  context.conf = &conf;
  context.parallelism = runtime_->parallelism;
  context.clock = clock_;
  context.cancellation = cancellation_;
  context.wake = [query = weak_from_this()] {
    if (auto self = query.lock()) self->Wake();
  };
  runtime_->sources = CreateSources(definition_.plan, definition_.checkpoint, std::move(context));
  definition_.sink->Start({.query_id = id_, .cancellation = cancellation_});
  for (const QuerySourcePtr& source : runtime_->sources.unique) {
    if (source->definition->dead_letter_option().empty()) continue;
    source->dead_letters = source->source->OpenDeadLetters(*definition_.sink);
  }
  if (definition_.trigger.kind == plan::TriggerKind::kAvailableNow) {
    for (const QuerySourcePtr& source : runtime_->sources.unique) source->source->PrepareForTriggerAvailableNow();
  }
}

void MicroBatchQuery::RunTriggers() {
  plan::TriggerKind kind = definition_.trigger.kind;
  while (!StopRequested()) {
    int64_t trigger_ms = clock_->NowMillis();
    Outcome outcome = RunTrigger();
    if (kind == plan::TriggerKind::kOnce) return;
    if (outcome == Outcome::kIdle && kind == plan::TriggerKind::kAvailableNow) return;
    if (interval_ms_ > 0) {
      if (!Sleep(NextTriggerMillis(trigger_ms, interval_ms_))) return;
    } else if (outcome == Outcome::kIdle) {
      if (!Sleep(explicit_polling_delay_ ? clock_->NowMillis() + polling_delay_ms_ : 0)) return;
    }
  }
}

// Waits until the next look at the sources: not before that time, then until there is reason for
// one. False to end.
bool MicroBatchQuery::Sleep(int64_t not_before_ms) {
  log_writer_.Drain();
  commit_log_.Sync();
  if (interval_ms_ > 0) monitor_.SetMessage("Waiting for next trigger");
  int64_t idle_since = clock_->NowMillis();
  std::optional<int64_t> wake_time = WakeTime(idle_since);
  std::unique_lock lock(mutex_);
  while (!stop_requested_ && not_before_ms > 0 && clock_->NowMillis() < not_before_ms) {
    clock_->WaitUntil(lock, wake_, not_before_ms);
  }
  if (interval_ms_ == 0) {
    while (!stop_requested_ && !woken_ && looks_wanted_ <= looks_) {
      if (!wake_time) {
        wake_.wait(lock);
      } else if (clock_->NowMillis() < *wake_time) {
        clock_->WaitUntil(lock, wake_, *wake_time);
      } else {
        break;
      }
    }
  }
  woken_ = false;
  return !stop_requested_;
}

// When an idle query looks again though nothing woke it; nothing = never.
std::optional<int64_t> MicroBatchQuery::WakeTime(int64_t idle_since_ms) const {
  int64_t time = std::max(monitor_.NextIdleMillis(), idle_since_ms + 1);
  for (const QuerySourcePtr& source : runtime_->sources.unique) {
    if (auto due = source->source->MillisUntilData()) {
      time = std::min(time, idle_since_ms + std::max<int64_t>(*due, 0));
    } else if (!source->source->WakesOnData()) {
      time = std::min(time, idle_since_ms + polling_delay_ms_);
    }
  }
  return time;
}

void MicroBatchQuery::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

bool MicroBatchQuery::StopRequested() const {
  std::lock_guard lock(mutex_);
  return stop_requested_;
}

void MicroBatchQuery::Fail(const base::Error& cause) {
  if (StopRequested()) {
    // Stopping interrupts whatever runs; what that raises is no failure of the query.
    monitor_.SetMessage("Stopped");
    return;
  }
  std::string description = fmt::format(
      "=== Streaming Query ===\nIdentifier: {}[id = {}, runId = {}]\nCurrent Committed Offsets: "
      "{}\n"
      "Current Available Offsets: {}\n\nCurrent State: {}\nThread State: RUNNABLE",
      name().empty() ? "" : name() + " ", id_, run_id_, OffsetsText(start_), OffsetsText(end_),
      batch_id_ < 0 ? "INITIALIZING" : "ACTIVE");
  if (batch_id_ >= 0) {
    description += "\n\nLogical Plan:\n" + WritePlanText(definition_.plan, definition_.sink->Description());
  }
  base::Error failure(base::ErrorKind::kStreamingQuery, "STREAM_FAILED",
                      {{"id", id_}, {"runId", run_id_}, {"message", cause.message()}});
  failure.Append("\n" + description).WithDomain(cause.domain(), cause.retryable()).WithCause(ClassAndMessage(cause));
  for (const std::string& deeper : cause.causes()) failure.WithCause(deeper);
  monitor_.SetMessage("Terminated with exception: " + cause.message());
  std::lock_guard lock(mutex_);
  exception_ = std::move(failure);
  exception_text_ = fmt::format("{}: {}\n{}", kExceptionClass, cause.message(), description);
  failed_with_ = cause;
}

void MicroBatchQuery::Terminate() {
  cancellation_->Cancel();
  EndLogs();
  {
    std::lock_guard lock(mutex_);
    stop_requested_ = true;
  }
  maintain_.notify_all();
  if (maintenance_.joinable()) maintenance_.join();
  try {
    definition_.sink->Stop();
  } catch (const std::exception&) {
    // The query has ended; there is nobody left to tell.
  }
  if (runtime_) runtime_->ended = true;
  runtime_.reset();
  lock_.reset();
  monitor_.SetTriggerActive(false);
  monitor_.SetDataAvailable(false);
  bool failed;
  {
    std::lock_guard lock(mutex_);
    state_ = State::kTerminated;
    failed = exception_.has_value();
    // Sources close with the last execution that reads them; the plan text stays for explain.
    if (explain_runtime_) explain_text_ = {ExplainNow(false), ExplainNow(true)};
    explain_runtime_.reset();
  }
  base::ReturnFreeMemory();
  if (hooks_.ended) hooks_.ended(shared_from_this());
  monitor_.Post(QueryEvent::Type::kTerminated, TerminatedEventJson());
  bool force = definition_.conf->GetBool("spark.sql.streaming.forceDeleteTempCheckpointLocation");
  if (definition_.temporary_checkpoint && (!failed || force)) {
    std::error_code best_effort;
    std::filesystem::remove_all(definition_.checkpoint, best_effort);
  }
  {
    std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
}

void MicroBatchQuery::EndLogs() {
  try {
    log_writer_.Drain();
    commit_log_.Sync();
  } catch (const base::Error& error) {
    // What was not logged runs again.
    spdlog::warn("The logs of query {} could not be ended: {}", id_, error.message());
  }
}

std::string MicroBatchQuery::TerminatedEventJson() const {
  std::lock_guard lock(mutex_);
  std::string exception = "null", condition = "null";
  if (failed_with_) {
    exception = QuoteJson(ClassAndMessage(*failed_with_));
    if (!failed_with_->condition().empty()) condition = QuoteJson(failed_with_->condition());
  }
  return fmt::format(R"({{"id":"{}","runId":"{}","exception":{},"errorClassOnException":{}}})", id_, run_id_, exception,
                     condition);
}

bool MicroBatchQuery::IsActive() const {
  std::lock_guard lock(mutex_);
  return state_ != State::kTerminated;
}

std::optional<base::Error> MicroBatchQuery::Exception() const {
  std::lock_guard lock(mutex_);
  return exception_;
}

std::string MicroBatchQuery::ExceptionText() const {
  std::lock_guard lock(mutex_);
  return exception_text_;
}

void MicroBatchQuery::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_requested_ = true;
  }
  cancellation_->Cancel();
  wake_.notify_all();
  int64_t timeout = std::max<int64_t>(definition_.conf->GetMillis("spark.sql.streaming.stopTimeout"), 0);
  std::unique_lock lock(mutex_);
  auto finished = [this] { return finished_; };
  if (timeout == 0) {
    changed_.wait(lock, finished);
  } else if (!changed_.wait_for(lock, std::chrono::milliseconds(timeout), finished)) {
    throw base::Error::Plain(base::ErrorKind::kSpark,
                             fmt::format("Stream Execution thread for stream {}[id = {}, runId = {}] failed to stop "
                                         "within {} milliseconds "
                                         "(specified by spark.sql.streaming.stopTimeout). See the cause on what was "
                                         "being executed in the "
                                         "streaming query thread.",
                                         name().empty() ? "" : name() + " ", id_, run_id_, timeout));
  }
}

bool MicroBatchQuery::AwaitTermination(std::optional<int64_t> timeout_ms) {
  std::unique_lock lock(mutex_);
  auto finished = [this] { return finished_; };
  if (timeout_ms) {
    changed_.wait_for(lock, std::chrono::milliseconds(*timeout_ms), finished);
  } else {
    changed_.wait(lock, finished);
  }
  if (!finished_) return false;
  if (exception_) throw *exception_;
  return true;
}

void MicroBatchQuery::ProcessAllAvailable(const base::CancellationPtr& caller) {
  CallbackScope interrupt(caller, [this] {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  if (exception_) throw *exception_;
  if (state_ == State::kTerminated) return;
  // A look that is under way may have missed what came just before this call: the next one counts.
  int64_t wanted = looks_ + 1;
  looks_wanted_ = std::max(looks_wanted_, wanted);
  wake_.notify_all();
  changed_.wait(lock, [&] { return finished_ || empty_look_ >= wanted || (caller && caller->cancelled()); });
  if (caller) caller->Check();
  if (exception_) throw *exception_;
}

std::string MicroBatchQuery::ExplainNow(bool extended) const {
  return ExplainQuery(definition_.plan, explain_runtime_->physical, definition_.sink->Description(), explain_batch_,
                      extended);
}

std::string MicroBatchQuery::Explain(bool extended) const {
  std::lock_guard lock(mutex_);
  if (explain_runtime_) return ExplainNow(extended);
  if (explain_batch_ >= 0) return extended ? explain_text_.second : explain_text_.first;
  return "No physical plan. Waiting for data.";
}

}  // namespace sluice::streaming
