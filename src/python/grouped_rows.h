// The rows of one partition in the order of their keys, as functions over groups with state take them.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "exec/operator.h"
#include "exec/stateful/event_time_key.h"

namespace sluice::python {

/// Rows sorted by key; the rows of group g are [starts[g], starts[g + 1]).
struct GroupedRows {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<int64_t> starts;
  size_t groups() const { return starts.empty() ? 0 : starts.size() - 1; }
  /// One row a group: its key columns.
  arrow::ArrayVector Keys(const std::vector<int>& key_columns) const;
};

/// The columns as the key of a state.
types::TypePtr KeySchema(const logical::Attributes& grouping);
/// Positions of attributes among columns.
std::vector<int> PositionsOf(const logical::Attributes& wanted, const logical::Attributes& columns);
/// All rows of the partition without those whose event time is not after `late_ms`; `dropped` counts these.
std::shared_ptr<arrow::RecordBatch> ReadInTime(exec::BatchIterator& rows, const std::shared_ptr<arrow::Schema>& schema,
                                               const std::optional<exec::EventTimeKey>& event_time,
                                               std::optional<int64_t> late_ms, int64_t* dropped);
GroupedRows GroupByKey(const std::shared_ptr<arrow::RecordBatch>& rows, const std::vector<int>& key_columns);
/// The argument offsets of pyspark's grouped functions: a length, the number of keys, the keys, the values (the first
/// `values` columns).
std::vector<std::pair<std::string, int>> GroupedArguments(const std::vector<int>& key_columns, int values);

}  // namespace sluice::python
