// All values of each group, for aggregates that need them together at the end.
#pragma once

#include <memory>
#include <vector>

#include "functions/columns.h"
#include "logical/binding.h"
#include "types/data_type.h"

namespace sluice::functions {

/// Rows of one or more columns with the group of each. The partial result is one array of structs a group.
class GroupedRows {
 public:
  explicit GroupedRows(std::vector<types::TypePtr> columns);
  void Resize(int64_t groups) { groups_ = groups; }
  int64_t groups() const { return groups_; }
  /// Adds rows whose first column is not null.
  void Add(const arrow::ArrayVector& columns, const uint32_t* group_ids, int64_t rows);
  void Merge(const std::shared_ptr<arrow::Array>& lists, const uint32_t* group_ids, int64_t rows);
  std::shared_ptr<arrow::Array> Lists() const;
  /// All kept rows of a column, in the order they came.
  std::shared_ptr<arrow::Array> Values(size_t column) const;
  /// The rows of each group in `Values`.
  std::vector<std::vector<int64_t>> Members() const;
  int64_t MemoryUsed() const;
  /// array<struct<…>>: the type of the partial result.
  const types::TypePtr& list_type() const { return list_type_; }

 private:
  std::vector<types::TypePtr> types_;
  types::TypePtr list_type_;
  int64_t groups_ = 0;
  std::vector<arrow::ArrayVector> columns_;
  std::vector<uint32_t> owners_;
};

/// An accumulator that collects rows and finishes them itself.
class CollectingAccumulator : public logical::GroupedAccumulator {
 public:
  explicit CollectingAccumulator(std::vector<types::TypePtr> columns) : rows_(std::move(columns)) {}
  void Resize(int64_t groups) override { rows_.Resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    rows_.Add(arguments, group_ids, rows);
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    rows_.Merge(buffers[0], group_ids, rows);
  }
  arrow::ArrayVector Buffers() const override { return {rows_.Lists()}; }
  int64_t MemoryUsed() const override { return rows_.MemoryUsed(); }

 protected:
  GroupedRows rows_;
};

}  // namespace sluice::functions
