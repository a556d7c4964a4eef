// Partial aggregation results to state rows and back.
#include "exec/stateful/aggregation_state.h"

namespace sluice::exec {
namespace {

state::StoreSchema SchemaOf(const AggregationPlan& plan) {
  std::vector<types::StructField> keys, buffers;
  for (const logical::AttributePtr& key : plan.grouping()) {
    keys.push_back({key->name, key->type, key->nullable, key->metadata});
  }
  for (const auto& call : plan.calls()) {
    buffers.insert(buffers.end(), call->binding->buffers.begin(), call->binding->buffers.end());
  }
  return {types::Struct(std::move(keys)), types::Struct(std::move(buffers))};
}

}  // namespace

AggregationState::AggregationState(const AggregationPlan& plan)
    : schema_(SchemaOf(plan)), keys_(schema_.key), values_(schema_.value) {
  for (const auto& call : plan.calls()) buffer_counts_.push_back(call->binding->buffers.size());
}

state::UnsafeRows AggregationState::EncodeValues(const PartialRows& rows) const {
  arrow::ArrayVector columns;
  for (const auto& buffers : rows.buffers) columns.insert(columns.end(), buffers.begin(), buffers.end());
  return values_.Encode(columns, rows.rows);
}

PartialRows AggregationState::Restore(const state::StateStore& store, const state::UnsafeRows& keys) const {
  std::vector<std::string_view> found_keys, found_values;
  for (int64_t i = 0; i < keys.size(); ++i) {
    std::string_view value = store.Get(keys[i]);
    if (!value.data()) continue;
    found_keys.push_back(keys[i]);
    found_values.push_back(value);
  }
  return Decode(found_keys, found_values);
}

PartialRows AggregationState::Decode(const std::vector<std::string_view>& keys,
                                     const std::vector<std::string_view>& values) const {
  PartialRows rows;
  rows.rows = static_cast<int64_t>(keys.size());
  rows.keys = state::DecodeUnsafeRows(*schema_.key, keys);
  arrow::ArrayVector buffers = state::DecodeUnsafeRows(*schema_.value, values);
  auto next = buffers.begin();
  for (size_t count : buffer_counts_) {
    rows.buffers.emplace_back(next, next + static_cast<std::ptrdiff_t>(count));
    next += static_cast<std::ptrdiff_t>(count);
  }
  return rows;
}

void AggregationState::Save(const PartialRows& rows, state::StateStore& store) const {
  state::UnsafeRows keys = EncodeKeys(rows), values = EncodeValues(rows);
  for (int64_t i = 0; i < rows.rows; ++i) store.Put(keys[i], values[i]);
}

}  // namespace sluice::exec
