// Grouped aggregation: what an Aggregate computes, and its state over some of the rows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "exec/compiled_expression.h"
#include "exec/group_table.h"
#include "exec/operator.h"
#include "exec/sliding_windows.h"
#include "logical/plan.h"

namespace sluice::exec {

/// The grouping keys and aggregates of one node, compiled over its input. Immutable.
class AggregationPlan {
 public:
  AggregationPlan(const std::vector<logical::ExprPtr>& grouping, const std::vector<logical::ExprPtr>& results,
                  const logical::Attributes& input);

  const logical::Attributes& grouping() const { return grouping_; }
  std::vector<std::shared_ptr<arrow::DataType>> key_types() const;
  const std::vector<std::shared_ptr<const logical::AggregateCall>>& calls() const { return calls_; }
  bool has_distinct() const { return !distinct_sets_.empty(); }
  /// The key that is a sliding window, given as the latest window of each row; nothing if there is none.
  const std::optional<SlidingKey>& sliding() const { return sliding_; }
  /// Whether the groups of rows with the same latest window may be merged into each of their windows, as the order of
  /// rows does not matter to the calls.
  bool merges_panes() const { return sliding_ && merges_panes_; }
  /// Grouping attributes, then one attribute per call: what Finish gives.
  const logical::Attributes& finished() const { return finished_; }
  /// The node's results over rows laid out as finished().
  const CompiledProjection& results() const { return *results_; }
  const logical::Attributes& output() const { return output_; }
  /// "HashAggregate(keys=[…], functions=[…])"
  std::string Describe(const std::string& mode) const;

 private:
  friend class Accumulators;
  friend class PartialAggregation;
  // A call's place in the columns of input_: arguments [first, first + count), filter (-1 = none).
  struct CallInput {
    int first = 0, count = 0, filter = -1;
    int distinct_set = -1;
  };
  // Calls with the same DISTINCT arguments and filter share one set of distinct rows.
  struct DistinctSet {
    int first = 0, count = 0, filter = -1;
    std::vector<logical::ExprPtr> arguments;
    logical::ExprPtr filter_expr;
  };
  void FindSlidingKey(const std::vector<logical::ExprPtr>& grouping);
  void AddCall(const std::shared_ptr<const logical::AggregateCall>& call, std::vector<logical::ExprPtr>* input);
  void FindDistinctSet(const logical::AggregateCall& call, CallInput* place);

  logical::Attributes grouping_;
  std::vector<std::shared_ptr<const logical::AggregateCall>> calls_;
  std::vector<CallInput> inputs_;
  std::vector<DistinctSet> distinct_sets_;
  std::optional<SlidingKey> sliding_;
  bool merges_panes_ = false;
  logical::Attributes finished_, output_;
  std::unique_ptr<CompiledProjection> input_;  // keys, then arguments and filters
  std::unique_ptr<CompiledProjection> results_;
};

/// Groups with their aggregation buffers, as rows that can be sent elsewhere.
struct PartialRows {
  int64_t rows = 0;
  arrow::ArrayVector keys;
  std::vector<arrow::ArrayVector> buffers;  ///< per call; empty for DISTINCT calls
  /// Per distinct set: the number (uint32) of the group's row, then the arguments.
  std::vector<arrow::ArrayVector> distinct;
};

/// The accumulators of a plan's calls, for groups that the caller numbers. Used by one thread at a time.
class Accumulators {
 public:
  explicit Accumulators(const AggregationPlan& plan);

  logical::GroupedAccumulator& operator[](size_t call) { return *calls_[call]; }
  void Resize(int64_t groups);
  int64_t groups() const { return groups_; }
  /// Adds partial results, laid out as PartialRows::buffers, to the groups `ids`.
  void Merge(logical::EvalContext& context, const std::vector<arrow::ArrayVector>& buffers, const uint32_t* ids,
             int64_t rows);
  std::vector<arrow::ArrayVector> Buffers() const;
  /// One array a call.
  arrow::ArrayVector Finish(logical::EvalContext& context) const;
  int64_t MemoryUsed() const;

 private:
  const AggregationPlan* plan_;
  std::vector<std::unique_ptr<logical::GroupedAccumulator>> calls_;
  int64_t groups_ = 0;
};

/// The aggregation of some rows. Used by one thread at a time.
class PartialAggregation {
 public:
  explicit PartialAggregation(const AggregationPlan& plan);

  /// Adds a batch of the node's input, a row to each of its windows if they slide.
  void Add(logical::EvalContext& context, const arrow::RecordBatch& batch);
  /// Adds rows to their latest windows only: their panes.
  void AddToPanes(logical::EvalContext& context, const arrow::RecordBatch& batch);
  /// Adds what AddToPanes has put into `panes`, which is then empty, to all windows.
  void MergePanes(logical::EvalContext& context, PartialAggregation& panes);
  /// Adds partial results of other rows.
  void Merge(logical::EvalContext& context, const PartialRows& rows);
  int64_t groups() const { return accumulators_.groups(); }
  const GroupTable& table() const { return table_; }
  /// The groups as rows, in the order in which they first appeared.
  PartialRows Rows() const;
  /// The same in pieces of `rows` and more, the last one smaller, each freed here as it is made; the aggregation is
  /// then empty. Not for DISTINCT calls.
  std::vector<PartialRows> TakePieces(int64_t rows);
  /// The values of all groups, laid out as plan.finished(); without keys one row even if nothing was added.
  arrow::ArrayVector Finish(logical::EvalContext& context);
  int64_t MemoryUsed() const;

 private:
  void AddColumns(logical::EvalContext& context, const arrow::ArrayVector& columns, int64_t rows);
  uint32_t* AssignGroups(const arrow::ArrayVector& keys, int64_t rows);

  const AggregationPlan& plan_;
  GroupTable table_;
  Accumulators accumulators_;
  std::vector<std::unique_ptr<GroupTable>> distinct_;
  std::vector<uint32_t> ids_, filtered_ids_, scratch_ids_;
};

/// The groups `selection` (int32 row numbers) of partial rows.
PartialRows SelectGroups(const PartialRows& rows, const std::shared_ptr<arrow::Array>& selection);

/// The partition of each row by Spark's hash partitioning: pmod(murmur3(keys), partitions).
std::vector<int32_t> HashPartitions(const arrow::ArrayVector& keys, int64_t rows, int partitions);

/// What becomes of a partial aggregation that has grown large, before its partition has been read; called from the
/// tasks.
using TakesLarge = std::function<void(logical::EvalContext&, const PartialAggregation&)>;
/// Runs `child` in parallel, one partial aggregation a partition, in partition order. With `take_large` each starts
/// anew from time to time.
std::vector<std::unique_ptr<PartialAggregation>> AggregatePartitions(const AggregationPlan& plan, const Operator& child,
                                                                     ExecContext& context,
                                                                     const TakesLarge& take_large = nullptr);

/// What the tasks have for one partition of the exchange. A key may be in several pieces.
struct ExchangedGroups {
  std::unique_ptr<PartialAggregation> large;  ///< large partial results, merged as they came; null: there were none
  std::vector<PartialRows> pieces;            ///< of the others, in the order of the child's partitions

  /// All of them, each key once, in pieces of `rows` and more; without keys one row even if nothing was added.
  std::vector<PartialRows> Take(const AggregationPlan& plan, logical::EvalContext& context, int64_t rows);
};

/// Partial results of all partitions of `child`, exchanged by key hash: what a streaming aggregate merges into its
/// state.
std::vector<ExchangedGroups> ExchangePartialAggregates(const AggregationPlan& plan, const Operator& child,
                                                       ExecContext& context, int partitions);

}  // namespace sluice::exec
