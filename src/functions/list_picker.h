// Builds list columns from elements of other arrays.
#pragma once

#include <arrow/array.h>

#include <memory>
#include <vector>

#include "functions/columns.h"
#include "functions/writers.h"
#include "types/data_type.h"

namespace sluice::functions {

/// Collects, row by row, which elements of `source` (given at the end) a list consists of.
class ListPicker {
 public:
  explicit ListPicker(int64_t rows, std::shared_ptr<arrow::Buffer> validity = nullptr)
      : lists_(rows, std::move(validity)) {}
  void Pick(int64_t index) { indices_.push_back(index); }
  void PickNull() { indices_.push_back(-1); }
  void EndRow() { lists_.EndRow(static_cast<int64_t>(indices_.size())); }
  void EndRowAsNull() {
    indices_.resize(static_cast<size_t>(lists_.last_offset()));
    lists_.EndRowAsNull();
  }
  void Skip() { lists_.Skip(); }
  std::vector<int64_t>& indices() { return indices_; }
  /// Where the current row's elements start in `indices()`.
  int64_t row_start() const { return lists_.last_offset(); }
  std::shared_ptr<arrow::Array> Finish(const types::TypePtr& type, const std::shared_ptr<arrow::Array>& source);

 private:
  ListWriter lists_;
  std::vector<int64_t> indices_;
};

/// A list or map column with its child.
struct ListColumn : Column<Range> {
  explicit ListColumn(const arrow::Datum& datum) : Column<Range>(datum) {}
  std::shared_ptr<arrow::Array> child() const { return arrow::MakeArray(array()->data()->child_data[0]); }
};
/// The keys and values of a map column.
std::shared_ptr<arrow::Array> MapKeys(const ColumnBase& map);
std::shared_ptr<arrow::Array> MapItems(const ColumnBase& map);

/// Struct of columns without nulls of its own.
std::shared_ptr<arrow::Array> MakeStructArray(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                              const arrow::ArrayVector& fields,
                                              std::shared_ptr<arrow::Buffer> validity = nullptr);

/// True where `validity` marks the row (all, if there is none).
inline bool IsValid(const std::shared_ptr<arrow::Buffer>& validity, int64_t row) {
  return !validity || arrow::bit_util::GetBit(validity->data(), row);
}

/// The rows to compute, and the datum to give back: one row if all arguments are constants.
class RowScope {
 public:
  RowScope(const std::vector<arrow::Datum>& arguments, int64_t rows)
      : constant_(!arguments.empty() && AllConstant(arguments)), rows_(constant_ ? 1 : rows) {}
  int64_t rows() const { return rows_; }
  arrow::Datum Result(const std::shared_ptr<arrow::Array>& array) const {
    return constant_ ? AsScalar(array) : arrow::Datum(array);
  }

 private:
  bool constant_;
  int64_t rows_;
};

}  // namespace sluice::functions
