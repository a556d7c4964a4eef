// Groups with their aggregation buffers as rows of a state store (Spark's state format 2).
#pragma once

#include <string_view>
#include <vector>

#include "exec/aggregation.h"
#include "state/state_store.h"
#include "state/unsafe_row.h"

namespace sluice::exec {

/// Key = the grouping columns, value = the buffers of all aggregates in order. Immutable and thread
/// safe.
class AggregationState {
 public:
  explicit AggregationState(const AggregationPlan& plan);

  const state::StoreSchema& schema() const { return schema_; }
  state::UnsafeRows EncodeKeys(const PartialRows& rows) const { return keys_.Encode(rows.keys, rows.rows); }
  state::UnsafeRows EncodeValues(const std::vector<arrow::ArrayVector>& buffers, int64_t rows) const;
  arrow::ArrayVector DecodeKeys(const std::vector<std::string_view>& keys) const;
  /// Laid out as PartialRows::buffers.
  std::vector<arrow::ArrayVector> DecodeValues(const std::vector<std::string_view>& values) const;

 private:
  std::vector<size_t> buffer_counts_;  // per aggregate
  state::StoreSchema schema_;
  state::UnsafeRowEncoder keys_, values_;
};

}  // namespace sluice::exec
