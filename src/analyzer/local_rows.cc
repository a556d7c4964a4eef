// Turning a client's Arrow table into the engine's types.
#include "analyzer/local_rows.h"

#include <arrow/array.h>
#include <arrow/compute/api.h>

#include "base/arrow_status.h"

namespace sluice::analyzer {
namespace {

std::shared_ptr<arrow::Array> Conform(const std::shared_ptr<arrow::Array>& array,
                                      const std::shared_ptr<arrow::DataType>& type) {
  auto from = array->type_id();
  bool nested = from == arrow::Type::LIST || from == arrow::Type::MAP || from == arrow::Type::STRUCT;
  if (nested && type->id() == from && array->type()->num_fields() == type->num_fields()) {
    auto data = array->data()->Copy();
    data->type = type;
    for (size_t i = 0; i < data->child_data.size(); ++i) {
      auto child = arrow::MakeArray(data->child_data[i]);
      data->child_data[i] = Conform(child, type->field(static_cast<int>(i))->type())->data();
    }
    return arrow::MakeArray(data);
  }
  if (array->type()->Equals(*type)) return array;
  return base::ValueOrThrow(arrow::compute::Cast(*array, type));
}

}  // namespace

LocalRows ReadLocalRows(const arrow::Table& table) {
  LocalRows out;
  out.schema = types::FromArrowSchema(*table.schema());
  auto schema = types::ToArrowSchema(*out.schema);
  arrow::TableBatchReader reader(table);
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    base::ThrowIfError(reader.ReadNext(&batch));
    if (!batch) break;
    arrow::ArrayVector columns;
    for (int i = 0; i < batch->num_columns(); ++i) {
      columns.push_back(Conform(batch->column(i), schema->field(i)->type()));
    }
    out.batches.push_back(arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns)));
  }
  return out;
}

}  // namespace sluice::analyzer
