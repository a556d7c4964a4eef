// Groups with their aggregation buffers as rows of a state store (Spark's state format 2).
#pragma once

#include <optional>
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
  state::UnsafeRows EncodeValues(const PartialRows& rows) const;
  /// What the store has of the groups of `keys`, for those that it knows.
  PartialRows Restore(const state::StateStore& store, const state::UnsafeRows& keys) const;
  PartialRows Decode(const std::vector<std::string_view>& keys, const std::vector<std::string_view>& values) const;
  void Save(const PartialRows& rows, state::StateStore& store) const;

 private:
  std::vector<size_t> buffer_counts_;  // per aggregate
  state::StoreSchema schema_;
  state::UnsafeRowEncoder keys_, values_;
};

}  // namespace sluice::exec
