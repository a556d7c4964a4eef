// Aggregates partitions in parallel and exchanges the partial results by key.
#include <arrow/array/array_primitive.h>

#include <mutex>
#include <utility>

#include "base/arrow_status.h"
#include "exec/aggregation.h"
#include "exec/expression_frame.h"
#include "types/murmur3.h"

namespace sluice::exec {
namespace {

std::shared_ptr<arrow::Array> Int32s(const std::vector<int32_t>& values) {
  return std::make_shared<arrow::Int32Array>(static_cast<int64_t>(values.size()), arrow::Buffer::FromVector(values));
}

// A table of more groups no longer fits the processor's caches, and that of every task would hold most keys.
constexpr int64_t kManyGroups = 1 << 17;

// The rows of each partition; none where there are no groups.
std::vector<PartialRows> SplitByHash(const PartialRows& rows, int partitions) {
  std::vector<std::vector<int32_t>> members(partitions);
  auto places = HashPartitions(rows.keys, rows.rows, partitions);
  for (size_t i = 0; i < places.size(); ++i) members[places[i]].push_back(static_cast<int32_t>(i));
  std::vector<PartialRows> out(partitions);
  for (int p = 0; p < partitions; ++p) {
    if (!members[p].empty()) out[p] = SelectGroups(rows, Int32s(members[p]));
  }
  return out;
}

// Merges, partition by partition, what tasks hand over; each key is then held once.
class MergedPartitions {
 public:
  MergedPartitions(const AggregationPlan& plan, int partitions)
      : plan_(plan), merged_(partitions), locks_(partitions) {}

  void Add(logical::EvalContext& eval, const PartialAggregation& part) {
    std::vector<PartialRows> pieces = SplitByHash(part.Rows(), static_cast<int>(merged_.size()));
    for (size_t p = 0; p < pieces.size(); ++p) {
      if (pieces[p].rows == 0) continue;
      std::lock_guard lock(locks_[p]);
      if (!merged_[p]) merged_[p] = std::make_unique<PartialAggregation>(plan_);
      merged_[p]->Merge(eval, pieces[p]);
      pieces[p] = {};
    }
  }
  std::unique_ptr<PartialAggregation> Take(int partition) { return std::move(merged_[partition]); }

 private:
  const AggregationPlan& plan_;
  std::vector<std::unique_ptr<PartialAggregation>> merged_;
  std::vector<std::mutex> locks_;
};

}  // namespace

PartialRows SelectGroups(const PartialRows& rows, const std::shared_ptr<arrow::Array>& selection) {
  PartialRows selected;
  selected.rows = selection->length();
  for (const auto& key : rows.keys) selected.keys.push_back(TakeRows(key, selection));
  for (const auto& buffers : rows.buffers) {
    arrow::ArrayVector taken;
    for (const auto& buffer : buffers) taken.push_back(TakeRows(buffer, selection));
    selected.buffers.push_back(std::move(taken));
  }
  if (rows.distinct.empty()) return selected;
  const int32_t* wanted = static_cast<const arrow::Int32Array&>(*selection).raw_values();
  std::vector<uint32_t> places(rows.rows, GroupTable::kMissing);
  for (int64_t i = 0; i < selection->length(); ++i) places[wanted[i]] = static_cast<uint32_t>(i);
  for (const auto& set : rows.distinct) {
    const uint32_t* groups = static_cast<const arrow::UInt32Array&>(*set[0]).raw_values();
    std::vector<int32_t> kept;
    std::vector<uint32_t> numbers;
    for (int64_t i = 0; i < set[0]->length(); ++i) {
      if (places[groups[i]] == GroupTable::kMissing) continue;
      kept.push_back(static_cast<int32_t>(i));
      numbers.push_back(places[groups[i]]);
    }
    arrow::ArrayVector columns = {
        std::make_shared<arrow::UInt32Array>(static_cast<int64_t>(numbers.size()), arrow::Buffer::FromVector(numbers))};
    auto indices = Int32s(kept);
    for (size_t c = 1; c < set.size(); ++c) columns.push_back(TakeRows(set[c], indices));
    selected.distinct.push_back(std::move(columns));
  }
  return selected;
}

std::vector<int32_t> HashPartitions(const arrow::ArrayVector& keys, int64_t rows, int partitions) {
  std::vector<int32_t> hashes(rows, types::kMurmur3Seed);
  for (const auto& key : keys) types::Murmur3(*key, hashes.data());
  for (int32_t& hash : hashes) {
    hash %= partitions;
    if (hash < 0) hash += partitions;
  }
  return hashes;
}

namespace {

// What a task adds rows to. Many rows of sliding windows are put into panes first, each of which is then merged into
// its windows; few go to the windows themselves, so that sums of floating-point numbers round as they do row by row.
class TaskAggregation {
 public:
  explicit TaskAggregation(const AggregationPlan& plan)
      : plan_(plan), result_(std::make_unique<PartialAggregation>(plan)) {
    if (plan.merges_panes()) panes_ = std::make_unique<PartialAggregation>(plan);
  }

  void Add(logical::EvalContext& eval, const arrow::RecordBatch& batch) {
    rows_ += batch.num_rows();
    if (!panes_ || rows_ < kFewRows) return result_->Add(eval, batch);
    panes_->AddToPanes(eval, batch);
    if (panes_->groups() * plan_.sliding()->windows >= kManyGroups) result_->MergePanes(eval, *panes_);
  }
  PartialAggregation& windows() { return *result_; }
  std::unique_ptr<PartialAggregation> Take(logical::EvalContext& eval) {
    if (panes_) result_->MergePanes(eval, *panes_);
    return std::exchange(result_, std::make_unique<PartialAggregation>(plan_));
  }

 private:
  static constexpr int64_t kFewRows = 1 << 14;

  const AggregationPlan& plan_;
  std::unique_ptr<PartialAggregation> result_, panes_;
  int64_t rows_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<PartialAggregation>> AggregatePartitions(const AggregationPlan& plan, const Operator& child,
                                                                     ExecContext& context,
                                                                     const TakesLarge& take_large) {
  std::vector<std::unique_ptr<PartialAggregation>> parts(child.Partitions(context));
  ForEachPartition(child, context, [&](int partition) {
    TaskAggregation task(plan);
    auto eval = context.TaskEval(partition);
    auto rows = child.Open(context, partition);
    while (auto batch = rows->Next()) {
      context.cancellation->Check();
      task.Add(eval, *batch);
      eval.rows_before += batch->num_rows();
      if (take_large && task.windows().groups() >= kManyGroups) take_large(eval, *task.Take(eval));
    }
    parts[partition] = task.Take(eval);
  });
  return parts;
}

std::vector<PartialRows> ExchangedGroups::Take(const AggregationPlan& plan, logical::EvalContext& context,
                                               int64_t rows) {
  if (!large && pieces.size() == 1 && pieces.front().rows <= 2 * rows) return std::move(pieces);
  if (!large) large = std::make_unique<PartialAggregation>(plan);
  for (PartialRows& piece : pieces) {
    large->Merge(context, piece);
    piece = {};
  }
  if (plan.grouping().empty()) large->Finish(context);
  return std::exchange(large, nullptr)->TakePieces(rows);
}

std::vector<ExchangedGroups> ExchangePartialAggregates(const AggregationPlan& plan, const Operator& child,
                                                       ExecContext& context, int partitions) {
  MergedPartitions merged(plan, partitions);
  auto take_large = [&](logical::EvalContext& eval, const PartialAggregation& part) { merged.Add(eval, part); };
  auto parts = AggregatePartitions(plan, child, context, partitions > 1 ? TakesLarge(take_large) : nullptr);
  std::vector<ExchangedGroups> result(partitions);
  for (int p = 0; p < partitions; ++p) result[p].large = merged.Take(p);
  for (auto& part : parts) {
    if (part->groups() == 0) continue;
    PartialRows rows = part->Rows();
    part.reset();
    if (partitions == 1) {
      result[0].pieces.push_back(std::move(rows));
      continue;
    }
    std::vector<PartialRows> pieces = SplitByHash(rows, partitions);
    for (int p = 0; p < partitions; ++p) {
      if (pieces[p].rows > 0) result[p].pieces.push_back(std::move(pieces[p]));
    }
  }
  return result;
}

}  // namespace sluice::exec
