// The rows that one side of a stream-stream join keeps, in Spark's state format 2: the number of rows of each key in
// one store, the rows by key and number in another.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exec/stateful/event_time_key.h"
#include "exec/stateful/state_context.h"
#include "state/state_store.h"
#include "state/unsafe_row.h"

namespace sluice::exec {

/// Byte strings one after the other, filled again and again without allocation.
class ByteRows {
 public:
  void Add(std::string_view row) {
    bytes_.append(row);
    ends_.push_back(bytes_.size());
  }
  void Clear() {
    bytes_.clear();
    ends_.clear();
  }
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t i) const {
    size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {bytes_.data() + begin, ends_[i] - begin};
  }
  void Views(std::vector<std::string_view>* views) const;

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

/// What the two stores of a side hold. Immutable.
class JoinStateLayout {
 public:
  /// `side` is "left" or "right"; `input` are the columns of the side's rows.
  JoinStateLayout(const std::string& side, const std::vector<logical::ExprPtr>& keys, const logical::Attributes& input);

  const state::StoreInfo& counts() const { return counts_; }
  const state::StoreInfo& rows() const { return rows_; }
  const types::DataType& key_type() const { return *counts_.schema.key; }
  /// Of a row with its flag `matched`, the last field.
  const types::DataType& row_type() const { return *rows_.schema.value; }
  state::UnsafeRows EncodeKeys(const arrow::ArrayVector& keys, int64_t rows) const { return keys_.Encode(keys, rows); }
  state::UnsafeRows EncodeRows(const arrow::ArrayVector& columns_and_matched, int64_t rows) const {
    return encoder_.Encode(columns_and_matched, rows);
  }

  /// The row of `key` with an index behind its columns, in `buffer`.
  std::string_view WithIndex(std::string_view key, int64_t index, std::string* buffer) const;
  /// The row of the key in such a row.
  std::string_view WithoutIndex(std::string_view key_with_index, std::string* buffer) const;
  bool IsMatched(std::string_view row) const;
  void SetMatched(std::string* row) const;

 private:
  void MoveColumns(const char* from, size_t from_bitset, char* to, size_t to_bitset, int64_t shift) const;

  size_t key_columns_, matched_offset_;
  std::vector<size_t> variable_columns_;  // of the key, whose words hold offsets
  state::StoreInfo counts_, rows_;
  state::UnsafeRowEncoder keys_, encoder_;
};

/// The state of one side in one partition during a batch, as Spark's SymmetricHashJoinStateManager works with it: a
/// key's rows are numbered from 0 without gaps.
class JoinSideState {
 public:
  JoinSideState(const JoinStateLayout& layout, StateContext& context, int64_t operator_id, int partition);

  int64_t Count(std::string_view key) const;
  /// The number of rows of each key.
  void Count(const state::UnsafeRows& keys, std::vector<int64_t>* counts);
  /// Row indexes[i] of the key keys[of[i]] with its flag; the views are valid until the next change.
  void Rows(const state::UnsafeRows& keys, const std::vector<int32_t>& of, const std::vector<int64_t>& indexes,
            std::vector<std::string_view>* rows);
  /// Notes that the row has matched; false if that was known.
  bool MarkMatched(std::string_view key, int64_t index);
  /// The same for row indexes[i] of the key keys[of[i]], which is rows[i] of Rows, for each i of `which`.
  void MarkMatched(const state::UnsafeRows& keys, const std::vector<int32_t>& of, const std::vector<int64_t>& indexes,
                   const std::vector<std::string_view>& rows, const std::vector<int32_t>& which);
  /// Removes the rows that have matched of the keys keys[of[i]], for each i of `which`.
  void RemoveMatched(const state::UnsafeRows& keys, const std::vector<int32_t>& of, const std::vector<int32_t>& which);
  /// Adds rows[i] to the key keys[of[i]].
  void Append(const state::UnsafeRows& keys, const std::vector<int32_t>& of, const state::UnsafeRows& rows);

  /// Begins to remove rows whose time, in the key or in the row, is at or before `limit_us`.
  void StartEviction(const EventTimeKey& time, bool in_key, int64_t limit_us);
  /// Removes some more; those that never matched are added to `unmatched` if it is not null. False if there were no
  /// more.
  bool EvictSome(ByteRows* unmatched);
  int64_t evicted() const { return evicted_; }

  int64_t size() const { return rows_->size(); }
  /// Commits the two stores, adds what progress says of them, and lets go of them.
  void Commit(const StateContext& context, StateOperatorMetrics* metrics);

 private:
  std::string_view Row(std::string_view key, int64_t index) const;
  void PrefetchExpired();
  void EvictRow(std::string_view key_with_index, ByteRows* unmatched);
  void EvictKey(std::string_view key, ByteRows* unmatched);
  void EvictOfKey(std::string_view key, int64_t count, ByteRows* unmatched);
  template <typename Takes>
  void RemoveOfKey(std::string_view key, int64_t count, const Takes& takes);
  void TakeOut(std::string_view row, ByteRows* unmatched);
  void SetCount(std::string_view key, int64_t count);
  bool IsExpired(std::string_view row) const;
  std::string_view Indexed(std::string_view key, int64_t index) const {
    return layout_.WithIndex(key, index, &key_buffer_);
  }

  const JoinStateLayout& layout_;
  std::shared_ptr<state::StateStore> counts_, rows_;
  mutable std::string key_buffer_;
  std::string row_buffer_, plain_key_;
  std::string count_row_;  // a row of one number
  // What is to be evicted: keys, or keys with index.
  std::optional<EventTimeKey> time_;
  bool in_key_ = false;
  int64_t limit_us_ = 0, evicted_ = 0;
  ByteRows expired_;
  size_t next_expired_ = 0;
  // Of a group of keys that are looked up one after the other.
  ByteRows group_, changed_;
  std::vector<std::string_view> views_;
};

}  // namespace sluice::exec
