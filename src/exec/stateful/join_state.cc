// Reading and changing the state of one side of a join.
#include "exec/stateful/join_state.h"

#include <algorithm>

#include "base/error.h"
#include "state/unsafe_layout.h"

namespace sluice::exec {
namespace {

using state::BitsetBytes;
using state::FixedBytes;
using state::Load;
using state::Store;
using types::StructField;

constexpr size_t kEvictedTogether = 16384;
constexpr size_t kGroup = 128;      // keys that are fetched into the cache together
constexpr size_t kCountOffset = 8;  // of the number in a row of one

std::vector<StructField> KeyFields(const std::vector<logical::ExprPtr>& keys) {
  std::vector<StructField> fields;
  for (size_t i = 0; i < keys.size(); ++i) {
    fields.push_back({"field" + std::to_string(i), keys[i]->type, keys[i]->nullable, "{}"});
  }
  return fields;
}

state::StoreInfo CountsInfo(const std::string& side, const std::vector<logical::ExprPtr>& keys) {
  return {side + "-keyToNumValues",
          {types::Struct(KeyFields(keys)), types::Struct({{"value", types::Long(), true, "{}"}})},
          0};
}

state::StoreInfo RowsInfo(const std::string& side, const std::vector<logical::ExprPtr>& keys,
                          const logical::Attributes& input) {
  std::vector<StructField> key = KeyFields(keys), row;
  key.push_back({"index", types::Long(), true, "{}"});
  for (const logical::AttributePtr& column : input) {
    row.push_back({column->name, column->type, column->nullable, column->metadata});
  }
  row.push_back({"matched", types::Boolean(), true, "{}"});
  return {side + "-keyWithIndexToValue", {types::Struct(std::move(key)), types::Struct(std::move(row))}, 0};
}

// Which the key's count says is there.
std::string_view Found(std::string_view row) {
  if (row.data()) return row;
  throw base::Error::Plain(base::ErrorKind::kIllegalState, "The state of a join lacks a row that its key counts")
      .WithDomain(base::ErrorDomain::kExternal, false);
}

}  // namespace

void ByteRows::Views(std::vector<std::string_view>* views) const {
  views->clear();
  views->reserve(size());
  for (size_t i = 0; i < size(); ++i) views->push_back((*this)[i]);
}

JoinStateLayout::JoinStateLayout(const std::string& side, const std::vector<logical::ExprPtr>& keys,
                                 const logical::Attributes& input)
    : key_columns_(keys.size()),
      matched_offset_(BitsetBytes(input.size() + 1) + 8 * input.size()),
      counts_(CountsInfo(side, keys)),
      rows_(RowsInfo(side, keys, input)),
      keys_(counts_.schema.key),
      encoder_(rows_.schema.value) {
  for (size_t i = 0; i < keys.size(); ++i) {
    const types::DataType& type = *keys[i]->type;
    const types::DataType& stored = type.Is(types::TypeId::kUdt) ? *type.sql_type() : type;
    if (state::InlineBytes(stored) == 0) variable_columns_.push_back(i);
  }
}

// Copies bits and words of the key's columns, with the offsets of variable parts moved by `shift`.
void JoinStateLayout::MoveColumns(const char* from, size_t from_bitset, char* to, size_t to_bitset,
                                  int64_t shift) const {
  std::memset(to, 0, to_bitset);
  std::memcpy(to, from, std::min(from_bitset, to_bitset));
  std::memcpy(to + to_bitset, from + from_bitset, 8 * key_columns_);
  for (size_t column : variable_columns_) {
    char* word = to + to_bitset + 8 * column;
    auto value = Load<int64_t>(word);
    if (value != 0) Store<int64_t>(word, value + (shift << 32));
  }
}

std::string_view JoinStateLayout::WithIndex(std::string_view key, int64_t index, std::string* buffer) const {
  size_t before = FixedBytes(key_columns_), after = FixedBytes(key_columns_ + 1),
         bitset = BitsetBytes(key_columns_ + 1);
  if (key.size() < before) throw base::Error::Internal("A key of a join's state is too short");
  buffer->resize(key.size() + after - before);
  char* to = buffer->data();
  MoveColumns(key.data(), BitsetBytes(key_columns_), to, bitset, static_cast<int64_t>(after - before));
  Store<int64_t>(to + bitset + 8 * key_columns_, index);
  if (key.size() > before) std::memcpy(to + after, key.data() + before, key.size() - before);
  return *buffer;
}

std::string_view JoinStateLayout::WithoutIndex(std::string_view key_with_index, std::string* buffer) const {
  size_t before = FixedBytes(key_columns_ + 1), after = FixedBytes(key_columns_);
  if (key_with_index.size() < before) throw base::Error::Internal("A key of a join's state is too short");
  buffer->resize(key_with_index.size() + after - before);
  char* to = buffer->data();
  MoveColumns(key_with_index.data(), BitsetBytes(key_columns_ + 1), to, BitsetBytes(key_columns_),
              static_cast<int64_t>(after) - static_cast<int64_t>(before));
  size_t rest = key_with_index.size() - before;
  if (rest > 0) std::memcpy(to + after, key_with_index.data() + before, rest);
  return *buffer;
}

bool JoinStateLayout::IsMatched(std::string_view row) const {
  return row.size() > matched_offset_ && row[matched_offset_] != 0;
}

void JoinStateLayout::SetMatched(std::string* row) const { row->at(matched_offset_) = 1; }

JoinSideState::JoinSideState(const JoinStateLayout& layout, StateContext& context, int64_t operator_id, int partition)
    : layout_(layout),
      counts_(context.Open({operator_id, partition, layout.counts().name}, layout.counts().schema)),
      rows_(context.Open({operator_id, partition, layout.rows().name}, layout.rows().schema)),
      count_row_(FixedBytes(1), '\0') {}

int64_t JoinSideState::Count(std::string_view key) const {
  std::string_view count = counts_->Get(key);
  if (!count.data()) return 0;
  if (count.size() < FixedBytes(1)) throw base::Error::Internal("A count of a join's state is too short");
  return Load<int64_t>(count.data() + kCountOffset);
}

void JoinSideState::SetCount(std::string_view key, int64_t count) {
  if (count == 0) return counts_->Remove(key);
  Store<int64_t>(count_row_.data() + kCountOffset, count);
  counts_->Put(key, count_row_);
}

std::string_view JoinSideState::Row(std::string_view key, int64_t index) const {
  return Found(rows_->Get(Indexed(key, index)));
}

bool JoinSideState::MarkMatched(std::string_view key, int64_t index) {
  std::string_view row = Row(key, index);
  if (layout_.IsMatched(row)) return false;
  row_buffer_.assign(row);
  layout_.SetMatched(&row_buffer_);
  rows_->Put(key_buffer_, row_buffer_);
  return true;
}

void JoinSideState::MarkMatched(const state::UnsafeRows& keys, const std::vector<int32_t>& of,
                                const std::vector<int64_t>& indexes, const std::vector<std::string_view>& rows,
                                const std::vector<int32_t>& which) {
  group_.Clear();
  changed_.Clear();
  for (int32_t i : which) {
    group_.Add(Indexed(keys[of[i]], indexes[i]));
    row_buffer_.assign(rows[i]);
    layout_.SetMatched(&row_buffer_);
    changed_.Add(row_buffer_);
  }
  // The rows are views of what changes from here on.
  for (size_t i = 0; i < changed_.size(); ++i) rows_->Put(group_[i], changed_[i]);
}

void JoinSideState::Count(const state::UnsafeRows& keys, std::vector<int64_t>* counts) {
  auto size = static_cast<size_t>(keys.size());
  counts->resize(size);
  for (size_t begin = 0; begin < size; begin += kGroup) {
    size_t end = std::min(size, begin + kGroup);
    views_.clear();
    for (size_t i = begin; i < end; ++i) views_.push_back(keys[static_cast<int64_t>(i)]);
    counts_->Prefetch(views_);
    for (size_t i = begin; i < end; ++i) (*counts)[i] = Count(views_[i - begin]);
  }
}

void JoinSideState::Rows(const state::UnsafeRows& keys, const std::vector<int32_t>& of,
                         const std::vector<int64_t>& indexes, std::vector<std::string_view>* rows) {
  rows->resize(of.size());
  for (size_t begin = 0; begin < of.size(); begin += kGroup) {
    size_t end = std::min(of.size(), begin + kGroup);
    group_.Clear();
    for (size_t i = begin; i < end; ++i) group_.Add(Indexed(keys[of[i]], indexes[i]));
    group_.Views(&views_);
    rows_->Prefetch(views_);
    for (size_t i = begin; i < end; ++i) (*rows)[i] = Found(rows_->Get(views_[i - begin]));
  }
}

void JoinSideState::Append(const state::UnsafeRows& keys, const std::vector<int32_t>& of,
                           const state::UnsafeRows& rows) {
  for (size_t begin = 0; begin < of.size(); begin += kGroup) {
    size_t end = std::min(of.size(), begin + kGroup);
    views_.clear();
    for (size_t i = begin; i < end; ++i) views_.push_back(keys[of[i]]);
    counts_->Prefetch(views_);
    group_.Clear();
    for (std::string_view key : views_) {
      int64_t count = Count(key);
      group_.Add(Indexed(key, count));
      SetCount(key, count + 1);
    }
    group_.Views(&views_);
    rows_->Prefetch(views_);
    for (size_t i = begin; i < end; ++i) rows_->Put(views_[i - begin], rows[static_cast<int64_t>(i)]);
  }
}

bool JoinSideState::IsExpired(std::string_view row) const {
  auto time = time_->OfRow(row);
  return time && *time <= limit_us_;
}

void JoinSideState::StartEviction(const EventTimeKey& time, bool in_key, int64_t limit_us) {
  time_ = time;
  in_key_ = in_key;
  limit_us_ = limit_us;
  (in_key ? counts_ : rows_)->ForEach([&](std::string_view key, std::string_view row) {
    if (IsExpired(in_key ? key : row)) expired_.Add(key);
    return true;
  });
}

bool JoinSideState::EvictSome(ByteRows* unmatched) {
  if (next_expired_ == expired_.size()) return false;
  for (size_t done = 0; done < kEvictedTogether && next_expired_ < expired_.size(); ++done, ++next_expired_) {
    if (next_expired_ % kGroup == 0) PrefetchExpired();
    std::string_view expired = expired_[next_expired_];
    if (in_key_) {
      EvictKey(expired, unmatched);
    } else {
      EvictRow(expired, unmatched);
    }
  }
  return true;
}

void JoinSideState::PrefetchExpired() {
  views_.clear();
  size_t end = std::min(expired_.size(), next_expired_ + kGroup);
  for (size_t i = next_expired_; i < end; ++i) views_.push_back(expired_[i]);
  if (in_key_) return counts_->Prefetch(views_);
  rows_->Prefetch(views_);
  group_.Clear();
  for (std::string_view key : views_) group_.Add(layout_.WithoutIndex(key, &plain_key_));
  group_.Views(&views_);
  counts_->Prefetch(views_);
}

// A key's first expired row takes the others of the key with it.
void JoinSideState::EvictRow(std::string_view key_with_index, ByteRows* unmatched) {
  std::string_view row = rows_->Get(key_with_index);
  if (!row.data() || !IsExpired(row)) return;
  layout_.WithoutIndex(key_with_index, &plain_key_);
  int64_t count = Count(plain_key_);
  if (count != 1) return EvictOfKey(plain_key_, count, unmatched);
  TakeOut(row, unmatched);
  rows_->Remove(key_with_index);
  counts_->Remove(plain_key_);
}

void JoinSideState::TakeOut(std::string_view row, ByteRows* unmatched) {
  ++evicted_;
  if (unmatched && !layout_.IsMatched(row)) unmatched->Add(row);
}

void JoinSideState::EvictKey(std::string_view key, ByteRows* unmatched) {
  int64_t count = Count(key);
  for (int64_t index = 0; index < count; ++index) {
    TakeOut(Row(key, index), unmatched);
    rows_->Remove(key_buffer_);
  }
  counts_->Remove(key);
}

// The last row takes the place of one that goes, as in Spark: a checkpoint shows the order.
template <typename Takes>
void JoinSideState::RemoveOfKey(std::string_view key, int64_t count, const Takes& takes) {
  for (int64_t index = 0; index < count;) {
    if (!takes(Row(key, index))) {
      ++index;
      continue;
    }
    --count;
    if (index != count) {
      row_buffer_.assign(Row(key, count));
      rows_->Put(Indexed(key, index), row_buffer_);
    }
    rows_->Remove(Indexed(key, count));
  }
  SetCount(key, count);
}

void JoinSideState::EvictOfKey(std::string_view key, int64_t count, ByteRows* unmatched) {
  RemoveOfKey(key, count, [&](std::string_view row) {
    if (!IsExpired(row)) return false;
    TakeOut(row, unmatched);
    return true;
  });
}

void JoinSideState::RemoveMatched(const state::UnsafeRows& keys, const std::vector<int32_t>& of,
                                  const std::vector<int32_t>& which) {
  views_.clear();
  for (int32_t i : which) views_.push_back(keys[of[i]]);
  std::ranges::sort(views_);
  views_.erase(std::unique(views_.begin(), views_.end()), views_.end());
  for (std::string_view key : views_) {
    RemoveOfKey(key, Count(key), [&](std::string_view row) { return layout_.IsMatched(row); });
  }
}

void JoinSideState::Commit(const StateContext& context, StateOperatorMetrics* metrics) {
  metrics->rows_total += rows_->size();
  metrics->memory_bytes += rows_->MemoryUsed() + counts_->MemoryUsed();
  metrics->store_instances += 2;
  context.Commit(*counts_);
  context.Commit(*rows_);
  for (const auto& [name, value] : rows_->Metrics()) metrics->custom[name] += value;
  // Of the counts only what names the store is shown.
  for (const auto& [name, value] : counts_->Metrics()) {
    if (name.find(layout_.counts().name) != std::string::npos) metrics->custom[name] += value;
  }
  counts_.reset();
  rows_.reset();
}

}  // namespace sluice::exec
