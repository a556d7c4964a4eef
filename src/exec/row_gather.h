// Gathering rows of record batches.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <vector>

namespace sluice::exec {

/// Row numbers as an int32 Array.
std::shared_ptr<arrow::Array> RowNumbers(std::vector<int32_t> rows);
/// The rows of the batch at `indices` (int32; null gives nulls).
std::shared_ptr<arrow::RecordBatch> TakeBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                                              const std::shared_ptr<arrow::Array>& indices);
/// All rows as one batch; an empty one of that schema if there are none.
std::shared_ptr<arrow::RecordBatch> ConcatenateBatches(const std::shared_ptr<arrow::Schema>& schema,
                                                       const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches);
/// Splits rows by partition number, keeping their order; partitions without rows get null.
std::vector<std::shared_ptr<arrow::RecordBatch>> SplitBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                            const std::vector<int32_t>& partition_of_row,
                                                            int partitions);
/// Row numbers ordered by place, rows of one place in their order.
std::vector<int32_t> OrderByPlace(const std::vector<int32_t>& place_of_row, int places);

}  // namespace sluice::exec
