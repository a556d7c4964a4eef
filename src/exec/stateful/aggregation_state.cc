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

state::UnsafeRows AggregationState::EncodeValues(const std::vector<arrow::ArrayVector>& buffers, int64_t rows) const {
  arrow::ArrayVector columns;
  for (const auto& call : buffers) columns.insert(columns.end(), call.begin(), call.end());
  return values_.Encode(columns, rows);
}

arrow::ArrayVector AggregationState::DecodeKeys(const std::vector<std::string_view>& keys) const {
  return state::DecodeUnsafeRows(*schema_.key, keys);
}

std::vector<arrow::ArrayVector> AggregationState::DecodeValues(const std::vector<std::string_view>& values) const {
  arrow::ArrayVector columns = state::DecodeUnsafeRows(*schema_.value, values);
  std::vector<arrow::ArrayVector> buffers;
  auto next = columns.begin();
  for (size_t count : buffer_counts_) {
    buffers.emplace_back(next, next + static_cast<std::ptrdiff_t>(count));
    next += static_cast<std::ptrdiff_t>(count);
  }
  return buffers;
}

}  // namespace sluice::exec
