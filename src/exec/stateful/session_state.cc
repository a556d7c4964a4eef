// Sessions to state rows and back.
#include "exec/stateful/session_state.h"

#include <arrow/array/array_nested.h>

#include <functional>

#include "exec/session_merge.h"
#include "state/unsafe_layout.h"

namespace sluice::exec {
namespace {

state::StoreSchema SchemaOf(const AggregationPlan& plan, const std::vector<logical::ExprPtr>& grouping, size_t session,
                            const StateBuffers& buffers) {
  std::vector<types::StructField> value = GroupingFields(plan, grouping), key = value;
  key.erase(key.begin() + static_cast<std::ptrdiff_t>(session));
  key.push_back({"sessionStartTime", types::Timestamp(), false, "{}"});
  value.insert(value.end(), buffers.fields().begin(), buffers.fields().end());
  return {types::Struct(std::move(key)), types::Struct(std::move(value))};
}

}  // namespace

SessionState::SessionState(const AggregationPlan& plan, const std::vector<logical::ExprPtr>& grouping, size_t session)
    : session_(session),
      grouping_(plan.grouping().size()),
      buffers_(plan),
      schema_(SchemaOf(plan, grouping, session, buffers_)),
      keys_(schema_.key),
      values_(schema_.value) {}

state::UnsafeRows SessionState::EncodeKeys(const PartialRows& sessions) const {
  arrow::ArrayVector columns = Without(sessions.keys, session_);
  columns.push_back(static_cast<const arrow::StructArray&>(*sessions.keys[session_]).field(0));
  return keys_.Encode(columns, sessions.rows);
}

state::UnsafeRows SessionState::EncodeValues(const PartialRows& sessions) const {
  arrow::ArrayVector columns = sessions.keys, buffers = buffers_.ToColumns(sessions.buffers);
  columns.insert(columns.end(), buffers.begin(), buffers.end());
  return values_.Encode(columns, sessions.rows);
}

PartialRows SessionState::Decode(const std::vector<std::string_view>& values) const {
  arrow::ArrayVector columns = state::DecodeUnsafeRows(*schema_.value, values);
  PartialRows sessions;
  sessions.rows = static_cast<int64_t>(values.size());
  sessions.keys.assign(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(grouping_));
  sessions.buffers = buffers_.FromColumns(columns, grouping_);
  return sessions;
}

SessionState::Prefixes::Prefixes(const SessionState& state) : keys_(0, Hash{0}, Equal{0}) {
  size_t fields = state.schema_.key->fields().size();
  size_t start_at = state::BitsetBytes(fields) + 8 * (fields - 1);
  keys_ = std::unordered_set<std::string_view, Hash, Equal>(0, Hash{start_at}, Equal{start_at});
}

size_t SessionState::Prefixes::Hash::operator()(std::string_view key) const {
  std::hash<std::string_view> hash;
  return hash(key.substr(0, start_at)) * 31 + hash(key.substr(start_at + sizeof(int64_t)));
}

bool SessionState::Prefixes::Equal::operator()(std::string_view a, std::string_view b) const {
  constexpr size_t kStart = sizeof(int64_t);
  return a.substr(0, start_at) == b.substr(0, start_at) && a.substr(start_at + kStart) == b.substr(start_at + kStart);
}

}  // namespace sluice::exec
