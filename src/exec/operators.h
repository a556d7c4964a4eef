// Makes the physical operators; each lives in a file of its own. The planner puts them together.
#pragma once

#include <string>
#include <vector>

#include "exec/compiled_expression.h"
#include "exec/operator.h"
#include "logical/plan.h"

namespace sluice::exec {

// Leaves.
OperatorPtr MakeLocalData(const logical::LocalData& node);
OperatorPtr MakeInMemory(const logical::InMemory& node);
/// The same rows in as many partitions as can be, as Spark splits local relations: its floating-point aggregates come
/// out with the same digits only from the same parts.
OperatorPtr MakeSplit(OperatorPtr child);
OperatorPtr MakeRange(const logical::RangePlan& node);
OperatorPtr MakeTableScan(const logical::Scan& node, const std::string& time_zone);
OperatorPtr MakeStreamScan(const logical::StreamScan& node, const std::string& time_zone);

// One row in, at most one row out.
OperatorPtr MakeProject(OperatorPtr child, std::vector<logical::ExprPtr> expressions);
OperatorPtr MakeFilter(OperatorPtr child, logical::ExprPtr condition);
/// The first `count` rows in partition order after `offset` rows were skipped; count < 0 = all. One partition.
OperatorPtr MakeLimit(OperatorPtr child, int64_t offset, int64_t count);
OperatorPtr MakeTail(OperatorPtr child, int64_t count);
/// The children's partitions one after the other.
OperatorPtr MakeUnion(std::vector<OperatorPtr> children, logical::Attributes output);

/// Every `child` partition i joins partition i * count / partitions; rows are not moved.
OperatorPtr MakeCoalesce(OperatorPtr child, int partitions);
OperatorPtr MakeSample(OperatorPtr child, const logical::Sample& node);
OperatorPtr MakeGenerate(OperatorPtr child, const logical::Generate& node);
OperatorPtr MakeExpand(OperatorPtr child, const logical::Expand& node);
/// Passes rows on and records their event times in ExecContext::event_times.
OperatorPtr MakeWatermark(OperatorPtr child, const logical::Watermark& node);
/// Passes rows on and puts aggregates of them into ExecContext::observed.
OperatorPtr MakeCollectMetrics(OperatorPtr child, const logical::CollectMetrics& node);
/// Passes on the rows without a refusal and gives the records of the others to the stream's DeadLetterWriter.
OperatorPtr MakeDeadLetters(OperatorPtr child, const logical::DeadLetters& node);

// Breakers.
/// At most `limit` rows if it is not negative; only for a global sort.
OperatorPtr MakeSort(OperatorPtr child, const std::vector<std::shared_ptr<const logical::SortOrderExpr>>& order,
                     bool global, int64_t limit);
/// Rows to the partition that Spark's hash of `keys` gives; without keys evenly, in turn.
OperatorPtr MakeExchange(OperatorPtr child, int partitions, const std::vector<logical::ExprPtr>& keys);
/// Rows to partitions by ranges of the sort order.
OperatorPtr MakeRangeExchange(OperatorPtr child, int partitions,
                              const std::vector<std::shared_ptr<const logical::SortOrderExpr>>& order);
/// The first row of each key.
OperatorPtr MakeDeduplicate(OperatorPtr child, const logical::Attributes& keys, int shuffle_partitions);
OperatorPtr MakeWindow(OperatorPtr child, const logical::Window& node, int shuffle_partitions);

struct JoinSpec {
  plan::JoinType type = plan::JoinType::kInner;
  bool build_left = false;  ///< the left side becomes the hash table (inner, cross and right outer only)
  std::vector<logical::ExprPtr> left_keys, right_keys;
  std::vector<bool> null_safe;  ///< per key: null = null
  logical::ExprPtr residual;    ///< over left and right columns; null = none
};
OperatorPtr MakeHashJoin(OperatorPtr left, OperatorPtr right, logical::Attributes output, const JoinSpec& spec);

OperatorPtr MakeHashAggregate(OperatorPtr child, const std::vector<logical::ExprPtr>& grouping,
                              const std::vector<logical::ExprPtr>& results, int shuffle_partitions);
/// One of the grouping columns holds session windows: those of a key that touch are one group.
OperatorPtr MakeSessionAggregate(OperatorPtr child, const logical::Attributes& grouping,
                                 const std::vector<logical::ExprPtr>& results, int shuffle_partitions);
OperatorPtr MakeShowString(OperatorPtr child, const logical::ShowString& node);

/// Gives batches a new schema of the same types.
std::shared_ptr<arrow::RecordBatch> WithSchema(const std::shared_ptr<arrow::RecordBatch>& batch,
                                               const std::shared_ptr<arrow::Schema>& schema);
/// "[a#1, b#2L]"
std::string ListText(const std::vector<logical::ExprPtr>& expressions);
std::string ListText(const logical::Attributes& attributes);

}  // namespace sluice::exec
