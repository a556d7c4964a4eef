// Partial aggregation results to state rows and back.
#include "exec/stateful/aggregation_state.h"

#include <arrow/array/builder_binary.h>

#include "base/arrow_status.h"

namespace sluice::exec {
namespace {

// Spark computes keys in a projection of its own, below which names are gone.
constexpr char kComputedKey[] = "_groupingexpression";

// Rows of one list column as binary values.
std::shared_ptr<arrow::Array> ObjectRows(const types::TypePtr& row, const std::shared_ptr<arrow::Array>& lists) {
  state::UnsafeRows rows = state::UnsafeRowEncoder(row).Encode({lists}, lists->length());
  arrow::BinaryBuilder builder;
  base::ThrowIfError(builder.Reserve(lists->length()));
  for (int64_t i = 0; i < lists->length(); ++i) base::ThrowIfError(builder.Append(rows[i]));
  return base::ValueOrThrow(builder.Finish());
}

std::shared_ptr<arrow::Array> ObjectLists(const types::DataType& row, const arrow::Array& column) {
  const auto& values = static_cast<const arrow::BinaryArray&>(column);
  std::vector<std::string_view> rows;
  for (int64_t i = 0; i < values.length(); ++i) rows.push_back(values.GetView(i));
  return state::DecodeUnsafeRows(row, rows)[0];
}

}  // namespace

std::vector<types::StructField> GroupingFields(const AggregationPlan& plan,
                                               const std::vector<logical::ExprPtr>& grouping) {
  std::vector<types::StructField> fields;
  for (size_t i = 0; i < grouping.size(); ++i) {
    const logical::AttributePtr& key = plan.grouping()[i];
    logical::ExprPtr computed = grouping[i];
    while (computed->kind == logical::ExprKind::kAlias) computed = computed->children[0];
    const auto* column = computed->As<logical::AttributeExpr>();
    fields.push_back({column ? column->name : kComputedKey, key->type, key->nullable, key->metadata});
  }
  return fields;
}

StateBuffers::StateBuffers(const AggregationPlan& plan) {
  for (const auto& call : plan.calls()) {
    counts_.push_back(call->binding->buffers.size());
    for (types::StructField field : call->binding->buffers) {
      bool collected = field.type->Is(types::TypeId::kArray) && types::Equal(field.type, call->type, true);
      objects_.push_back(collected ? types::Struct({field}) : nullptr);
      if (collected) field.type = types::Binary();
      fields_.push_back(std::move(field));
    }
  }
}

arrow::ArrayVector StateBuffers::ToColumns(const std::vector<arrow::ArrayVector>& buffers) const {
  arrow::ArrayVector columns;
  for (const arrow::ArrayVector& call : buffers) {
    for (const auto& buffer : call) {
      const types::TypePtr& object = objects_[columns.size()];
      columns.push_back(object ? ObjectRows(object, buffer) : buffer);
    }
  }
  return columns;
}

std::vector<arrow::ArrayVector> StateBuffers::FromColumns(const arrow::ArrayVector& columns, size_t first) const {
  std::vector<arrow::ArrayVector> buffers;
  size_t next = 0;
  for (size_t count : counts_) {
    arrow::ArrayVector call;
    for (size_t end = next + count; next < end; ++next) {
      const auto& column = columns[first + next];
      call.push_back(objects_[next] ? ObjectLists(*objects_[next], *column) : column);
    }
    buffers.push_back(std::move(call));
  }
  return buffers;
}

AggregationState::AggregationState(const AggregationPlan& plan, const std::vector<logical::ExprPtr>& grouping)
    : buffers_(plan),
      schema_{types::Struct(GroupingFields(plan, grouping)), types::Struct(buffers_.fields())},
      keys_(schema_.key),
      values_(schema_.value) {}

state::UnsafeRows AggregationState::EncodeValues(const std::vector<arrow::ArrayVector>& buffers, int64_t rows) const {
  return values_.Encode(buffers_.ToColumns(buffers), rows);
}

arrow::ArrayVector AggregationState::DecodeKeys(const std::vector<std::string_view>& keys) const {
  return state::DecodeUnsafeRows(*schema_.key, keys);
}

std::vector<arrow::ArrayVector> AggregationState::DecodeValues(const std::vector<std::string_view>& values) const {
  return buffers_.FromColumns(state::DecodeUnsafeRows(*schema_.value, values), 0);
}

}  // namespace sluice::exec
