// Sessions with their aggregation buffers as rows of a state store (Spark's session window state format 1).
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
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
    explicit Prefixes(const SessionState& state);
    void Add(std::string_view key) { keys_.insert(key); }  ///< the bytes must outlive the set
    bool Has(std::string_view key) const { return keys_.count(key) > 0; }

   private:
    struct Hash {
      size_t start_at;
      size_t operator()(std::string_view key) const;
    };
    struct Equal {
      size_t start_at;
      bool operator()(std::string_view a, std::string_view b) const;
    };
    std::unordered_set<std::string_view, Hash, Equal> keys_;
  };

 private:
  size_t session_, grouping_;
  StateBuffers buffers_;
  state::StoreSchema schema_;
  state::UnsafeRowEncoder keys_, values_;
};

}  // namespace sluice::exec
