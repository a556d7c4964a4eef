// GROUP BY of a batch query (and of a micro-batch's static parts).
#include <arrow/array/array_primitive.h>

#include <numeric>

#include "base/arrow_status.h"
#include "exec/aggregation.h"
#include "exec/expression_frame.h"
#include "exec/operators.h"

namespace sluice::exec {
namespace {

constexpr int64_t kBatchRows = 16384;
constexpr int64_t kParallelGroups = 65536;   // partial groups from which merging is done by key ranges in parallel
constexpr int64_t kPartitionGroups = 65536;  // groups an output partition should have at least

// Finished groups in output order: rows laid out as plan.finished().
struct Groups {
  std::vector<arrow::ArrayVector> pieces;
  std::vector<int64_t> rows;
  int64_t total = 0;
};

class GroupsIterator final : public BatchIterator {
 public:
  GroupsIterator(std::shared_ptr<Groups> groups, int64_t begin, int64_t end, const AggregationPlan& plan,
                 std::shared_ptr<arrow::Schema> finished, std::shared_ptr<arrow::Schema> schema,
                 logical::EvalContext eval)
      : groups_(std::move(groups)),
        skip_(begin),
        left_(end - begin),
        plan_(plan),
        finished_(std::move(finished)),
        schema_(std::move(schema)),
        eval_(std::move(eval)) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    while (left_ > 0) {
      int64_t piece_rows = groups_->rows[piece_];
      if (skip_ >= piece_rows) {
        skip_ -= piece_rows;
        ++piece_;
        continue;
      }
      int64_t rows = std::min({left_, kBatchRows, piece_rows - skip_});
      arrow::ArrayVector columns;
      for (const auto& column : groups_->pieces[piece_]) columns.push_back(column->Slice(skip_, rows));
      skip_ += rows;
      left_ -= rows;
      auto batch = arrow::RecordBatch::Make(finished_, rows, std::move(columns));
      auto results = plan_.results().EvaluateArrays(eval_, *batch);
      eval_.rows_before += rows;
      return arrow::RecordBatch::Make(schema_, rows, std::move(results));
    }
    return nullptr;
  }

 private:
  std::shared_ptr<Groups> groups_;
  size_t piece_ = 0;
  int64_t skip_, left_;
  const AggregationPlan& plan_;
  std::shared_ptr<arrow::Schema> finished_, schema_;
  logical::EvalContext eval_;
};

class HashAggregateOperator final : public Operator {
 public:
  HashAggregateOperator(OperatorPtr child, std::shared_ptr<const AggregationPlan> plan, int shuffle_partitions)
      : Operator(plan->output()),
        child_(std::move(child)),
        plan_(std::move(plan)),
        finished_(logical::ArrowSchema(plan_->finished())),
        shuffle_partitions_(std::max(1, shuffle_partitions)) {}

  int Partitions(ExecContext& context) const override {
    auto groups = Result(context);
    return static_cast<int>(std::clamp<int64_t>(groups->total / kPartitionGroups, 1, context.parallelism));
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    auto groups = Result(context);
    int64_t partitions = Partitions(context);
    int64_t begin = groups->total * partition / partitions, end = groups->total * (partition + 1) / partitions;
    return std::make_unique<GroupsIterator>(groups, begin, end, *plan_, finished_, schema(),
                                            context.TaskEval(partition));
  }
  std::string Describe() const override { return plan_->Describe(""); }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  std::shared_ptr<Groups> Result(ExecContext& context) const {
    return context.Shared<Groups>(this, [&] { return Aggregate(context); });
  }

  std::shared_ptr<Groups> Aggregate(ExecContext& context) const {
    auto parts = AggregatePartitions(*plan_, *child_, context);
    std::erase_if(parts, [](const auto& part) { return part->groups() == 0; });
    int64_t total = 0;
    for (const auto& part : parts) total += part->groups();
    if (total >= kParallelGroups && parts.size() > 1 && context.parallelism > 1) return MergeByRange(parts, context);
    auto eval = context.TaskEval(0);
    if (parts.empty()) parts.push_back(std::make_unique<PartialAggregation>(*plan_));
    // As in Spark, all parts are merged into an empty buffer, the first too: it may round otherwise.
    auto merged = parts.size() > 1 ? std::make_unique<PartialAggregation>(*plan_) : std::move(parts[0]);
    for (auto& part : parts) {
      if (part) merged->Merge(eval, part->Rows());
      part.reset();
    }
    auto groups = std::make_shared<Groups>();
    AddPiece(merged->Finish(eval), groups.get());
    return groups;
  }

  // Each slice of Spark's shuffle partitions is merged by one thread.
  std::shared_ptr<Groups> MergeByRange(std::vector<std::unique_ptr<PartialAggregation>>& parts,
                                       ExecContext& context) const {
    int slices = context.parallelism;
    std::vector<std::vector<PartialRows>> pieces(parts.size());
    context.pool->ParallelFor(static_cast<int>(parts.size()), [&](int i) {
      PartialRows rows = parts[i]->Rows();
      parts[i].reset();
      std::vector<std::vector<int32_t>> members(slices);
      auto places = HashPartitions(rows.keys, rows.rows, shuffle_partitions_);
      for (size_t r = 0; r < places.size(); ++r) {
        members[static_cast<int64_t>(places[r]) * slices / shuffle_partitions_].push_back(static_cast<int32_t>(r));
      }
      for (auto& rows_of_slice : members) {
        auto size = static_cast<int64_t>(rows_of_slice.size());
        pieces[i].push_back(SelectGroups(
            rows, std::make_shared<arrow::Int32Array>(size, arrow::Buffer::FromVector(std::move(rows_of_slice)))));
      }
    });
    std::vector<Groups> finished(slices);
    context.pool->ParallelFor(slices, [&](int slice) {
      auto eval = context.TaskEval(slice);
      PartialAggregation merged(*plan_);
      for (auto& part : pieces) {
        merged.Merge(eval, part[slice]);
        part[slice] = PartialRows();
      }
      if (merged.groups() > 0) AddPiece(merged.Finish(eval), &finished[slice]);
    });
    auto groups = std::make_shared<Groups>();
    for (Groups& part : finished) {
      groups->total += part.total;
      std::move(part.pieces.begin(), part.pieces.end(), std::back_inserter(groups->pieces));
      groups->rows.insert(groups->rows.end(), part.rows.begin(), part.rows.end());
    }
    return groups;
  }

  // Orders groups as Spark's exchange leaves them: by shuffle partition, then by first appearance.
  void AddPiece(arrow::ArrayVector columns, Groups* groups) const {
    size_t keys = plan_->grouping().size();
    int64_t rows = columns[0]->length();
    if (keys > 0 && rows > 1 && shuffle_partitions_ > 1) {
      arrow::ArrayVector key_columns(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(keys));
      auto places = HashPartitions(key_columns, rows, shuffle_partitions_);
      // Counting sort keeps the order of appearance.
      std::vector<int32_t> starts(shuffle_partitions_ + 1, 0);
      for (int32_t place : places) ++starts[place + 1];
      std::partial_sum(starts.begin(), starts.end(), starts.begin());
      std::vector<int32_t> order(rows);
      for (int64_t i = 0; i < rows; ++i) order[starts[places[i]]++] = static_cast<int32_t>(i);
      auto indices = std::make_shared<arrow::Int32Array>(rows, arrow::Buffer::FromVector(std::move(order)));
      for (auto& column : columns) column = TakeRows(column, indices);
    }
    groups->total += rows;
    groups->rows.push_back(rows);
    groups->pieces.push_back(std::move(columns));
  }

  OperatorPtr child_;
  std::shared_ptr<const AggregationPlan> plan_;
  std::shared_ptr<arrow::Schema> finished_;
  int shuffle_partitions_;
};

}  // namespace

OperatorPtr MakeHashAggregate(OperatorPtr child, const std::vector<logical::ExprPtr>& grouping,
                              const std::vector<logical::ExprPtr>& results, int shuffle_partitions) {
  auto plan = std::make_shared<AggregationPlan>(grouping, results, child->output());
  return std::make_shared<HashAggregateOperator>(std::move(child), std::move(plan), shuffle_partitions);
}

}  // namespace sluice::exec
