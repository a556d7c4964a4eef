// Window functions: rows sorted by partition and order keys, then one column per function.
#include <arrow/array/array_primitive.h>
#include <arrow/array/concatenate.h>

#include "base/arrow_status.h"
#include "exec/aggregation.h"
#include "exec/expression_frame.h"
#include "exec/operators.h"
#include "exec/row_gather.h"
#include "exec/sort_key.h"
#include "exec/window_frame.h"

namespace sluice::exec {
namespace {

constexpr int64_t kBatchRows = 16384;
constexpr int64_t kPairs = 65536;     // (row, row of its frame) pairs aggregated together
constexpr int64_t kPairsPerRow = 64;  // frames up to that are aggregated pair by pair

// One function of the node.
struct Function {
  std::shared_ptr<const logical::WindowCall> call;
  std::unique_ptr<CompiledProjection> arguments;
};

// The sorted rows and where partitions and peer groups begin.
struct Sorted {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<WindowSegment> segments;
  std::vector<bool> peer_starts;
  std::shared_ptr<arrow::Array> order_key;  // if there is exactly one
};

std::shared_ptr<arrow::Array> Slice(const std::shared_ptr<arrow::Array>& values, int64_t begin, int64_t end) {
  return values->Slice(begin, end - begin);
}

// The value of each row's frame.
class FrameAggregator {
 public:
  FrameAggregator(const logical::AggregateBinding& binding, logical::EvalContext& eval, arrow::ArrayVector arguments)
      : binding_(binding), eval_(eval), arguments_(std::move(arguments)) {}

  void Add(const FrameBounds& frames) {
    int64_t rows = static_cast<int64_t>(frames.begin.size()), pairs = 0;
    bool from_start = true;
    for (int64_t i = 0; i < rows; ++i) {
      pairs += frames.end[i] - frames.begin[i];
      from_start = from_start && frames.begin[i] == frames.begin[0];
    }
    if (from_start && pairs > rows * kPairsPerRow) {
      Running(frames);
    } else {
      ByPairs(frames);
    }
  }
  std::shared_ptr<arrow::Array> Finish() {
    if (pieces_.empty()) return base::ValueOrThrow(arrow::MakeEmptyArray(types::ToArrow(binding_.type)));
    return base::ValueOrThrow(arrow::Concatenate(pieces_));
  }

 private:
  // All frames begin at the same row, so one accumulator grows with them.
  void Running(const FrameBounds& frames) {
    auto accumulator = binding_.make();
    accumulator->Resize(1);
    std::vector<int32_t> value_of_row;
    arrow::ArrayVector values;
    int64_t seen = frames.begin[0];
    std::vector<uint32_t> zeros;
    for (size_t i = 0; i < frames.begin.size(); ++i) {
      int64_t end = frames.end[i];
      if (values.empty() || end > seen) {
        if (end > seen) {
          arrow::ArrayVector slices;
          for (const auto& argument : arguments_) slices.push_back(Slice(argument, seen, end));
          zeros.resize(end - seen, 0);
          accumulator->Update(eval_, slices, zeros.data(), end - seen);
          seen = end;
        }
        values.push_back(accumulator->Finish(eval_));
      }
      value_of_row.push_back(static_cast<int32_t>(values.size()) - 1);
    }
    pieces_.push_back(TakeRows(base::ValueOrThrow(arrow::Concatenate(values)), RowNumbers(std::move(value_of_row))));
  }

  void ByPairs(const FrameBounds& frames) {
    size_t row = 0;
    while (row < frames.begin.size()) {
      std::vector<int32_t> members;
      std::vector<uint32_t> groups;
      uint32_t group = 0;
      do {
        for (int64_t m = frames.begin[row]; m < frames.end[row]; ++m) {
          members.push_back(static_cast<int32_t>(m));
          groups.push_back(group);
        }
        ++group;
        ++row;
      } while (row < frames.begin.size() && static_cast<int64_t>(members.size()) < kPairs);
      auto accumulator = binding_.make();
      accumulator->Resize(group);
      auto indices = RowNumbers(std::move(members));
      arrow::ArrayVector taken;
      for (const auto& argument : arguments_) taken.push_back(TakeRows(argument, indices));
      if (indices->length() > 0) accumulator->Update(eval_, taken, groups.data(), indices->length());
      pieces_.push_back(accumulator->Finish(eval_));
    }
  }

  const logical::AggregateBinding& binding_;
  logical::EvalContext& eval_;
  arrow::ArrayVector arguments_;
  arrow::ArrayVector pieces_;
};

class SlicesIterator final : public BatchIterator {
 public:
  explicit SlicesIterator(std::shared_ptr<arrow::RecordBatch> rows) : rows_(std::move(rows)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (at_ >= rows_->num_rows()) return nullptr;
    auto slice = rows_->Slice(at_, kBatchRows);
    at_ += slice->num_rows();
    return slice;
  }

 private:
  std::shared_ptr<arrow::RecordBatch> rows_;
  int64_t at_ = 0;
};

class WindowOperator final : public Operator {
 public:
  WindowOperator(OperatorPtr child, const logical::Window& node, int shuffle_partitions)
      : Operator(node.output), child_(std::move(child)), shuffle_partitions_(std::max(1, shuffle_partitions)) {
    std::vector<logical::ExprPtr> partition, order;
    for (const auto& window : node.windows) {
      auto call = std::static_pointer_cast<const logical::WindowCall>(window->children[0]);
      std::vector<logical::ExprPtr> arguments(call->children.begin(), call->children.begin() + call->argument_count);
      if (functions_.empty()) {
        auto keys = call->children.begin() + call->argument_count;
        partition.assign(keys, keys + call->partition_count);
        for (auto key = keys + call->partition_count; key != call->children.end(); ++key) {
          auto* sort = (*key)->As<logical::SortOrderExpr>();
          order.push_back(sort->children[0]);
          directions_.push_back({sort->ascending, sort->nulls_first});
        }
      }
      functions_.push_back({call, std::make_unique<CompiledProjection>(arguments, child_->output())});
    }
    partition_keys_ = std::make_unique<CompiledProjection>(partition, child_->output());
    order_keys_ = std::make_unique<CompiledProjection>(order, child_->output());
    text_ = "Window " + ListText(node.windows);
  }

  int Partitions(ExecContext& context) const override {
    Rows(context);
    return 1;
  }
  BatchIteratorPtr Open(ExecContext& context, int) const override {
    return std::make_unique<SlicesIterator>(Rows(context));
  }
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  std::shared_ptr<arrow::RecordBatch> Rows(ExecContext& context) const {
    return context.Shared<arrow::RecordBatch>(this, [&] { return Compute(context); });
  }

  std::shared_ptr<arrow::RecordBatch> Compute(ExecContext& context) const {
    auto eval = context.TaskEval(0);
    Sorted sorted = Sort(context, eval);
    arrow::ArrayVector columns = sorted.rows->columns();
    for (const Function& function : functions_) {
      auto arguments = function.arguments->EvaluateArrays(eval, *sorted.rows);
      columns.push_back(function.call->aggregate ? Aggregate(function, eval, sorted, std::move(arguments))
                                                 : Evaluate(function, eval, sorted, arguments));
    }
    return arrow::RecordBatch::Make(schema(), sorted.rows->num_rows(), std::move(columns));
  }

  // Spark reads shuffle partitions as one up to spark.sql.adaptive.coalescePartitions.minPartitionSize, then sorts.
  static bool FitsOnePartition(const arrow::RecordBatch& rows) {
    constexpr int64_t kMinPartitionBytes = 1 << 20;
    constexpr int64_t kUnsafeRowBytes = 8;
    int64_t bytes = rows.num_rows() * kUnsafeRowBytes * (rows.num_columns() + 1);
    return bytes < kMinPartitionBytes;
  }

  // By shuffle partition of the keys, by the keys, then by the window's order: how Spark's plan gives them.
  Sorted Sort(ExecContext& context, logical::EvalContext& eval) const {
    auto all = ConcatenateBatches(child_->schema(), Collect(*child_, context));
    int64_t rows = all->num_rows();
    auto partition = partition_keys_->EvaluateArrays(eval, *all);
    auto order = order_keys_->EvaluateArrays(eval, *all);
    arrow::ArrayVector keys;
    std::vector<SortDirection> directions;
    if (!partition.empty()) {
      if (!FitsOnePartition(*all)) keys.push_back(RowNumbers(HashPartitions(partition, rows, shuffle_partitions_)));
      keys.insert(keys.end(), partition.begin(), partition.end());
      directions.resize(keys.size());
    }
    keys.insert(keys.end(), order.begin(), order.end());
    directions.insert(directions.end(), directions_.begin(), directions_.end());
    auto numbers = RowNumbers(SortedRows(SortKeys(keys, directions, rows)));
    Sorted sorted;
    sorted.rows = TakeBatch(all, numbers);
    for (auto& key : partition) key = TakeRows(key, numbers);
    for (auto& key : order) key = TakeRows(key, numbers);
    if (order.size() == 1) sorted.order_key = order[0];
    std::vector<bool> starts = Changes(partition, rows);
    sorted.peer_starts = Changes(order, rows);
    for (int64_t i = 0; i < rows; ++i) {
      if (!starts[i]) continue;
      if (!sorted.segments.empty()) sorted.segments.back().end = i;
      sorted.segments.push_back({i, rows});
      sorted.peer_starts[i] = true;
    }
    return sorted;
  }

  // True at the first row and where a row's keys differ from the row before.
  static std::vector<bool> Changes(const arrow::ArrayVector& keys, int64_t rows) {
    std::vector<bool> changes(rows, false);
    if (rows > 0) changes[0] = true;
    if (keys.empty()) return changes;
    std::vector<std::shared_ptr<arrow::DataType>> types;
    for (const auto& key : keys) types.push_back(key->type());
    GroupTable table(types);
    std::vector<uint32_t> ids(rows);
    table.Assign(keys, rows, ids.data());
    for (int64_t i = 1; i < rows; ++i) changes[i] = ids[i] != ids[i - 1];
    return changes;
  }

  std::shared_ptr<arrow::Array> Evaluate(const Function& function, logical::EvalContext& eval, const Sorted& sorted,
                                         const arrow::ArrayVector& arguments) const {
    arrow::ArrayVector pieces;
    for (const WindowSegment& segment : sorted.segments) {
      arrow::ArrayVector slices;
      for (const auto& argument : arguments) slices.push_back(Slice(argument, segment.begin, segment.end));
      std::vector<bool> peers(sorted.peer_starts.begin() + segment.begin, sorted.peer_starts.begin() + segment.end);
      pieces.push_back(function.call->window->kernel(eval, slices, peers, segment.end - segment.begin));
    }
    if (pieces.empty()) return base::ValueOrThrow(arrow::MakeEmptyArray(types::ToArrow(function.call->type)));
    return base::ValueOrThrow(arrow::Concatenate(pieces));
  }

  std::shared_ptr<arrow::Array> Aggregate(const Function& function, logical::EvalContext& eval, const Sorted& sorted,
                                          arrow::ArrayVector arguments) const {
    const logical::WindowFrame& frame = function.call->frame;
    const logical::AggregateBinding& binding = *function.call->aggregate;
    if (frame.lower_unbounded && frame.upper_unbounded) return WholePartitions(binding, eval, sorted, arguments);
    FrameAggregator aggregator(binding, eval, std::move(arguments));
    bool ascending = directions_.empty() || directions_[0].ascending;
    for (const WindowSegment& segment : sorted.segments) {
      aggregator.Add(ComputeFrames(frame, segment, sorted.peer_starts, sorted.order_key.get(), ascending));
    }
    return aggregator.Finish();
  }

  static std::shared_ptr<arrow::Array> WholePartitions(const logical::AggregateBinding& binding,
                                                       logical::EvalContext& eval, const Sorted& sorted,
                                                       const arrow::ArrayVector& arguments) {
    int64_t rows = sorted.rows->num_rows();
    std::vector<uint32_t> groups(rows);
    std::vector<int32_t> segment_of_row(rows);
    for (size_t s = 0; s < sorted.segments.size(); ++s) {
      for (int64_t i = sorted.segments[s].begin; i < sorted.segments[s].end; ++i) {
        groups[i] = static_cast<uint32_t>(s);
        segment_of_row[i] = static_cast<int32_t>(s);
      }
    }
    auto accumulator = binding.make();
    accumulator->Resize(static_cast<int64_t>(sorted.segments.size()));
    if (rows > 0) accumulator->Update(eval, arguments, groups.data(), rows);
    return TakeRows(accumulator->Finish(eval), RowNumbers(std::move(segment_of_row)));
  }

  OperatorPtr child_;
  int shuffle_partitions_;
  std::vector<Function> functions_;
  std::unique_ptr<CompiledProjection> partition_keys_, order_keys_;
  std::vector<SortDirection> directions_;
  std::string text_;
};

}  // namespace

OperatorPtr MakeWindow(OperatorPtr child, const logical::Window& node, int shuffle_partitions) {
  return std::make_shared<WindowOperator>(std::move(child), node, shuffle_partitions);
}

}  // namespace sluice::exec
