// Takes rows column by column.
#include "exec/row_gather.h"

#include <arrow/array/array_primitive.h>
#include <arrow/table.h>

#include <numeric>

#include "base/arrow_status.h"
#include "exec/expression_frame.h"

namespace sluice::exec {

std::shared_ptr<arrow::Array> RowNumbers(std::vector<int32_t> rows) {
  auto size = static_cast<int64_t>(rows.size());
  return std::make_shared<arrow::Int32Array>(size, arrow::Buffer::FromVector(std::move(rows)));
}

std::shared_ptr<arrow::RecordBatch> TakeBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                                              const std::shared_ptr<arrow::Array>& indices) {
  arrow::ArrayVector columns;
  columns.reserve(batch->num_columns());
  for (const auto& column : batch->columns()) columns.push_back(TakeRows(column, indices));
  return arrow::RecordBatch::Make(batch->schema(), indices->length(), std::move(columns));
}

std::shared_ptr<arrow::RecordBatch> ConcatenateBatches(
    const std::shared_ptr<arrow::Schema>& schema, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  if (batches.empty()) return base::ValueOrThrow(arrow::RecordBatch::MakeEmpty(schema));
  if (batches.size() == 1) return batches[0];
  if (schema->num_fields() == 0) {
    int64_t rows = 0;
    for (const auto& batch : batches) rows += batch->num_rows();
    return arrow::RecordBatch::Make(schema, rows, arrow::ArrayVector{});
  }
  return base::ValueOrThrow(arrow::ConcatenateRecordBatches(batches));
}

std::vector<int32_t> OrderByPlace(const std::vector<int32_t>& place_of_row, int places) {
  std::vector<int32_t> starts(places + 1, 0);
  for (int32_t place : place_of_row) ++starts[place + 1];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<int32_t> order(place_of_row.size());
  for (size_t i = 0; i < place_of_row.size(); ++i) order[starts[place_of_row[i]]++] = static_cast<int32_t>(i);
  return order;
}

std::vector<std::shared_ptr<arrow::RecordBatch>> SplitBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                            const std::vector<int32_t>& partition_of_row,
                                                            int partitions) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> pieces(partitions);
  if (batch->num_rows() == 0) return pieces;
  if (partitions == 1) {
    pieces[0] = batch;
    return pieces;
  }
  std::vector<int64_t> counts(partitions, 0);
  for (int32_t partition : partition_of_row) ++counts[partition];
  auto sorted = TakeBatch(batch, RowNumbers(OrderByPlace(partition_of_row, partitions)));
  int64_t start = 0;
  for (int p = 0; p < partitions; ++p) {
    if (counts[p] > 0) pieces[p] = sorted->Slice(start, counts[p]);
    start += counts[p];
  }
  return pieces;
}

}  // namespace sluice::exec
