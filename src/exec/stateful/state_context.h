// What a stateful operator sees of the query's state during one micro-batch.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "state/state_store.h"

namespace sluice::exec {

/// Progress numbers of one stateful operator, summed over partitions (StateOperatorProgress).
struct StateOperatorMetrics {
  std::string operator_name;  ///< "stateStoreSave", "dedupe", "symmetricHashJoin" …
  int64_t rows_total = 0, rows_updated = 0, rows_removed = 0, rows_dropped_by_watermark = 0;
  int64_t updates_ms = 0, removals_ms = 0, commit_ms = 0, memory_bytes = 0;
  int64_t shuffle_partitions = 0, store_instances = 0;
  std::map<std::string, int64_t> custom;
};

/// One a micro-batch, made by the streaming loop. Thread safe.
class StateContext {
 public:
  /// `await_log` returns when the batch's range is logged: state may only be kept for a range that stays.
  StateContext(state::StateManager* manager, int64_t version, std::function<void()> await_log = nullptr)
      : manager_(manager), version_(version), await_log_(std::move(await_log)) {}

  /// The store of (operator, partition, name) at this batch's version (= batch id), for reading and
  /// writing.
  std::shared_ptr<state::StateStore> Open(const state::StoreId& id, const state::StoreSchema& schema) {
    return manager_->Open(id, schema, version_);
  }
  /// The same of a store with families (state/column_families.h).
  std::shared_ptr<state::FamilyStore> OpenFamilies(const state::StoreId& id) {
    return manager_->OpenFamilies(id, version_);
  }
  void Commit(state::StateStore& store) const {
    if (await_log_) await_log_();
    store.Commit();
  }
  int64_t version() const { return version_; }

  /// Watermarks in milliseconds of an operator: late rows are judged by the previous batch's,
  /// eviction by the current. Nothing without a watermark.
  std::map<int64_t, std::optional<int64_t>> late_watermark_ms, eviction_watermark_ms;
  /// Late rows are judged by this batch's watermark instead (statefulOperator.allowMultiple=false).
  bool single_watermark = false;

  void Report(int64_t operator_id, const StateOperatorMetrics& part);
  std::map<int64_t, StateOperatorMetrics> metrics() const;

 private:
  state::StateManager* manager_;
  int64_t version_;
  std::function<void()> await_log_;
  mutable std::mutex mutex_;
  std::map<int64_t, StateOperatorMetrics> metrics_;
};

}  // namespace sluice::exec
