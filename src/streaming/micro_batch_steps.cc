// The steps of one trigger, in Spark's order: find the range, log it, run the batch, log its
// commit, report.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/fault_point.h"
#include "streaming/micro_batch_query.h"
#include "streaming/watermark_propagator.h"

namespace sluice::streaming {
namespace {

base::Error ConcurrentUpdate(int64_t batch) {
  return base::Error(base::ErrorKind::kSpark, "CONCURRENT_STREAM_LOG_UPDATE", {{"batchId", std::to_string(batch)}});
}

base::Error MissingBatch(int64_t batch) {
  return base::Error::Plain(base::ErrorKind::kIllegalState, fmt::format("batch {} doesn't exist", batch))
      .WithDomain(base::ErrorDomain::kExternal, false);
}

}  // namespace

void MicroBatchQuery::Timed(const char* what, const std::function<void()>& body) {
  int64_t start = clock_->NowMillis();
  body();
  trigger_.durations_ms[what] += std::max<int64_t>(clock_->NowMillis() - start, 0);
}

connectors::ReadLimit MicroBatchQuery::Limit() const {
  return {.all_available = definition_.trigger.kind == plan::TriggerKind::kOnce};
}

StreamProgress MicroBatchQuery::ProgressOf(const checkpoint::OffsetEntry& entry) const {
  const QuerySources& sources = runtime_->sources;
  if (entry.offsets.size() != sources.lines.size()) {
    throw base::Error::Plain(base::ErrorKind::kIllegalState,
                             fmt::format("assertion failed: There are [{}] sources in the "
                                         "checkpoint offsets and now there are [{}] sources "
                                         "requested by the query. Cannot continue.",
                                         entry.offsets.size(), sources.lines.size()));
  }
  StreamProgress progress;
  for (size_t i = 0; i < sources.lines.size(); ++i) {
    if (entry.offsets[i]) progress[sources.unique[sources.lines[i]].get()] = *entry.offsets[i];
  }
  return progress;
}

std::vector<std::optional<std::string>> MicroBatchQuery::OffsetLines(const StreamProgress& progress) const {
  std::vector<std::optional<std::string>> lines;
  for (size_t source : runtime_->sources.lines) {
    auto found = progress.find(runtime_->sources.unique[source].get());
    lines.push_back(found == progress.end() ? std::nullopt : std::optional(found->second));
  }
  return lines;
}

std::string MicroBatchQuery::OffsetsText(const StreamProgress& progress) const {
  std::string out;
  for (const auto& [source, offset] : progress) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ",", source->description, offset);
  }
  return "{" + out + "}";
}

// Where to go on: after the last committed batch, or with the batch that was logged and not
// committed.
void MicroBatchQuery::Recover() {
  auto latest = offset_log_.LatestBatch();
  base::SqlConf& conf = *definition_.conf;
  if (!latest) {
    batch_id_ = 0;
  } else {
    auto entry = offset_log_.Get(*latest);
    if (!entry) throw MissingBatch(*latest);
    batch_id_ = *latest;
    constructed_ = true;
    end_ = ProgressOf(*entry);
    if (*latest > 0) {
      auto before = offset_log_.Get(*latest - 1);
      if (!before) throw MissingBatch(*latest - 1);
      start_ = ProgressOf(*before);
      previous_watermark_ms_ = before->metadata.watermark_ms;
    }
    if (entry->has_metadata) checkpoint::RestoreLoggedConf(entry->metadata, conf);
    logged_ = entry->metadata;
  }
  logged_.conf = checkpoint::LoggedConf(conf);
  watermark_ = std::make_unique<WatermarkTracker>(definition_.plan,
                                                  conf.GetString("spark.sql.streaming.multipleWatermarkPolicy"));
  watermark_->Set(logged_.watermark_ms);
  if (!latest) return;
  auto committed = commit_log_.LatestBatch();
  bool done = committed && *committed == *latest;
  if (done) {
    for (const auto& [source, offset] : end_) {
      auto from = start_.find(source);
      source->source->Recover(from == start_.end() ? std::nullopt : std::optional(from->second), offset);
      source->source->BatchCommitted(offset);
    }
    int64_t next = commit_log_.Get(*committed).value_or(checkpoint::CommitEntry{}).next_watermark_ms;
    batch_id_ = *committed + 1;
    constructed_ = false;
    start_ = end_;
    previous_watermark_ms_ = logged_.watermark_ms;
    watermark_->Set(std::max(watermark_->current_ms(), next));
  }
}

MicroBatchQuery::Outcome MicroBatchQuery::RunTrigger() {
  trigger_.previous_start_ms = trigger_.start_ms;
  trigger_.start_ms = clock_->NowMillis();
  trigger_.durations_ms.clear();
  monitor_.SetTriggerActive(true);
  bool new_data = false;
  Timed("triggerExecution", [&] {
    if (!constructed_) constructed_ = ConstructBatch();
    trigger_.from = start_;
    trigger_.to = end_;
    trigger_.latest = latest_;
    new_data = BatchRange{.start = start_, .end = end_}.HasNewData();
    monitor_.SetDataAvailable(new_data);
    if (constructed_) {
      monitor_.SetMessage(new_data ? "Processing new data" : "No new data but cleaning up state");
      RunBatch();
    } else {
      monitor_.SetMessage("Waiting for data to arrive");
    }
  });
  if (!constructed_) {
    log_writer_.Drain();
    FinishIdle();
    return Outcome::kIdle;
  }
  FinishBatch(new_data);
  start_ = end_;
  previous_watermark_ms_ = logged_.watermark_ms;
  ++batch_id_;
  constructed_ = false;
  monitor_.SetMessage("Waiting for next trigger");
  return Outcome::kBatch;
}

void MicroBatchQuery::LookAtSources() {
  for (const QuerySourcePtr& source : runtime_->sources.unique) {
    monitor_.SetMessage("Getting offsets from " + source->description);
    Timed("latestOffset", [&] {
      auto known = start_.find(source.get());
      std::optional<connectors::Offset> from =
          known == start_.end() ? source->source->InitialOffset() : std::optional(known->second);
      if (auto next = source->source->LatestOffset(from, Limit())) end_[source.get()] = *next;
      if (auto latest = source->source->ReportLatestOffset()) latest_[source.get()] = *latest;
    });
  }
}

bool MicroBatchQuery::NeedsBatchWithoutData(int64_t watermark_ms) const {
  if (!no_data_batches_ || !last_batch_ || !runtime_->physical.root) return false;
  // Timers by the clock need batches at any time; a query that takes what there is ends all the same.
  bool ends = definition_.trigger.kind == plan::TriggerKind::kAvailableNow;
  if (ends && watermark_ms == last_batch_->watermark_ms) return false;
  const exec::Operator& root = *runtime_->physical.root;
  OperatorWatermarks before = PropagateWatermark(root, last_batch_->watermark_ms);
  OperatorWatermarks now = PropagateWatermark(root, watermark_ms);
  return std::ranges::any_of(runtime_->physical.stateful, [&](const exec::StatefulOperator* stateful) {
    int64_t id = stateful->info().id;
    return stateful->NeedsBatchWithoutData(before[id].value_or(0), now[id].value_or(0));
  });
}

bool MicroBatchQuery::ConstructBatch() {
  {
    std::lock_guard lock(mutex_);
    ++looks_;
    woken_ = false;
  }
  LookAtSources();
  logged_.watermark_ms = watermark_->current_ms();
  logged_.timestamp_ms = clock_->NowMillis();
  bool run = BatchRange{.start = start_, .end = end_}.HasNewData() || NeedsBatchWithoutData(logged_.watermark_ms);
  if (!run) return false;
  monitor_.SetMessage("Writing offsets to log");
  Timed("walCommit", [&] { LogOffsets(); });
  return true;
}

// The entry is written beside the batch as far as the sink allows that; both logs in turn, so that a range is never
// logged before the commit of the one before.
void MicroBatchQuery::LogOffsets() {
  checkpoint::OffsetEntry entry;
  entry.metadata = logged_;
  entry.offsets = OffsetLines(end_);
  log_writer_.Post([this, batch = batch_id_, entry = std::move(entry)] { AddOffsets(batch, entry); });
  if (definition_.sink->MayPrecedeLog() == connectors::BeforeLog::kNothing) log_writer_.Drain();
}

void MicroBatchQuery::AddOffsets(int64_t batch, const checkpoint::OffsetEntry& entry) {
  base::FaultPoint("stream.before_offsets");
  // A batch may only be in the log if the commit of the one before cannot get lost. Here that costs nothing: the sync
  // of the entry's content has just brought the folder's change to the disk.
  if (!offset_log_.Add(batch, entry, [this] { commit_log_.Sync(); })) throw ConcurrentUpdate(batch);
  base::FaultPoint("stream.after_offsets");
}

// With this range in the log the last batch cannot run again: sources may forget it.
void MicroBatchQuery::ForgetBefore() {
  if (batch_id_ > 0) {
    for (const auto& [source, offset] : start_) source->source->Commit(offset);
  }
  if (retain_ >= batch_id_) return;
  log_writer_.Post([this, threshold = batch_id_ - retain_] {
    base::FaultPoint("stream.before_purge");
    offset_log_.Purge(threshold);
    base::FaultPoint("stream.between_purges");
    commit_log_.Purge(threshold);
  });
}

void MicroBatchQuery::RunBatch() {
  BatchRange range;
  Timed("getBatch", [&] {
    range.batch_id = batch_id_;
    range.watermark_ms = logged_.watermark_ms;
    range.previous_watermark_ms = previous_watermark_ms_;
    range.timestamp_ms = logged_.timestamp_ms;
    range.start = start_;
    range.end = end_;
    for (const QuerySourcePtr& source : runtime_->sources.unique) {
      source->rows_read = 0;
      PrepareSource(*source);
    }
  });
  Timed("queryPlanning", [&] {
    watermark_->CheckDefinedOnce(range.watermark_ms);
    if (runtime_->physical.root) return;
    runtime_->physical =
        PlanQuery(definition_.plan, definition_.conf, definition_.mode, definition_.python, definition_.eval);
    PrepareState();
  });
  {
    std::lock_guard lock(mutex_);
    explain_runtime_ = runtime_;
    explain_batch_ = batch_id_;
  }
  connectors::SinkBatch sink_batch{batch_id_, definition_.plan->Schema(), definition_.mode, range.timestamp_ms};
  std::function<void()> await_log;
  if (definition_.sink->MayPrecedeLog() != connectors::BeforeLog::kNothing) await_log = [this] { log_writer_.Drain(); };
  auto batch = std::make_shared<MicroBatch>(runtime_, range, std::move(await_log));
  Timed("addBatch", [&] { WriteBatch(batch, *definition_.sink, sink_batch); });
  Timed("walCommit", [&] { log_writer_.Drain(); });
  LastBatch last;
  last.result = batch->Result();
  last.output_rows = definition_.sink->LastOutputRows();
  last.watermark_ms = range.watermark_ms;
  if (watermark_->has_watermark()) {
    last.event_time_ms["watermark"] = range.watermark_ms;
    if (const exec::EventTimeStats* stats = watermark_->FirstStats(last.result.event_times)) {
      last.event_time_ms["min"] = stats->min;
      last.event_time_ms["max"] = stats->max;
      last.event_time_ms["avg"] = static_cast<int64_t>(stats->average);
    }
  }
  last_batch_ = std::move(last);
  watermark_->Update(last_batch_->result.event_times);
  Timed("commitOffsets", [&] { LogCommit(); });
}

void MicroBatchQuery::PrepareSource(const QuerySource& source) {
  auto to = end_.find(&source), from = start_.find(&source);
  if (to == end_.end()) return;
  std::optional<connectors::Offset> start =
      from == start_.end() ? source.source->InitialOffset() : std::optional(from->second);
  if (start != to->second) source.source->PrepareBatch(start, to->second);
}

void MicroBatchQuery::PrepareState() {
  if (runtime_->physical.stateful.empty() && batch_id_ == 0) return;
  log_writer_.Drain();
  auto manager = MakeStateManager(*definition_.conf, definition_.checkpoint + "/state", run_id_, retain_);
  std::vector<state::OperatorInfo> operators;
  for (const exec::StatefulOperator* stateful : runtime_->physical.stateful) operators.push_back(stateful->info());
  manager->Prepare(operators, batch_id_);
  if (operators.empty()) return;
  runtime_->state = std::move(manager);
  maintenance_ = std::thread([this, runtime = runtime_] { RunMaintenance(*runtime->state); });
}

// Runs on its own thread until the query ends.
void MicroBatchQuery::RunMaintenance(state::StateManager& manager) {
  int64_t interval = definition_.conf->GetMillis("spark.sql.streaming.stateStore.maintenanceInterval");
  std::unique_lock lock(mutex_);
  while (!stop_requested_) {
    int64_t until = clock_->NowMillis() + interval;
    while (!stop_requested_ && clock_->NowMillis() < until) clock_->WaitUntil(lock, maintain_, until);
    if (stop_requested_) return;
    lock.unlock();
    try {
      manager.Maintain();
    } catch (const base::Error& error) {
      // Without a snapshot the query goes on from its deltas; the next round tries again.
      spdlog::warn("State maintenance of query {} failed: {}", id_, error.message());
    }
    lock.lock();
  }
}

// Written beside the next look at the sources.
void MicroBatchQuery::LogCommit() {
  log_writer_.Post([this, batch = batch_id_, watermark_ms = watermark_->current_ms(), end = end_] {
    base::FaultPoint("stream.before_commit");
    // The names of state files have come to the disk with the entry's content: to wait for them costs nothing here.
    auto sync_state = [this] {
      if (runtime_->state) runtime_->state->Sync();
    };
    if (!commit_log_.Add(batch, {.next_watermark_ms = watermark_ms}, sync_state)) throw ConcurrentUpdate(batch);
    base::FaultPoint("stream.after_commit");
    for (const auto& [source, offset] : end) source->source->BatchCommitted(offset);
  });
  ForgetBefore();
}

Progress MicroBatchQuery::MakeProgress(int64_t duration_ms, bool new_data) const {
  auto offset_of = [](const StreamProgress& progress, const QuerySource* source) -> std::optional<std::string> {
    auto found = progress.find(source);
    return found == progress.end() ? std::nullopt : std::optional(found->second);
  };
  double processing_seconds = static_cast<double>(std::max<int64_t>(duration_ms, 1)) / 1000;
  double input_seconds = static_cast<double>(trigger_.start_ms - trigger_.previous_start_ms) / 1000;
  Progress progress;
  progress.id = id_;
  progress.run_id = run_id_;
  progress.name = name();
  progress.timestamp_ms = trigger_.start_ms;
  progress.batch_id = batch_id_;
  progress.duration_ms = duration_ms;
  progress.durations_ms = trigger_.durations_ms;
  for (const QuerySourcePtr& source : runtime_->sources.unique) {
    SourceProgress one;
    one.description = source->description;
    one.start_offset = offset_of(trigger_.from, source.get());
    one.end_offset = offset_of(trigger_.to, source.get());
    one.latest_offset = offset_of(trigger_.latest, source.get());
    one.rows = new_data ? source->rows_read.load() : 0;
    // The first trigger of a run has no one before it: its rate counts as 0.
    if (trigger_.previous_start_ms >= 0 && input_seconds > 0) {
      one.input_rate = static_cast<double>(one.rows) / input_seconds;
    }
    one.processed_rate = static_cast<double>(one.rows) / processing_seconds;
    one.metrics = source->source->Metrics(one.latest_offset ? one.latest_offset : one.end_offset);
    progress.sources.push_back(std::move(one));
  }
  progress.sink_description = definition_.sink->Description();
  if (last_batch_) {
    progress.event_time_ms = last_batch_->event_time_ms;
    progress.state_operators = last_batch_->result.state_operators;
    progress.output_rows = last_batch_->output_rows;
  }
  return progress;
}

void MicroBatchQuery::FinishBatch(bool new_data) {
  int64_t now = clock_->NowMillis();
  Progress progress = MakeProgress(now - trigger_.start_ms, new_data);
  progress.observed = last_batch_->result.observed;
  monitor_.AddProgress(std::move(progress), now);
  monitor_.SetTriggerActive(false);
  changed_.notify_all();
}

void MicroBatchQuery::FinishIdle() {
  int64_t now = clock_->NowMillis();
  bool awaited;
  {
    std::lock_guard lock(mutex_);
    awaited = looks_wanted_ > 0;
  }
  plan::TriggerKind kind = definition_.trigger.kind;
  bool polls = interval_ms_ == 0 && kind != plan::TriggerKind::kAvailableNow && kind != plan::TriggerKind::kOnce;
  monitor_.AddIdleProgress(
      [&] {
        Progress progress = MakeProgress(now - trigger_.start_ms, false);
        progress.event_time_ms.clear();
        if (last_batch_ && last_batch_->event_time_ms.count("watermark")) {
          progress.event_time_ms["watermark"] = logged_.watermark_ms;
        }
        for (auto& metrics : progress.state_operators) {
          metrics.rows_updated = 0;
          metrics.rows_dropped_by_watermark = 0;
        }
        if (progress.output_rows >= 0) progress.output_rows = 0;
        return progress;
      },
      now, polls && !awaited);
  monitor_.SetTriggerActive(false);
  {
    // Only now: who waits for this look may read the progress that it made.
    std::lock_guard lock(mutex_);
    empty_look_ = looks_;
  }
  changed_.notify_all();
}

}  // namespace sluice::streaming
