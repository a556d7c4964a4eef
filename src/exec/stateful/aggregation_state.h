// Groups with their aggregation buffers as rows of a state store (Spark's state format 2).
#pragma once

#include <string_view>
#include <vector>

#include "exec/aggregation.h"
#include "state/state_store.h"
#include "state/unsafe_row.h"

namespace sluice::exec {

/// The grouping columns as a state's schema names them: as the column they are, not as what the query calls them.
std::vector<types::StructField> GroupingFields(const AggregationPlan& plan,
                                               const std::vector<logical::ExprPtr>& grouping);

/// The aggregation buffers of a plan as columns of state rows. What Spark holds as an object there (a collected list)
/// is binary in a row: an UnsafeRow of its own, of one column. Immutable and thread safe.
class StateBuffers {
 public:
  explicit StateBuffers(const AggregationPlan& plan);

  const std::vector<types::StructField>& fields() const { return fields_; }
  /// `buffers` are laid out as PartialRows::buffers.
  arrow::ArrayVector ToColumns(const std::vector<arrow::ArrayVector>& buffers) const;
  /// From the columns beginning with `first`.
  std::vector<arrow::ArrayVector> FromColumns(const arrow::ArrayVector& columns, size_t first) const;

 private:
  std::vector<size_t> counts_;  // per aggregate
  std::vector<types::StructField> fields_;
  std::vector<types::TypePtr> objects_;  // per buffer: the row that stands for it; null: it is a plain column
};

/// Key = the grouping columns, value = the buffers of all aggregates in order. Immutable and thread
/// safe.
class AggregationState {
 public:
  /// `grouping` are the expressions that the plan was made from.
  AggregationState(const AggregationPlan& plan, const std::vector<logical::ExprPtr>& grouping);

  const state::StoreSchema& schema() const { return schema_; }
  state::UnsafeRows EncodeKeys(const PartialRows& rows) const { return keys_.Encode(rows.keys, rows.rows); }
  state::UnsafeRows EncodeValues(const std::vector<arrow::ArrayVector>& buffers, int64_t rows) const;
  arrow::ArrayVector DecodeKeys(const std::vector<std::string_view>& keys) const;
  /// Laid out as PartialRows::buffers.
  std::vector<arrow::ArrayVector> DecodeValues(const std::vector<std::string_view>& values) const;

 private:
  StateBuffers buffers_;
  state::StoreSchema schema_;
  state::UnsafeRowEncoder keys_, values_;
};

}  // namespace sluice::exec
