// GROUP BY of a stream: the micro-batch's groups are merged into the state, and given as the output
// mode asks.
#include <arrow/array/array_primitive.h>
#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "base/error.h"
#include "exec/aggregation.h"
#include "exec/expression_frame.h"
#include "exec/operators.h"
#include "exec/stateful/aggregation_state.h"
#include "exec/stateful/event_time_key.h"
#include "exec/stateful/partition_task.h"
#include "exec/stateful/planning.h"
#include "exec/stateful/stateful_operator.h"

namespace sluice::exec {
namespace {

using connectors::OutputMode;

constexpr size_t kPieceRows = 16384;

/// Partial results by state partition.
using Exchanged = std::vector<ExchangedGroups>;

struct AggregateShape {
  explicit AggregateShape(const logical::Aggregate& node, const logical::Attributes& input)
      : plan(node.grouping, node.results, input),
        state(plan, node.grouping),
        event_time(EventTimeKey::Find(plan.grouping())),
        finished(logical::ArrowSchema(plan.finished())) {}
  AggregationPlan plan;
  AggregationState state;
  std::optional<EventTimeKey> event_time;
  std::shared_ptr<arrow::Schema> finished;
  int counted_runs = 1;
};

// Works on one state partition: the batch's groups are merged into it piece by piece, then it is evicted or read whole
// as the mode asks; the end commits.
class StreamingAggregateIterator final : public BatchIterator {
 public:
  StreamingAggregateIterator(const AggregateShape& shape, const state::OperatorInfo& info, OutputMode mode,
                             std::shared_ptr<arrow::Schema> schema, ExecContext& context, int partition,
                             ExchangedGroups fresh)
      : shape_(shape),
        info_(info),
        mode_(mode),
        schema_(std::move(schema)),
        context_(context),
        eval_(context.TaskEval(partition)),
        exchanged_(std::move(fresh)),
        watermarks_(*context.state, info.id),
        store_(context.state->Open({info.id, partition, ""}, shape.state.schema())) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (!store_) return nullptr;
    if (auto batch = NextUpdated()) return batch;
    if (!removed_) Remove();
    if (auto batch = NextOfState()) return batch;
    Finish();
    return nullptr;
  }

 private:
  // Merges the next pieces into the state; the rows of one in update mode.
  std::shared_ptr<arrow::RecordBatch> NextUpdated() {
    StepTimer timer(&update_time_);
    if (!taken_) {
      fresh_ = exchanged_.Take(shape_.plan, eval_, kPieceRows);
      taken_ = true;
    }
    std::shared_ptr<arrow::RecordBatch> batch;
    while (!batch && next_piece_ < fresh_.size()) {
      context_.cancellation->Check();
      batch = Update(std::exchange(fresh_[next_piece_++], {}));
    }
    return batch;
  }

  std::shared_ptr<arrow::RecordBatch> Update(const PartialRows& piece) {
    state::UnsafeRows keys = shape_.state.EncodeKeys(piece);
    Accumulators groups = MergeIntoState(piece, keys);
    std::shared_ptr<arrow::Array> in_time = Save(piece, keys, groups);
    if (mode_ != OutputMode::kUpdate || (in_time && in_time->length() == 0)) return nullptr;
    arrow::ArrayVector finished = piece.keys;
    for (auto& values : groups.Finish(eval_)) finished.push_back(std::move(values));
    if (in_time) {
      for (auto& column : finished) column = TakeRows(column, in_time);
    }
    return Results(std::move(finished), in_time ? in_time->length() : piece.rows);
  }

  // What was there comes first: aggregates such as first and collect_list depend on the order.
  Accumulators MergeIntoState(const PartialRows& piece, const state::UnsafeRows& keys) {
    Accumulators groups(shape_.plan);
    groups.Resize(piece.rows);
    std::vector<uint32_t> ids;
    std::vector<std::string_view> values;
    for (int64_t i = 0; i < piece.rows; ++i) {
      std::string_view value = store_->Get(keys[i]);
      if (!value.data()) continue;
      ids.push_back(static_cast<uint32_t>(i));
      values.push_back(value);
    }
    if (!ids.empty()) {
      groups.Merge(eval_, shape_.state.DecodeValues(values), ids.data(), static_cast<int64_t>(ids.size()));
    }
    ids.resize(piece.rows);
    std::iota(ids.begin(), ids.end(), 0);
    groups.Merge(eval_, piece.buffers, ids.data(), piece.rows);
    return groups;
  }

  // The numbers of the groups that were not late; null if none was.
  std::shared_ptr<arrow::Array> Save(const PartialRows& piece, const state::UnsafeRows& keys,
                                     const Accumulators& groups) {
    state::UnsafeRows values = shape_.state.EncodeValues(groups.Buffers(), piece.rows);
    bool has_late = mode_ != OutputMode::kComplete && shape_.event_time && watermarks_.late_ms;
    std::shared_ptr<arrow::Array> in_time = has_late ? DropLate(piece) : nullptr;
    int64_t kept = in_time ? in_time->length() : piece.rows;
    const int32_t* rows = in_time ? static_cast<const arrow::Int32Array&>(*in_time).raw_values() : nullptr;
    for (int64_t i = 0; i < kept; ++i) {
      int64_t row = rows ? rows[i] : i;
      store_->Put(keys[row], values[row]);
    }
    metrics_.rows_updated += kept;
    return in_time;
  }

  void Remove() {
    removed_ = true;
    metrics_.updates_ms = MillisOf(update_time_);
    StepTimer::Duration removal_time{};
    {
      StepTimer timer(&removal_time);
      if (mode_ == OutputMode::kComplete) CollectAll();
      if (mode_ != OutputMode::kComplete && shape_.event_time && watermarks_.evict_anew_ms) Evict();
    }
    metrics_.removals_ms = MillisOf(removal_time);
  }

  // The rows to keep; null if that is all of them.
  std::shared_ptr<arrow::Array> DropLate(const PartialRows& rows) {
    std::vector<bool> late = shape_.event_time->AtOrBefore(rows.keys, rows.rows, *watermarks_.late_ms);
    std::vector<int32_t> kept;
    for (size_t i = 0; i < late.size(); ++i) {
      if (!late[i]) kept.push_back(static_cast<int32_t>(i));
    }
    int64_t dropped = rows.rows - static_cast<int64_t>(kept.size());
    if (dropped == 0) return nullptr;
    metrics_.rows_dropped_by_watermark += dropped;
    auto count = static_cast<int64_t>(kept.size());
    return std::make_shared<arrow::Int32Array>(count, arrow::Buffer::FromVector(std::move(kept)));
  }

  void CollectAll() {
    keys_.reserve(std::max<int64_t>(0, store_->size()));
    values_.reserve(std::max<int64_t>(0, store_->size()));
    store_->ForEach([&](std::string_view key, std::string_view value) {
      keys_.push_back(key);
      values_.push_back(value);
      return true;
    });
  }

  // Removes groups whose time has passed; in append mode they are the output.
  void Evict() {
    int64_t limit = *watermarks_.evict_ms * 1000;
    store_->RemoveIf([&](std::string_view key, std::string_view value) {
      auto time = shape_.event_time->OfRow(key);
      if (!time || *time > limit) return false;
      ++metrics_.rows_removed;
      if (mode_ != OutputMode::kAppend) return true;
      keys_.push_back(key);
      values_.push_back(value);
      return true;
    });
  }

  std::shared_ptr<arrow::RecordBatch> Results(arrow::ArrayVector finished, int64_t rows) {
    auto batch = arrow::RecordBatch::Make(shape_.finished, rows, std::move(finished));
    return arrow::RecordBatch::Make(schema_, rows, shape_.plan.results().EvaluateArrays(eval_, *batch));
  }

  std::shared_ptr<arrow::RecordBatch> NextOfState() {
    size_t rows = std::min(kPieceRows, keys_.size() - next_row_);
    if (rows == 0) return nullptr;
    auto part = [&](const std::vector<std::string_view>& of) {
      auto begin = of.begin() + static_cast<std::ptrdiff_t>(next_row_);
      return std::vector<std::string_view>(begin, begin + static_cast<std::ptrdiff_t>(rows));
    };
    std::vector<uint32_t> ids(rows);
    std::iota(ids.begin(), ids.end(), 0);
    auto count = static_cast<int64_t>(rows);
    Accumulators groups(shape_.plan);
    groups.Resize(count);
    groups.Merge(eval_, shape_.state.DecodeValues(part(values_)), ids.data(), count);
    arrow::ArrayVector finished = shape_.state.DecodeKeys(part(keys_));
    for (auto& values : groups.Finish(eval_)) finished.push_back(std::move(values));
    next_row_ += rows;
    return Results(std::move(finished), count);
  }

  void Finish() {
    keys_.clear();
    values_.clear();
    CommitPartition(*context_.state, info_, std::exchange(store_, nullptr), metrics_, shape_.counted_runs);
  }

  const AggregateShape& shape_;
  const state::OperatorInfo& info_;
  const OutputMode mode_;
  const std::shared_ptr<arrow::Schema> schema_;
  ExecContext& context_;
  logical::EvalContext eval_;
  ExchangedGroups exchanged_;
  const TaskWatermarks watermarks_;
  std::shared_ptr<state::StateStore> store_;
  bool taken_ = false, removed_ = false;
  std::vector<PartialRows> fresh_;  // the batch's groups, each once
  size_t next_piece_ = 0;
  StepTimer::Duration update_time_{};
  std::vector<std::string_view> keys_, values_;  // of the state, still to be given
  size_t next_row_ = 0;
  StateOperatorMetrics metrics_;
};

class StreamingAggregateOperator final : public StatefulOperator {
 public:
  StreamingAggregateOperator(OperatorPtr child, std::unique_ptr<AggregateShape> shape, const StatefulOptions& options)
      : StatefulOperator(shape->plan.output()),
        child_(std::move(child)),
        shape_(std::move(shape)),
        mode_(options.output_mode),
        has_watermark_(options.has_watermark),
        partitions_(shape_->plan.grouping().empty() ? 1 : std::max(1, options.partitions)) {
    info_.id = options.operator_id;
    info_.name = "stateStoreSave";
    info_.partitions = std::max(1, options.partitions);
    info_.stores.push_back({"default", shape_->state.schema(), 0});
  }

  const state::OperatorInfo& info() const override { return info_; }
  bool has_watermark() const override { return has_watermark_; }
  bool NeedsBatchWithoutData(int64_t previous_ms, int64_t watermark_ms) const override {
    return mode_ != OutputMode::kComplete && has_watermark_ && watermark_ms > previous_ms;
  }

  int Partitions(ExecContext& context) const override {
    Exchange(context);
    return partitions_;
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    if (!context.state) throw base::Error::Internal("A stateful operator outside of a micro-batch");
    return std::make_unique<StreamingAggregateIterator>(*shape_, info_, mode_, schema(), context, partition,
                                                        std::move((*Exchange(context))[partition]));
  }
  std::string Describe() const override {
    const char* mode = mode_ == OutputMode::kComplete ? "Complete" : mode_ == OutputMode::kUpdate ? "Update" : "Append";
    return fmt::format("StateStoreSave {}, state info [ opId = {}, numPartitions = {}], {}, 2",
                       ListText(shape_->plan.grouping()), info_.id, info_.partitions, mode);
  }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  std::shared_ptr<Exchanged> Exchange(ExecContext& context) const {
    return context.Shared<Exchanged>(this, [&] {
      return std::make_shared<Exchanged>(ExchangePartialAggregates(shape_->plan, *child_, context, partitions_));
    });
  }

  OperatorPtr child_;
  std::unique_ptr<AggregateShape> shape_;
  OutputMode mode_;
  bool has_watermark_;
  int partitions_;
  state::OperatorInfo info_;
};

}  // namespace

OperatorPtr MakeStreamingAggregate(OperatorPtr child, const logical::Aggregate& node, const StatefulOptions& options) {
  auto shape = std::make_unique<AggregateShape>(node, child->output());
  if (options.is_sampled) shape->counted_runs = 2;
  if (shape->plan.has_distinct()) throw base::Error::Unsupported("A DISTINCT aggregate of a streaming DataFrame");
  return std::make_shared<StreamingAggregateOperator>(std::move(child), std::move(shape), options);
}

}  // namespace sluice::exec
