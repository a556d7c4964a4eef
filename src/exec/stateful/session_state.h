// Sessions with their aggregation buffers as rows of a state store (Spark's session window state format 1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exec/aggregation.h"
#include "exec/stateful/aggregation_state.h"
#include "state/state_store.h"
#include "state/unsafe_row.h"

namespace sluice::exec {

/// Key = the grouping columns without the session, then the session's start; value = all grouping columns and buffers.
/// Immutable and thread safe.
class SessionState {
 public:
  /// Key `session` of the plan, made from `grouping`, is the window.
  SessionState(const AggregationPlan& plan, const std::vector<logical::ExprPtr>& grouping, size_t session);

  const state::StoreSchema& schema() const { return schema_; }
  /// Columns of a key that come before the session's start.
  int prefix_columns() const { return static_cast<int>(schema_.key->fields().size()) - 1; }
  state::UnsafeRows EncodeKeys(const PartialRows& sessions) const;
  state::UnsafeRows EncodeValues(const PartialRows& sessions) const;
  PartialRows Decode(const std::vector<std::string_view>& values) const;

  /// A set of keys in which those that differ by the session's start only are one.
  class Prefixes {
   public:
    Prefixes(const SessionState& state, int64_t most_keys);
    void Add(std::string_view key);  ///< the bytes must outlive the set
    bool Has(std::string_view key) const;

   private:
    struct Slot {
      uint64_t hash = 0;
      const char* key = nullptr;  // null: free
      size_t size = 0;
    };
    uint64_t HashOf(std::string_view key) const;
    /// The slot that the key is in, or the free one where it would go.
    size_t Find(std::string_view key, uint64_t hash) const;

    size_t start_at_;  // of the session's start in a key
    std::vector<Slot> slots_;
  };

 private:
  size_t session_, grouping_;
  StateBuffers buffers_;
  state::StoreSchema schema_;
  state::UnsafeRowEncoder keys_, values_;
};

}  // namespace sluice::exec
