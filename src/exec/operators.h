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

// Breakers.
OperatorPtr MakeHashAggregate(OperatorPtr child, const std::vector<logical::ExprPtr>& grouping,
                              const std::vector<logical::ExprPtr>& results, int shuffle_partitions);
OperatorPtr MakeShowString(OperatorPtr child, const logical::ShowString& node);

/// Gives batches a new schema of the same types.
std::shared_ptr<arrow::RecordBatch> WithSchema(const std::shared_ptr<arrow::RecordBatch>& batch,
                                               const std::shared_ptr<arrow::Schema>& schema);
/// "[a#1, b#2L]"
std::string ListText(const std::vector<logical::ExprPtr>& expressions);
std::string ListText(const logical::Attributes& attributes);

}  // namespace sluice::exec
