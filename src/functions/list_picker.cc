// Assembly of list columns.
#include "functions/list_picker.h"

#include <arrow/array/array_nested.h>

#include "functions/cast_kernels.h"

namespace sluice::functions {

std::shared_ptr<arrow::Array> ListPicker::Finish(const types::TypePtr& type,
                                                 const std::shared_ptr<arrow::Array>& source) {
  auto arrow_type = types::ToArrow(type);
  auto child = TakeRows(source, indices_);
  return lists_.Finish(arrow_type, arrow::MakeArray(WithType(child->data(), arrow_type->field(0)->type())));
}

namespace {

std::shared_ptr<arrow::Array> MapChild(const ColumnBase& map, int index) {
  arrow::StructArray entries(map.array()->data()->child_data[0]);
  return entries.field(index);
}

}  // namespace

std::shared_ptr<arrow::Array> MapKeys(const ColumnBase& map) { return MapChild(map, 0); }
std::shared_ptr<arrow::Array> MapItems(const ColumnBase& map) { return MapChild(map, 1); }

std::shared_ptr<arrow::Array> MakeStructArray(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                              const arrow::ArrayVector& fields,
                                              std::shared_ptr<arrow::Buffer> validity) {
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (size_t i = 0; i < fields.size(); ++i) {
    children.push_back(WithType(fields[i]->data(), type->field(static_cast<int>(i))->type()));
  }
  int64_t nulls = validity ? arrow::kUnknownNullCount : 0;
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {std::move(validity)}, std::move(children), nulls));
}

}  // namespace sluice::functions
