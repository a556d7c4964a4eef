// Rows kept by group.
#include "functions/aggregate/grouped_values.h"

#include <arrow/array/array_nested.h>

#include "functions/list_picker.h"

namespace sluice::functions {

GroupedRows::GroupedRows(std::vector<types::TypePtr> columns) : types_(std::move(columns)) {
  std::vector<types::StructField> fields;
  for (size_t i = 0; i < types_.size(); ++i) fields.push_back({"c" + std::to_string(i), types_[i], true});
  list_type_ = types::Array(types::Struct(std::move(fields)), false);
  columns_.resize(types_.size());
}

void GroupedRows::Add(const arrow::ArrayVector& columns, const uint32_t* group_ids, int64_t rows) {
  ColumnBase first(columns[0]);
  if (!first.has_nulls()) {
    for (size_t i = 0; i < columns_.size(); ++i) columns_[i].push_back(columns[i]);
    owners_.insert(owners_.end(), group_ids, group_ids + rows);
    return;
  }
  std::vector<int64_t> kept;
  for (int64_t row = 0; row < rows; ++row) {
    if (!first.valid(row)) continue;
    kept.push_back(row);
    owners_.push_back(group_ids[row]);
  }
  for (size_t i = 0; i < columns_.size(); ++i) columns_[i].push_back(TakeRows(columns[i], kept));
}

void GroupedRows::Merge(const std::shared_ptr<arrow::Array>& lists, const uint32_t* group_ids, int64_t rows) {
  ListColumn column{arrow::Datum(lists)};
  std::vector<int64_t> picked;
  std::vector<uint32_t> owners;
  for (int64_t row = 0; row < rows; ++row) {
    if (!column.valid(row)) continue;
    Range range = column[row];
    for (int64_t i = range.begin; i < range.end; ++i) {
      picked.push_back(i);
      owners.push_back(group_ids[row]);
    }
  }
  auto entries = std::static_pointer_cast<arrow::StructArray>(column.child());
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].push_back(TakeRows(entries->field(static_cast<int>(i)), picked));
  }
  owners_.insert(owners_.end(), owners.begin(), owners.end());
}

std::shared_ptr<arrow::Array> GroupedRows::Values(size_t column) const {
  if (columns_[column].empty()) return NullArray(types::ToArrow(types_[column]), 0);
  return Concatenated(columns_[column]);
}

std::vector<std::vector<int64_t>> GroupedRows::Members() const {
  std::vector<std::vector<int64_t>> out(groups_);
  for (size_t row = 0; row < owners_.size(); ++row) out[owners_[row]].push_back(static_cast<int64_t>(row));
  return out;
}

std::shared_ptr<arrow::Array> GroupedRows::Lists() const {
  arrow::ArrayVector fields;
  for (size_t i = 0; i < columns_.size(); ++i) fields.push_back(Values(i));
  auto source = MakeStructArray(types::ToArrow(list_type_->element()), static_cast<int64_t>(owners_.size()), fields);
  ListPicker out(groups_);
  for (const auto& group : Members()) {
    for (int64_t row : group) out.Pick(row);
    out.EndRow();
  }
  return out.Finish(list_type_, source);
}

int64_t GroupedRows::MemoryUsed() const {
  auto bytes = static_cast<int64_t>(owners_.capacity() * sizeof(uint32_t));
  for (const auto& arrays : columns_) {
    for (const auto& array : arrays) {
      for (const auto& buffer : array->data()->buffers) bytes += buffer ? buffer->size() : 0;
    }
  }
  return bytes;
}

}  // namespace sluice::functions
