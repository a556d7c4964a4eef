// Versioned keyed state of stateful operators, in Spark's HDFS-backed layout.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "types/data_type.h"

namespace sluice::state {

/// Where a store lives: <root>/<operator>/<partition>[/<name>].
struct StoreId {
  int64_t operator_id = 0;
  int partition = 0;
  std::string name;  ///< empty = "default", which has no sub-folder
};

/// Key and value rows as structs: what the schema file records.
struct StoreSchema {
  types::TypePtr key, value;
};

/// The state of one partition at one version, being changed towards the next. Keys and values are UnsafeRow bytes.
/// Used by one thread at a time.
class StateStore {
 public:
  virtual ~StateStore() = default;
  /// The value, or an empty view if absent; valid until the next change of the store.
  virtual std::string_view Get(std::string_view key) const = 0;
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Remove(std::string_view key) = 0;
  /// Visits all entries in no order; the visitor must not change the store. Return false to stop.
  virtual void ForEach(const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
  virtual int64_t size() const = 0;
  virtual int64_t MemoryUsed() const = 0;
  /// Writes version+1 durably (delta file, also when nothing changed) and makes it current.
  virtual void Commit() = 0;
  /// Forgets the changes.
  virtual void Abort() = 0;
};

/// All stores of one query run. Keeps one version of each in memory; loads it from snapshot and deltas when another
/// version is asked for. Thread safe.
class StateManager {
 public:
  virtual ~StateManager() = default;
  /// The store at `version` (0 = empty). Throws CANNOT_LOAD_STATE_STORE.* naming the missing or corrupt file.
  virtual std::shared_ptr<StateStore> Open(const StoreId& id, const StoreSchema& schema, int64_t version) = 0;
  /// Writes <root>/<op>/_metadata/metadata (operator metadata v1) once.
  virtual void WriteOperatorMetadata(int64_t operator_id, const std::string& operator_name, int partitions,
                                     const std::string& store_name = "default", int prefix_columns = 0) = 0;
  /// Writes due snapshots and deletes versions older than minBatchesToRetain; called from a background thread.
  virtual void Maintain() = 0;
};

struct StateOptions {
  std::string codec = "lz4";           ///< lz4, zstd, snappy; lzf is refused
  int64_t min_batches_to_retain = 100;
  int64_t min_deltas_for_snapshot = 10;
};
std::unique_ptr<StateManager> MakeHdfsBackedStateManager(const std::string& root, const StateOptions& options);

}  // namespace sluice::state
