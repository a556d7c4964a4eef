// Sorting and splitting of a partition's rows by key.
#include "python/grouped_rows.h"

#include <arrow/array/array_primitive.h>

#include "exec/row_gather.h"
#include "exec/sort_key.h"

namespace sluice::python {

arrow::ArrayVector GroupedRows::Keys(const std::vector<int>& key_columns) const {
  std::vector<int32_t> firsts(starts.begin(), starts.begin() + static_cast<std::ptrdiff_t>(groups()));
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (int key : key_columns) {
    columns.push_back(rows->column(key));
    fields.push_back(rows->schema()->field(key));
  }
  auto keys = arrow::RecordBatch::Make(arrow::schema(fields), rows->num_rows(), columns);
  return exec::TakeBatch(keys, exec::RowNumbers(std::move(firsts)))->columns();
}

types::TypePtr KeySchema(const logical::Attributes& grouping) {
  std::vector<types::StructField> fields;
  for (const auto& key : grouping) fields.push_back({key->name, key->type, key->nullable});
  return types::Struct(std::move(fields));
}

std::vector<int> PositionsOf(const logical::Attributes& wanted, const logical::Attributes& columns) {
  std::vector<int> out;
  for (const logical::AttributePtr& attribute : wanted) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i]->id != attribute->id) continue;
      out.push_back(static_cast<int>(i));
      break;
    }
  }
  return out;
}

std::shared_ptr<arrow::RecordBatch> ReadInTime(exec::BatchIterator& rows, const std::shared_ptr<arrow::Schema>& schema,
                                               const std::optional<exec::EventTimeKey>& event_time,
                                               std::optional<int64_t> late_ms, int64_t* dropped) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  while (auto batch = rows.Next()) {
    if (event_time && late_ms) {
      std::vector<bool> late = event_time->AtOrBefore(batch->columns(), batch->num_rows(), *late_ms);
      std::vector<int32_t> kept;
      for (size_t i = 0; i < late.size(); ++i) {
        if (!late[i]) kept.push_back(static_cast<int32_t>(i));
      }
      if (auto count = static_cast<int64_t>(kept.size()); count < batch->num_rows()) {
        *dropped += batch->num_rows() - count;
        batch = exec::TakeBatch(batch, exec::RowNumbers(std::move(kept)));
      }
    }
    if (batch->num_rows() > 0) batches.push_back(std::move(batch));
  }
  return exec::ConcatenateBatches(schema, batches);
}

GroupedRows GroupByKey(const std::shared_ptr<arrow::RecordBatch>& rows, const std::vector<int>& key_columns) {
  if (rows->num_rows() == 0) return {rows, {}};
  if (key_columns.empty()) return {rows, {0, rows->num_rows()}};
  arrow::ArrayVector keys;
  for (int key : key_columns) keys.push_back(rows->column(key));
  exec::SortKeys encoded(keys, std::vector<exec::SortDirection>(keys.size()), rows->num_rows());
  std::vector<int32_t> order = exec::SortedRows(encoded);
  GroupedRows out;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || encoded.row(order[i]) != encoded.row(order[i - 1])) out.starts.push_back(static_cast<int64_t>(i));
  }
  out.starts.push_back(rows->num_rows());
  out.rows = exec::TakeBatch(rows, exec::RowNumbers(std::move(order)));
  return out;
}

std::vector<std::pair<std::string, int>> GroupedArguments(const std::vector<int>& key_columns, int values) {
  std::vector<std::pair<std::string, int>> out;
  out.emplace_back("", 1 + static_cast<int>(key_columns.size()) + values);
  out.emplace_back("", static_cast<int>(key_columns.size()));
  for (int key : key_columns) out.emplace_back("", key);
  for (int value = 0; value < values; ++value) out.emplace_back("", value);
  return out;
}

}  // namespace sluice::python
