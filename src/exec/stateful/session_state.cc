// Sessions to state rows and back.
#include "exec/stateful/session_state.h"

#include <arrow/array/array_nested.h>

#include <bit>
#include <functional>

#include "exec/session_merge.h"
#include "state/unsafe_layout.h"

namespace sluice::exec {
namespace {

constexpr size_t kStartBytes = sizeof(int64_t);

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

SessionState::Prefixes::Prefixes(const SessionState& state, int64_t most_keys)
    : slots_(std::bit_ceil(static_cast<size_t>(2 * most_keys + 1))) {
  size_t fields = state.schema_.key->fields().size();
  start_at_ = state::BitsetBytes(fields) + 8 * (fields - 1);
}

void SessionState::Prefixes::Add(std::string_view key) {
  uint64_t hash = HashOf(key);
  slots_[Find(key, hash)] = {hash, key.data(), key.size()};
}

bool SessionState::Prefixes::Has(std::string_view key) const { return slots_[Find(key, HashOf(key))].key != nullptr; }

uint64_t SessionState::Prefixes::HashOf(std::string_view key) const {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::hash<std::string_view> hash;
  return (hash(key.substr(0, start_at_)) + kOdd * hash(key.substr(start_at_ + kStartBytes))) * kOdd;
}

size_t SessionState::Prefixes::Find(std::string_view key, uint64_t hash) const {
  size_t at = hash >> 32 & (slots_.size() - 1);
  for (; slots_[at].key; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].hash != hash || slots_[at].size != key.size()) continue;
    std::string_view known(slots_[at].key, slots_[at].size);
    if (known.substr(0, start_at_) == key.substr(0, start_at_) &&
        known.substr(start_at_ + kStartBytes) == key.substr(start_at_ + kStartBytes)) {
      break;
    }
  }
  return at;
}

}  // namespace sluice::exec
