// Joins of two streams: each side's rows look for the rows that the other side has kept, and are kept in their turn.
#include <arrow/array/array_primitive.h>
#include <arrow/array/util.h>
#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <numeric>

#include "base/arrow_status.h"
#include "base/error.h"
#include "exec/aggregation.h"
#include "exec/boolean_logic.h"
#include "exec/expression_frame.h"
#include "exec/join_planning.h"
#include "exec/key_encoder.h"
#include "exec/row_gather.h"
#include "exec/stateful/join_shape.h"
#include "exec/stateful/planning.h"
#include "exec/stateful/state_context.h"
#include "exec/stateful/stateful_operator.h"

namespace sluice::exec {
namespace {

using plan::JoinType;
using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;
using Clock = std::chrono::steady_clock;

constexpr int64_t kRowsTogether = 16384;  // of the input, looked up at once
constexpr size_t kPairsTogether = 16384;  // candidates looked at together

int64_t MillisSince(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
}

// The rows of both sides by partition.
struct Exchanged {
  std::vector<Batches> left, right;
};

std::vector<Batches> ExchangeByKey(const Operator& child, const CompiledProjection& keys, ExecContext& context,
                                   int partitions) {
  std::vector<std::vector<Batches>> parts(child.Partitions(context));
  ForEachPartition(child, context, [&](int source) {
    std::vector<Batches> targets(partitions);
    auto eval = context.TaskEval(source);
    auto rows = child.Open(context, source);
    while (auto batch = rows->Next()) {
      context.cancellation->Check();
      if (batch->num_rows() == 0) continue;
      auto places = HashPartitions(keys.EvaluateArrays(eval, *batch), batch->num_rows(), partitions);
      eval.rows_before += batch->num_rows();
      auto pieces = SplitBatch(batch, places, partitions);
      for (int p = 0; p < partitions; ++p) {
        if (pieces[p]) targets[p].push_back(std::move(pieces[p]));
      }
    }
    parts[source] = std::move(targets);
  });
  std::vector<Batches> result(partitions);
  for (auto& part : parts) {
    for (int p = 0; p < partitions; ++p) std::move(part[p].begin(), part[p].end(), std::back_inserter(result[p]));
  }
  return result;
}

// Gives the rows of one side, freeing them as it goes.
class SideInput {
 public:
  SideInput(std::shared_ptr<arrow::Schema> schema, Batches batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}

  std::shared_ptr<arrow::RecordBatch> Next() {
    Batches together;
    int64_t rows = 0;
    while (next_ < batches_.size() && rows < kRowsTogether) {
      rows += batches_[next_]->num_rows();
      together.push_back(std::move(batches_[next_++]));
    }
    return together.empty() ? nullptr : ConcatenateBatches(schema_, together);
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  Batches batches_;
  size_t next_ = 0;
};

arrow::ArrayVector TakeColumns(const arrow::ArrayVector& columns, const std::shared_ptr<arrow::Array>& rows) {
  arrow::ArrayVector taken;
  taken.reserve(columns.size());
  for (const auto& column : columns) taken.push_back(TakeRows(column, rows));
  return taken;
}

arrow::ArrayVector Nulls(const arrow::Schema& schema, int64_t rows) {
  arrow::ArrayVector nulls;
  for (const auto& field : schema.fields()) {
    nulls.push_back(base::ValueOrThrow(arrow::MakeArrayOfNull(field->type(), rows)));
  }
  return nulls;
}

arrow::ArrayVector Concatenated(arrow::ArrayVector first, const arrow::ArrayVector& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// A batch of one side on its way through the state of the other.
struct Probe {
  std::shared_ptr<arrow::RecordBatch> rows;
  arrow::ArrayVector keys;
  state::UnsafeRows key_rows;
  std::vector<int64_t> counts;  // rows of the other side with the row's key
  std::vector<uint8_t> matched;
  int64_t row = 0, index = 0;  // the next candidate
};

// Candidate pairs of a probe's rows and the other side's.
struct Pairs {
  std::vector<int32_t> rows;
  std::vector<int64_t> indexes;  // within the key, of the other side's row
  std::vector<std::string_view> others;

  template <typename Wanted>
  void KeepIf(const Wanted& wanted) {
    size_t kept = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!wanted(i)) continue;
      rows[kept] = rows[i];
      indexes[kept] = indexes[i];
      others[kept++] = others[i];
    }
    rows.resize(kept);
    indexes.resize(kept);
    others.resize(kept);
  }
};

// Works on one partition, in Spark's order: the left rows against the right state, the right rows against the left
// state with the new rows in it, then eviction; the end commits. A left semi join begins with the right rows, so that
// left rows which they match need not be kept.
class StreamingJoinIterator final : public BatchIterator {
 public:
  StreamingJoinIterator(const JoinShape& shape, const state::OperatorInfo& info, std::shared_ptr<arrow::Schema> schema,
                        ExecContext& context, int partition, SideInput left, SideInput right)
      : shape_(shape),
        info_(info),
        schema_(std::move(schema)),
        context_(context),
        eval_(context.TaskEval(partition)),
        inputs_{std::move(left), std::move(right)},
        left_(shape.left.layout, *context.state, info.id, partition),
        right_(shape.right.layout, *context.state, info.id, partition),
        step_(is_semi() ? Step::kRight : Step::kLeft) {
    auto watermark = [&](const std::map<int64_t, std::optional<int64_t>>& watermarks) {
      auto found = watermarks.find(info_.id);
      return found == watermarks.end() ? std::nullopt : found->second;
    };
    late_ms_ = watermark(context.state->late_watermark_ms);
    if (auto evict_ms = watermark(context.state->eviction_watermark_ms)) {
      evictions_[0] = shape_.EvictionOf(true, *evict_ms);
      evictions_[1] = shape_.EvictionOf(false, *evict_ms);
    }
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    while (step_ != Step::kDone) {
      context_.cancellation->Check();
      auto start = Clock::now();
      bool evicts = step_ == Step::kEvict;
      auto batch = Proceed();
      (evicts ? eviction_time_ : join_time_) += Clock::now() - start;
      if (batch && batch->num_rows() > 0) return batch;
    }
    return nullptr;
  }

 private:
  enum class Step { kLeft, kRight, kEvict, kDone };

  bool is_semi() const { return shape_.type == JoinType::kLeftSemi; }
  bool of_left() const { return step_ == Step::kLeft; }
  const JoinSide& side() const { return of_left() ? shape_.left : shape_.right; }
  const JoinSide& other_side() const { return of_left() ? shape_.right : shape_.left; }
  JoinSideState& state() { return of_left() ? left_ : right_; }
  JoinSideState& other_state() { return of_left() ? right_ : left_; }

  // Some more rows, perhaps none.
  std::shared_ptr<arrow::RecordBatch> Proceed() {
    if (step_ == Step::kEvict) return Evict();
    if (!probe_) return StartProbe();
    auto batch = NextPairs();
    if (probe_->row < probe_->rows->num_rows()) return batch;
    auto last = EndProbe();
    return batch ? batch : last;  // only a left semi join's left side has a last one, and it has no pairs
  }

  // Takes the next batch in; gives the rows that can never match if the join wants them.
  std::shared_ptr<arrow::RecordBatch> StartProbe() {
    auto batch = inputs_[of_left() ? 0 : 1].Next();
    if (!batch) {
      step_ = ++sides_joined_ == 2 ? Step::kEvict : of_left() ? Step::kRight : Step::kLeft;
      return nullptr;
    }
    batch = DropLate(batch);
    std::shared_ptr<arrow::RecordBatch> never;
    if (side().own_condition) {
      auto mask = TrueMask(side().own_condition->Evaluate(eval_, *batch), batch->num_rows());
      if (shape_.KeepsUnmatched(of_left())) {
        auto failed = SelectedRows(*mask, false);
        never = WithNulls(of_left(), TakeColumns(batch->columns(), failed), failed->length());
      }
      batch = TakeBatch(batch, SelectedRows(*mask));
    }
    if (batch->num_rows() == 0) return never;
    probe_.emplace();
    probe_->keys = side().keys.EvaluateArrays(eval_, *batch);
    for (auto& key : probe_->keys) key = NormalizeFloats(key);
    probe_->key_rows = side().layout.EncodeKeys(probe_->keys, batch->num_rows());
    probe_->matched.assign(batch->num_rows(), 0);
    other_state().Count(probe_->key_rows, &probe_->counts);
    probe_->rows = std::move(batch);
    return never;
  }

  std::shared_ptr<arrow::RecordBatch> DropLate(const std::shared_ptr<arrow::RecordBatch>& batch) {
    if (!late_ms_ || !side().event_time_index) return batch;
    size_t index = *side().event_time_index;
    auto time = EventTimeKey::At(index, *side().input[index]->type, side().input.size());
    std::vector<bool> late = time.AtOrBefore(batch->columns(), batch->num_rows(), *late_ms_);
    std::vector<int32_t> kept;
    for (size_t i = 0; i < late.size(); ++i) {
      if (!late[i]) kept.push_back(static_cast<int32_t>(i));
    }
    metrics_.rows_dropped_by_watermark += batch->num_rows() - static_cast<int64_t>(kept.size());
    return static_cast<int64_t>(kept.size()) == batch->num_rows() ? batch : TakeBatch(batch, RowNumbers(kept));
  }

  std::shared_ptr<arrow::RecordBatch> NextPairs() {
    Pairs pairs = NextCandidates();
    if (shape_.both && !pairs.rows.empty()) {
      auto mask = Matches(pairs);
      pairs.KeepIf([&](size_t i) { return mask->Value(static_cast<int64_t>(i)); });
    }
    if (pairs.rows.empty()) return nullptr;
    if (is_semi() && of_left()) return MarkFirst(pairs), nullptr;
    auto others = state::DecodeUnsafeRows(other_side().layout.row_type(), pairs.others, other_side().all_fields);
    std::vector<int32_t> news = Mark(pairs);
    if (is_semi()) {
      // Each left row once, when the first right row matches it; it is then needed no more.
      other_state().RemoveMatched(probe_->key_rows, pairs.rows, news);
      metrics_.rows_removed += static_cast<int64_t>(news.size());
      auto first_time = RowNumbers(std::move(news));
      return arrow::RecordBatch::Make(schema_, first_time->length(), TakeColumns(others, first_time));
    }
    auto count = static_cast<int64_t>(pairs.rows.size());
    auto own = TakeColumns(probe_->rows->columns(), RowNumbers(std::move(pairs.rows)));
    return arrow::RecordBatch::Make(schema_, count, of_left() ? Concatenated(own, others) : Concatenated(others, own));
  }

  Pairs NextCandidates() {
    Pairs pairs;
    int64_t rows = probe_->rows->num_rows();
    // What a right row of a left semi join matches is gone for those that follow, and others take its place.
    const bool removes = is_semi() && !of_left();
    const size_t together = removes ? SIZE_MAX : kPairsTogether;
    for (; probe_->row < rows && pairs.rows.size() < kPairsTogether; ++probe_->row, probe_->index = 0) {
      bool decided = is_semi() && of_left() && probe_->matched[probe_->row];
      int64_t count = decided ? 0 : probe_->counts[probe_->row];
      if (removes && count > 0) count = other_state().Count(probe_->key_rows[probe_->row]);
      for (; probe_->index < count && pairs.rows.size() < together; ++probe_->index) {
        pairs.rows.push_back(static_cast<int32_t>(probe_->row));
        pairs.indexes.push_back(probe_->index);
      }
      if (probe_->index < count) break;
    }
    other_state().Rows(probe_->key_rows, pairs.rows, pairs.indexes, &pairs.others);
    if (is_semi() && !of_left()) DropMatched(&pairs);
    return pairs;
  }

  // The right rows of a left semi join are tried with left rows that have not come out yet.
  void DropMatched(Pairs* pairs) {
    const JoinStateLayout& layout = other_side().layout;
    pairs->KeepIf([&](size_t i) { return !layout.IsMatched(pairs->others[i]); });
  }

  // Which pairs the condition is true for.
  std::shared_ptr<arrow::BooleanArray> Matches(const Pairs& pairs) {
    const auto& own_fields = of_left() ? shape_.both_left_fields : shape_.both_right_fields;
    const auto& other_fields = of_left() ? shape_.both_right_fields : shape_.both_left_fields;
    arrow::ArrayVector own;
    for (size_t field : own_fields) own.push_back(probe_->rows->column(static_cast<int>(field)));
    own = TakeColumns(own, RowNumbers(pairs.rows));
    auto others = state::DecodeUnsafeRows(other_side().layout.row_type(), pairs.others, other_fields);
    auto count = static_cast<int64_t>(pairs.rows.size());
    auto columns = of_left() ? Concatenated(own, others) : Concatenated(others, own);
    auto batch = arrow::RecordBatch::Make(shape_.both_schema, count, std::move(columns));
    return TrueMask(shape_.both->Evaluate(eval_, *batch), count);
  }

  // Notes of both rows of each pair that they have matched; of a left semi join gives the pairs whose left row had not
  // before.
  std::vector<int32_t> Mark(const Pairs& pairs) {
    const JoinStateLayout& layout = other_side().layout;
    std::vector<int32_t> unmatched;
    for (size_t i = 0; i < pairs.rows.size(); ++i) {
      if (!layout.IsMatched(pairs.others[i])) unmatched.push_back(static_cast<int32_t>(i));
    }
    if (!is_semi()) {
      other_state().MarkMatched(probe_->key_rows, pairs.rows, pairs.indexes, pairs.others, unmatched);
      for (int32_t row : pairs.rows) probe_->matched[row] = 1;
      return {};
    }
    std::vector<int32_t> news;
    for (int32_t i : unmatched) {
      if (!other_state().MarkMatched(probe_->key_rows[pairs.rows[i]], pairs.indexes[i])) continue;
      news.push_back(i);
      probe_->matched[pairs.rows[i]] = 1;
    }
    return news;
  }

  // The left side of a left semi join stops at the first match of a row.
  void MarkFirst(const Pairs& pairs) {
    for (size_t i = 0; i < pairs.rows.size(); ++i) {
      int32_t row = pairs.rows[i];
      if (probe_->matched[row]) continue;
      probe_->matched[row] = 1;
      other_state().MarkMatched(probe_->key_rows[row], pairs.indexes[i]);
    }
  }

  // Keeps the batch's rows; gives those of a left semi join that have matched.
  std::shared_ptr<arrow::RecordBatch> EndProbe() {
    Keep(RowsToKeep());
    std::shared_ptr<arrow::RecordBatch> matched;
    if (is_semi() && of_left()) {
      auto rows = RowNumbers(Select([&](int64_t row) { return probe_->matched[row] != 0; }));
      matched = WithSchema(TakeBatch(probe_->rows, rows), schema_);
    }
    probe_.reset();
    return matched;
  }

  template <typename Wanted>
  std::vector<int32_t> Select(const Wanted& wanted) const {
    std::vector<int32_t> rows;
    for (int64_t row = 0; row < probe_->rows->num_rows(); ++row) {
      if (wanted(row)) rows.push_back(static_cast<int32_t>(row));
    }
    return rows;
  }

  // Right rows that this batch would evict again are not kept. Unmatched ones of an outer join come out with the
  // eviction.
  std::vector<int32_t> RowsToKeep() const {
    if (of_left()) return Select([&](int64_t row) { return !is_semi() || !probe_->matched[row]; });
    const auto& eviction = evictions_[1];
    if (!eviction) return Select([](int64_t) { return true; });
    const auto& columns = eviction->in_key ? probe_->keys : probe_->rows->columns();
    std::vector<bool> evicted = eviction->time.AtOrBefore(columns, probe_->rows->num_rows(), eviction->limit_ms);
    bool outer = shape_.KeepsUnmatched(false);
    return Select([&](int64_t row) { return !evicted[row] || (outer && !probe_->matched[row]); });
  }

  void Keep(const std::vector<int32_t>& rows) {
    auto count = static_cast<int64_t>(rows.size());
    if (count == 0) return;
    std::vector<uint8_t> bits(arrow::bit_util::BytesForBits(count));
    for (int64_t i = 0; i < count; ++i) arrow::bit_util::SetBitTo(bits.data(), i, probe_->matched[rows[i]] != 0);
    bool all = count == probe_->rows->num_rows();
    arrow::ArrayVector columns = probe_->rows->columns();
    if (!all) columns = TakeColumns(columns, RowNumbers(rows));
    columns.push_back(std::make_shared<arrow::BooleanArray>(count, arrow::Buffer::FromVector(std::move(bits))));
    state::UnsafeRows encoded = side().layout.EncodeRows(columns, count);
    state().Append(probe_->key_rows, rows, encoded);
    metrics_.rows_updated += count;
  }

  // Rows of one side with nulls in place of the other's.
  std::shared_ptr<arrow::RecordBatch> WithNulls(bool left_rows, arrow::ArrayVector columns, int64_t count) const {
    if (count == 0) return nullptr;
    const Attributes& missing = left_rows ? shape_.right.input : shape_.left.input;
    auto nulls = Nulls(*logical::ArrowSchema(missing), count);
    return arrow::RecordBatch::Make(schema_, count,
                                    left_rows ? Concatenated(columns, nulls) : Concatenated(nulls, columns));
  }

  // The outer side goes first. What it gives does not count as removed, as in Spark.
  std::shared_ptr<arrow::RecordBatch> Evict() {
    bool right_first = shape_.type == JoinType::kRightOuter;
    while (sides_evicted_ < 2) {
      bool of_left = (sides_evicted_ == 0) != right_first;
      bool outer = shape_.KeepsUnmatched(of_left);
      const auto& eviction = evictions_[of_left ? 0 : 1];
      JoinSideState& state = of_left ? left_ : right_;
      if (eviction && !evicting_) state.StartEviction(eviction->time, eviction->in_key, eviction->limit_ms * 1000);
      evicting_ = true;
      unmatched_.Clear();
      if (eviction && state.EvictSome(outer ? &unmatched_ : nullptr)) {
        if (unmatched_.size() == 0) return nullptr;
        const JoinSide& side = of_left ? shape_.left : shape_.right;
        std::vector<std::string_view> rows;
        unmatched_.Views(&rows);
        auto columns = state::DecodeUnsafeRows(side.layout.row_type(), rows, side.all_fields);
        return WithNulls(of_left, std::move(columns), static_cast<int64_t>(unmatched_.size()));
      }
      if (!outer) metrics_.rows_removed += state.evicted();
      evicting_ = false;
      ++sides_evicted_;
    }
    Finish();
    return nullptr;
  }

  void Finish() {
    auto start = Clock::now();
    auto millis = [](Clock::duration time) {
      return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    };
    metrics_.operator_name = info_.name;
    metrics_.shuffle_partitions = info_.partitions;
    metrics_.updates_ms = millis(join_time_);
    metrics_.removals_ms = millis(eviction_time_);
    left_.Commit(*context_.state, &metrics_);
    right_.Commit(*context_.state, &metrics_);
    metrics_.commit_ms = MillisSince(start);
    context_.state->Report(info_.id, metrics_);
    step_ = Step::kDone;
  }

  using Attributes = logical::Attributes;

  const JoinShape& shape_;
  const state::OperatorInfo& info_;
  const std::shared_ptr<arrow::Schema> schema_;
  ExecContext& context_;
  logical::EvalContext eval_;
  SideInput inputs_[2];
  JoinSideState left_, right_;
  std::optional<int64_t> late_ms_;
  std::optional<JoinEviction> evictions_[2];
  Step step_;
  int sides_joined_ = 0;
  std::optional<Probe> probe_;
  int sides_evicted_ = 0;
  bool evicting_ = false;
  ByteRows unmatched_;
  Clock::duration join_time_{}, eviction_time_{};
  StateOperatorMetrics metrics_;
};

class StreamingJoinOperator final : public StatefulOperator {
 public:
  StreamingJoinOperator(logical::Attributes output, OperatorPtr left, OperatorPtr right,
                        std::unique_ptr<JoinShape> shape, const StatefulOptions& options)
      : StatefulOperator(std::move(output)),
        left_(std::move(left)),
        right_(std::move(right)),
        shape_(std::move(shape)),
        has_watermark_(options.has_watermark) {
    info_.id = options.operator_id;
    info_.name = "symmetricHashJoin";
    info_.partitions = std::max(1, options.partitions);
    for (const JoinSide* side : {&shape_->left, &shape_->right}) {
      info_.stores.push_back(side->layout.counts());
      info_.stores.push_back(side->layout.rows());
    }
  }

  const state::OperatorInfo& info() const override { return info_; }
  bool has_watermark() const override { return has_watermark_; }
  std::optional<int64_t> OutputWatermark(int64_t input_ms) const override { return shape_->OutputWatermark(input_ms); }
  bool NeedsBatchWithoutData(int64_t previous_ms, int64_t watermark_ms) const override {
    if (!has_watermark_ || watermark_ms <= previous_ms) return false;
    return shape_->EvictionOf(true, watermark_ms) || shape_->EvictionOf(false, watermark_ms);
  }

  int Partitions(ExecContext& context) const override {
    Exchange(context);
    return info_.partitions;
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    if (!context.state) throw base::Error::Internal("A stateful operator outside of a micro-batch");
    auto exchanged = Exchange(context);
    return std::make_unique<StreamingJoinIterator>(*shape_, info_, schema(), context, partition,
                                                   SideInput(left_->schema(), std::move(exchanged->left[partition])),
                                                   SideInput(right_->schema(), std::move(exchanged->right[partition])));
  }
  std::string Describe() const override {
    return fmt::format("StreamingSymmetricHashJoin {}, state info [ opId = {}, numPartitions = {}], 2",
                       shape_->Describe(), info_.id, info_.partitions);
  }
  std::vector<const Operator*> Children() const override { return {left_.get(), right_.get()}; }

 private:
  std::shared_ptr<Exchanged> Exchange(ExecContext& context) const {
    return context.Shared<Exchanged>(this, [&] {
      auto exchanged = std::make_shared<Exchanged>();
      exchanged->left = ExchangeByKey(*left_, shape_->left.keys, context, info_.partitions);
      exchanged->right = ExchangeByKey(*right_, shape_->right.keys, context, info_.partitions);
      return exchanged;
    });
  }

  OperatorPtr left_, right_;
  std::unique_ptr<JoinShape> shape_;
  bool has_watermark_;
  state::OperatorInfo info_;
};

}  // namespace

namespace {

// A side's columns as Spark's state schema has them: a filter directly below says which cannot be null, but not one
// that Spark plans together with a scan.
logical::Attributes StoredColumns(const logical::Plan& side, logical::Attributes columns) {
  const auto* filter = side.As<logical::Filter>();
  if (!filter || filter->child()->kind == logical::PlanKind::kStreamScan) return columns;
  for (const logical::ExprPtr& conjunct : logical::SplitConjuncts(filter->condition)) {
    const auto* call = conjunct->As<logical::ScalarCall>();
    if (!call || call->binding->name != "isnotnull") continue;
    for (const auto& known : logical::References(conjunct)) {
      for (auto& column : columns) {
        if (column->id == known->id) column = column->WithNullability(false);
      }
    }
  }
  return columns;
}

}  // namespace

OperatorPtr MakeStreamingJoin(OperatorPtr left, OperatorPtr right, const logical::Join& node,
                              const StatefulOptions& options) {
  JoinSpec spec = PlanJoin(node);
  if (spec.left_keys.empty()) {
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3102",
                      {{"msg", "Stream-stream join without equality predicate is not supported."}})
        .WithPlan(logical::TreeString(std::make_shared<logical::Join>(node)));
  }
  if (node.condition && logical::Contains(node.condition, logical::ExprKind::kPythonUdf)) {
    throw base::Error::Unsupported("A Python function in a join condition");
  }
  bool allows_multiple = options.conf->GetBool("spark.sql.streaming.statefulOperator.allowMultiple");
  auto shape = std::make_unique<JoinShape>(WithPlainKeys(spec), StoredColumns(*node.children[0], left->output()),
                                           StoredColumns(*node.children[1], right->output()), !allows_multiple);
  return std::make_shared<StreamingJoinOperator>(node.output, std::move(left), std::move(right), std::move(shape),
                                                 options);
}

}  // namespace sluice::exec
