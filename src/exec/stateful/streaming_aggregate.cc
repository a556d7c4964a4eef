// GROUP BY of a stream: the micro-batch's groups are merged into the state, and given as the output
// mode asks.
#include <arrow/array/array_primitive.h>
#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "exec/aggregation.h"
#include "exec/expression_frame.h"
#include "exec/operators.h"
#include "exec/stateful/aggregation_state.h"
#include "exec/stateful/event_time_key.h"
#include "exec/stateful/planning.h"
#include "exec/stateful/state_context.h"
#include "exec/stateful/stateful_operator.h"

namespace sluice::exec {
namespace {

using connectors::OutputMode;

constexpr size_t kOutputRows = 16384;

/// Pieces of partial results by state partition.
using Exchanged = std::vector<std::vector<PartialRows>>;

int64_t MillisSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
}

struct AggregateShape {
  explicit AggregateShape(const logical::Aggregate& node, const logical::Attributes& input)
      : plan(node.grouping, node.results, input),
        state(plan),
        event_time(EventTimeKey::Find(plan.grouping())),
        finished(logical::ArrowSchema(plan.finished())) {}
  AggregationPlan plan;
  AggregationState state;
  std::optional<EventTimeKey> event_time;
  std::shared_ptr<arrow::Schema> finished;
};

// Works on one state partition: the first Next does the batch's updates, then rows are given, the
// end commits.
class StreamingAggregateIterator final : public BatchIterator {
 public:
  StreamingAggregateIterator(const AggregateShape& shape, const state::OperatorInfo& info, OutputMode mode,
                             std::shared_ptr<arrow::Schema> schema, ExecContext& context, int partition,
                             std::vector<PartialRows> pieces)
      : shape_(shape),
        info_(info),
        mode_(mode),
        schema_(std::move(schema)),
        context_(context),
        partition_(partition),
        eval_(context.TaskEval(partition)),
        pieces_(std::move(pieces)),
        store_(context.state->Open({info.id, partition, ""}, shape.state.schema())) {
    late_ms_ = WatermarkOf(context.state->late_watermark_ms);
    evict_ms_ = WatermarkOf(context.state->eviction_watermark_ms);
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (!updated_) Update();
    if (auto batch = NextOutput()) return batch;
    Finish();
    return nullptr;
  }

 private:
  std::optional<int64_t> WatermarkOf(const std::map<int64_t, std::optional<int64_t>>& watermarks) const {
    auto found = watermarks.find(info_.id);
    return found == watermarks.end() ? std::nullopt : found->second;
  }

  // The groups of this batch, each once.
  PartialRows TakeFresh() {
    if (pieces_.size() == 1) return std::move(pieces_[0]);
    PartialAggregation merged(shape_.plan);
    for (PartialRows& piece : pieces_) {
      merged.Merge(eval_, piece);
      piece = {};
    }
    // Without keys there is always one group.
    if (shape_.plan.grouping().empty()) merged.Finish(eval_);
    return merged.Rows();
  }

  void Update() {
    auto start = std::chrono::steady_clock::now();
    updated_ = true;
    PartialRows fresh = TakeFresh();
    // What was there comes first: aggregates such as first and collect_list depend on the order.
    PartialAggregation groups(shape_.plan);
    groups.Merge(eval_, shape_.state.Restore(*store_, shape_.state.EncodeKeys(fresh)));
    groups.Merge(eval_, fresh);
    fresh = {};
    bool has_late = mode_ != OutputMode::kComplete && shape_.event_time && late_ms_;
    PartialRows rows = groups.Rows();
    std::shared_ptr<arrow::Array> in_time = has_late ? DropLate(rows) : nullptr;
    if (in_time) rows = SelectGroups(rows, in_time);
    shape_.state.Save(rows, *store_);
    metrics_.rows_updated = rows.rows;
    if (mode_ == OutputMode::kUpdate && rows.rows > 0) {
      arrow::ArrayVector finished = groups.Finish(eval_);
      if (in_time) {
        for (auto& column : finished) column = TakeRows(column, in_time);
      }
      output_.push_back(Results(std::move(finished), rows.rows));
    }
    metrics_.updates_ms = MillisSince(start);
    start = std::chrono::steady_clock::now();
    if (mode_ == OutputMode::kComplete) CollectAll();
    if (mode_ != OutputMode::kComplete && shape_.event_time && evict_ms_) Evict();
    metrics_.removals_ms = MillisSince(start);
  }

  // The rows to keep; null if that is all of them.
  std::shared_ptr<arrow::Array> DropLate(const PartialRows& rows) {
    std::vector<bool> late = shape_.event_time->AtOrBefore(rows.keys, rows.rows, *late_ms_);
    std::vector<int32_t> kept;
    for (size_t i = 0; i < late.size(); ++i) {
      if (!late[i]) kept.push_back(static_cast<int32_t>(i));
    }
    metrics_.rows_dropped_by_watermark = rows.rows - static_cast<int64_t>(kept.size());
    if (metrics_.rows_dropped_by_watermark == 0) return nullptr;
    auto count = static_cast<int64_t>(kept.size());
    return std::make_shared<arrow::Int32Array>(count, arrow::Buffer::FromVector(std::move(kept)));
  }

  void CollectAll() {
    keys_.reserve(store_->size());
    values_.reserve(store_->size());
    store_->ForEach([&](std::string_view key, std::string_view value) {
      keys_.push_back(key);
      values_.push_back(value);
      return true;
    });
  }

  // Removes groups whose time has passed; in append mode they are the output.
  void Evict() {
    std::vector<std::string> keys, values;
    int64_t limit = *evict_ms_ * 1000;
    store_->ForEach([&](std::string_view key, std::string_view value) {
      auto time = shape_.event_time->OfRow(key);
      if (!time || *time > limit) return true;
      keys.emplace_back(key);
      if (mode_ == OutputMode::kAppend) values.emplace_back(value);
      return true;
    });
    for (const std::string& key : keys) store_->Remove(key);
    metrics_.rows_removed = static_cast<int64_t>(keys.size());
    if (mode_ != OutputMode::kAppend) return;
    evicted_keys_ = std::move(keys);
    evicted_values_ = std::move(values);
    keys_.assign(evicted_keys_.begin(), evicted_keys_.end());
    values_.assign(evicted_values_.begin(), evicted_values_.end());
  }

  std::shared_ptr<arrow::RecordBatch> Results(arrow::ArrayVector finished, int64_t rows) {
    auto batch = arrow::RecordBatch::Make(shape_.finished, rows, std::move(finished));
    return arrow::RecordBatch::Make(schema_, rows, shape_.plan.results().EvaluateArrays(eval_, *batch));
  }

  std::shared_ptr<arrow::RecordBatch> NextOutput() {
    if (!output_.empty()) {
      auto batch = std::move(output_.back());
      output_.pop_back();
      return batch;
    }
    if (next_row_ >= keys_.size()) return nullptr;
    size_t end = std::min(next_row_ + kOutputRows, keys_.size());
    auto part = [&](const std::vector<std::string_view>& rows) {
      return std::vector<std::string_view>(rows.begin() + static_cast<std::ptrdiff_t>(next_row_),
                                           rows.begin() + static_cast<std::ptrdiff_t>(end));
    };
    PartialAggregation groups(shape_.plan);
    groups.Merge(eval_, shape_.state.Decode(part(keys_), part(values_)));
    auto rows = static_cast<int64_t>(end - next_row_);
    next_row_ = end;
    return Results(groups.Finish(eval_), rows);
  }

  void Finish() {
    if (!store_) return;
    auto start = std::chrono::steady_clock::now();
    metrics_.operator_name = info_.name;
    metrics_.shuffle_partitions = info_.partitions;
    metrics_.store_instances = 1;
    metrics_.rows_total = store_->size();
    metrics_.memory_bytes = store_->MemoryUsed();
    metrics_.custom = store_->Metrics();
    keys_.clear();
    values_.clear();
    store_->Commit();
    store_.reset();
    metrics_.commit_ms = MillisSince(start);
    context_.state->Report(info_.id, metrics_);
  }

  const AggregateShape& shape_;
  const state::OperatorInfo& info_;
  const OutputMode mode_;
  const std::shared_ptr<arrow::Schema> schema_;
  ExecContext& context_;
  const int partition_;
  logical::EvalContext eval_;
  std::vector<PartialRows> pieces_;
  std::shared_ptr<state::StateStore> store_;
  std::optional<int64_t> late_ms_, evict_ms_;
  bool updated_ = false;
  std::vector<std::shared_ptr<arrow::RecordBatch>> output_;
  std::vector<std::string> evicted_keys_, evicted_values_;
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
  if (shape->plan.has_distinct()) throw base::Error::Unsupported("A DISTINCT aggregate of a streaming DataFrame");
  return std::make_shared<StreamingAggregateOperator>(std::move(child), std::move(shape), options);
}

}  // namespace sluice::exec
