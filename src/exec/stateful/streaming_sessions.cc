// GROUP BY session_window of a stream: the batch's sessions are merged with those of their keys in the state.
#include <arrow/array/array_nested.h>
#include <arrow/array/concatenate.h>
#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "base/arrow_status.h"
#include "base/error.h"
#include "exec/operators.h"
#include "exec/row_gather.h"
#include "exec/session_merge.h"
#include "exec/stateful/event_time_key.h"
#include "exec/stateful/partition_task.h"
#include "exec/stateful/planning.h"
#include "exec/stateful/session_state.h"
#include "exec/stateful/stateful_operator.h"
#include "logical/watermark_metadata.h"

namespace sluice::exec {
namespace {

using connectors::OutputMode;

constexpr size_t kPieceRows = 16384;

size_t SessionKey(const logical::Attributes& grouping) {
  size_t index = 0;
  while (!logical::IsSessionWindow(grouping[index]->metadata)) ++index;
  return index;
}

struct SessionShape {
  SessionShape(const logical::Aggregate& node, const logical::Attributes& input)
      : plan(node.grouping, node.results, input),
        session(SessionKey(plan.grouping())),
        state(plan, node.grouping, session),
        event_time(EventTimeKey::Find(plan.grouping())),
        value_time(EventTimeKey::Find(plan.grouping(), state.schema().value->fields().size())),
        finished(logical::ArrowSchema(plan.finished())) {}
  AggregationPlan plan;
  size_t session;
  SessionState state;
  std::optional<EventTimeKey> event_time, value_time;  // in the keys of partial rows, in a state's value
  std::shared_ptr<arrow::Schema> finished;
  int counted_runs = 1;
};

PartialRows Concatenated(const std::vector<PartialRows>& parts) {
  if (parts.size() == 1) return parts[0];
  PartialRows all;
  auto join = [&](const auto& column_of) {
    arrow::ArrayVector chunks;
    for (const PartialRows& part : parts) chunks.push_back(column_of(part));
    return base::ValueOrThrow(arrow::Concatenate(chunks));
  };
  for (const PartialRows& part : parts) all.rows += part.rows;
  for (size_t k = 0; k < parts[0].keys.size(); ++k) {
    all.keys.push_back(join([k](const PartialRows& part) { return part.keys[k]; }));
  }
  for (size_t c = 0; c < parts[0].buffers.size(); ++c) {
    arrow::ArrayVector call;
    for (size_t b = 0; b < parts[0].buffers[c].size(); ++b) {
      call.push_back(join([c, b](const PartialRows& part) { return part.buffers[c][b]; }));
    }
    all.buffers.push_back(std::move(call));
  }
  return all;
}

// The batch's sessions of each state partition, in the order of the child's partitions.
using Exchanged = std::vector<std::vector<PartialRows>>;

// Works on one state partition: merges, then gives what the mode asks for; the end commits.
class StreamingSessionsIterator final : public BatchIterator {
 public:
  StreamingSessionsIterator(const SessionShape& shape, const state::OperatorInfo& info, OutputMode mode,
                            std::shared_ptr<arrow::Schema> schema, ExecContext& context, int partition,
                            std::vector<PartialRows> fresh)
      : shape_(shape),
        info_(info),
        mode_(mode),
        schema_(std::move(schema)),
        context_(context),
        eval_(context.TaskEval(partition)),
        fresh_(std::move(fresh)),
        watermarks_(*context.state, info.id),
        store_(context.state->Open({info.id, partition, ""}, shape.state.schema())) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (!store_) return nullptr;
    if (!merged_) Merge();
    if (auto batch = NextOfState()) return batch;
    values_.clear();
    CommitPartition(*context_.state, info_, std::exchange(store_, nullptr), metrics_, shape_.counted_runs);
    return nullptr;
  }

 private:
  void Merge() {
    merged_ = true;
    StepTimer::Duration update_time{}, removal_time{};
    {
      StepTimer timer(&update_time);
      DropLate();
      if (!fresh_.empty()) Update(Concatenated(std::exchange(fresh_, {})));
    }
    {
      StepTimer timer(&removal_time);
      if (mode_ == OutputMode::kComplete) CollectAll();
      if (mode_ != OutputMode::kComplete && shape_.value_time && watermarks_.evict_anew_ms) Evict();
    }
    metrics_.updates_ms = MillisOf(update_time);
    metrics_.removals_ms = MillisOf(removal_time);
  }

  // Before they are merged, and in every mode: a late row does not lengthen a session.
  void DropLate() {
    if (!shape_.event_time || !watermarks_.late_ms) return;
    for (PartialRows& piece : fresh_) {
      std::vector<bool> late = shape_.event_time->AtOrBefore(piece.keys, piece.rows, *watermarks_.late_ms);
      std::vector<int32_t> kept;
      for (size_t i = 0; i < late.size(); ++i) {
        if (!late[i]) kept.push_back(static_cast<int32_t>(i));
      }
      if (kept.size() == late.size()) continue;
      metrics_.rows_dropped_by_watermark += static_cast<int64_t>(late.size() - kept.size());
      piece = SelectGroups(piece, RowNumbers(std::move(kept)));
    }
    std::erase_if(fresh_, [](const PartialRows& piece) { return piece.rows == 0; });
  }

  // What became of the sessions of the batch's keys is written, and those that were swallowed are removed.
  void Update(PartialRows fresh) {
    context_.cancellation->Check();
    StoredSessions stored = StoredOf(fresh);
    std::vector<PartialRows> parts;
    if (stored.sessions.rows > 0) parts.push_back(std::move(stored.sessions));
    parts.push_back(std::move(fresh));
    PartialRows rows = Concatenated(parts);
    parts.clear();
    const arrow::Array& windows = *rows.keys[shape_.session];
    MergedSessions merged = MergeSessions(Without(rows.keys, shape_.session), windows, rows.rows);
    RemoveSwallowed(stored, windows, merged);
    PartialRows sessions = MergeGroups(shape_.plan, shape_.session, eval_, rows, merged);
    state::UnsafeRows keys = shape_.state.EncodeKeys(sessions), values = shape_.state.EncodeValues(sessions);
    std::vector<bool> as_stored = AsStored(stored, merged);
    for (int64_t i = 0; i < sessions.rows; ++i) {
      if (!as_stored[i]) store_->Put(keys[i], values[i]);
    }
    metrics_.rows_updated += sessions.rows;
  }

  struct StoredSessions {
    PartialRows sessions;
    std::string key_bytes;
    std::vector<size_t> key_ends;
  };

  // What the state has of the keys of `fresh`.
  StoredSessions StoredOf(const PartialRows& fresh) const {
    StoredSessions stored;
    if (store_->size() == 0) return stored;
    state::UnsafeRows keys = shape_.state.EncodeKeys(fresh);
    SessionState::Prefixes prefixes(shape_.state, fresh.rows);
    for (int64_t i = 0; i < fresh.rows; ++i) prefixes.Add(keys[i]);
    std::vector<std::string_view> values;
    store_->ForEach([&](std::string_view key, std::string_view value) {
      if (!prefixes.Has(key)) return true;
      stored.key_bytes += key;
      stored.key_ends.push_back(stored.key_bytes.size());
      values.push_back(value);
      return true;
    });
    if (!values.empty()) stored.sessions = shape_.state.Decode(values);
    return stored;
  }

  // The sessions that nothing was added to. Spark writes and counts them too, but they are in the state already.
  static std::vector<bool> AsStored(const StoredSessions& stored, const MergedSessions& merged) {
    std::vector<bool> as_stored(merged.starts.size());
    size_t rows = merged.session.size();
    for (size_t i = 0; i < rows; ++i) {
      uint32_t session = merged.session[i];
      bool alone = (i == 0 || merged.session[i - 1] != session) && (i + 1 == rows || merged.session[i + 1] != session);
      as_stored[session] = alone && static_cast<size_t>(merged.order[i]) < stored.key_ends.size();
    }
    return as_stored;
  }

  // The stored sessions, the first rows that were merged, that begin earlier now: their key is another.
  void RemoveSwallowed(const StoredSessions& stored, const arrow::Array& windows, const MergedSessions& merged) {
    auto start_times = static_cast<const arrow::StructArray&>(windows).field(0);
    const int64_t* starts = start_times->data()->GetValues<int64_t>(1);
    for (size_t i = 0; i < merged.order.size(); ++i) {
      auto row = static_cast<size_t>(merged.order[i]);
      if (row >= stored.key_ends.size() || starts[row] == merged.starts[merged.session[i]]) continue;
      size_t begin = row > 0 ? stored.key_ends[row - 1] : 0;
      store_->Remove(std::string_view(stored.key_bytes).substr(begin, stored.key_ends[row] - begin));
      ++metrics_.rows_removed;
    }
  }

  void CollectAll() {
    values_.reserve(store_->size());
    store_->ForEach([&](std::string_view, std::string_view value) {
      values_.push_back(value);
      return true;
    });
  }

  // Removes the sessions whose time has passed; they are the output.
  void Evict() {
    int64_t limit = *watermarks_.evict_ms * 1000;
    store_->RemoveIf([&](std::string_view, std::string_view value) {
      auto time = shape_.value_time->OfRow(value);
      if (!time || *time > limit) return false;
      ++metrics_.rows_removed;
      values_.push_back(value);
      return true;
    });
  }

  std::shared_ptr<arrow::RecordBatch> NextOfState() {
    size_t rows = std::min(kPieceRows, values_.size() - next_row_);
    if (rows == 0) return nullptr;
    auto begin = values_.begin() + static_cast<std::ptrdiff_t>(next_row_);
    PartialRows sessions =
        shape_.state.Decode(std::vector<std::string_view>(begin, begin + static_cast<std::ptrdiff_t>(rows)));
    next_row_ += rows;
    std::vector<uint32_t> ids(rows);
    std::iota(ids.begin(), ids.end(), 0);
    Accumulators groups(shape_.plan);
    groups.Resize(sessions.rows);
    groups.Merge(eval_, sessions.buffers, ids.data(), sessions.rows);
    arrow::ArrayVector finished = std::move(sessions.keys);
    for (auto& values : groups.Finish(eval_)) finished.push_back(std::move(values));
    auto batch = arrow::RecordBatch::Make(shape_.finished, sessions.rows, std::move(finished));
    return arrow::RecordBatch::Make(schema_, sessions.rows, shape_.plan.results().EvaluateArrays(eval_, *batch));
  }

  const SessionShape& shape_;
  const state::OperatorInfo& info_;
  const OutputMode mode_;
  const std::shared_ptr<arrow::Schema> schema_;
  ExecContext& context_;
  logical::EvalContext eval_;
  std::vector<PartialRows> fresh_;
  const TaskWatermarks watermarks_;
  std::shared_ptr<state::StateStore> store_;
  bool merged_ = false;
  std::vector<std::string_view> values_;  // of the state, still to be given
  size_t next_row_ = 0;
  StateOperatorMetrics metrics_;
};

class StreamingSessionsOperator final : public StatefulOperator {
 public:
  StreamingSessionsOperator(OperatorPtr child, std::unique_ptr<SessionShape> shape, const StatefulOptions& options)
      : StatefulOperator(shape->plan.output()),
        child_(std::move(child)),
        shape_(std::move(shape)),
        mode_(options.output_mode),
        has_watermark_(options.has_watermark),
        merges_locally_(options.conf->GetBool("spark.sql.streaming.sessionWindow.merge.sessions.in.local.partition")) {
    info_.id = options.operator_id;
    info_.name = "sessionWindowStateStoreSaveExec";
    info_.partitions = std::max(1, options.partitions);
    info_.stores.push_back({"default", shape_->state.schema(), shape_->state.prefix_columns()});
  }

  const state::OperatorInfo& info() const override { return info_; }
  bool has_watermark() const override { return has_watermark_; }
  bool NeedsBatchWithoutData(int64_t previous_ms, int64_t watermark_ms) const override {
    return mode_ != OutputMode::kComplete && has_watermark_ && watermark_ms > previous_ms;
  }

  int Partitions(ExecContext& context) const override {
    Exchange(context);
    return info_.partitions;
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    if (!context.state) throw base::Error::Internal("A stateful operator outside of a micro-batch");
    return std::make_unique<StreamingSessionsIterator>(*shape_, info_, mode_, schema(), context, partition,
                                                       std::move((*Exchange(context))[partition]));
  }
  std::string Describe() const override {
    return fmt::format("SessionWindowStateStoreSave {}, state info [ opId = {}, numPartitions = {}], {}, 1",
                       ListText(shape_->plan.grouping()), info_.id, info_.partitions,
                       mode_ == OutputMode::kComplete ? "Complete" : "Append");
  }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  // By the hash of the keys without the session: all sessions of a key meet.
  std::shared_ptr<Exchanged> Exchange(ExecContext& context) const {
    return context.Shared<Exchanged>(this, [&] {
      auto exchanged = std::make_shared<Exchanged>(info_.partitions);
      auto eval = context.TaskEval(0);
      for (auto& part : AggregatePartitions(shape_->plan, *child_, context)) {
        if (part->groups() == 0) continue;
        PartialRows rows = part->Rows();
        part.reset();
        if (merges_locally_) {
          auto merged = MergeSessions(Without(rows.keys, shape_->session), *rows.keys[shape_->session], rows.rows);
          rows = MergeGroups(shape_->plan, shape_->session, eval, rows, merged);
        }
        std::vector<std::vector<int32_t>> members(info_.partitions);
        auto places = HashPartitions(Without(rows.keys, shape_->session), rows.rows, info_.partitions);
        for (size_t i = 0; i < places.size(); ++i) members[places[i]].push_back(static_cast<int32_t>(i));
        for (int p = 0; p < info_.partitions; ++p) {
          if (members[p].empty()) continue;
          (*exchanged)[p].push_back(SelectGroups(rows, RowNumbers(std::move(members[p]))));
        }
      }
      return exchanged;
    });
  }

  OperatorPtr child_;
  std::unique_ptr<SessionShape> shape_;
  OutputMode mode_;
  bool has_watermark_, merges_locally_;
  state::OperatorInfo info_;
};

}  // namespace

OperatorPtr MakeStreamingSessions(OperatorPtr child, const logical::Aggregate& node, const StatefulOptions& options) {
  if (node.grouping.size() == 1) throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3068");
  auto shape = std::make_unique<SessionShape>(node, child->output());
  if (options.is_sampled) shape->counted_runs = 2;
  if (shape->plan.has_distinct()) throw base::Error::Unsupported("A DISTINCT aggregate of a streaming DataFrame");
  return std::make_shared<StreamingSessionsOperator>(std::move(child), std::move(shape), options);
}

}  // namespace sluice::exec
