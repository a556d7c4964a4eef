// Versioned keyed state of stateful operators, in Spark's HDFS-backed layout.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

/// The state of one partition at one version, being changed towards the next. Keys and values are
/// UnsafeRow bytes. Used by one thread at a time. Dropping it without Commit is Abort.
class StateStore {
 public:
  virtual ~StateStore() = default;
  /// The value; its data() is null if the key is absent. Valid until the next change of the store.
  virtual std::string_view Get(std::string_view key) const = 0;
  /// Says that these keys are asked for or changed next: many at once are then faster.
  virtual void Prefetch(const std::vector<std::string_view>& keys) const {}
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Remove(std::string_view key) = 0;
  /// Removes the entries that pass, visiting all in no order. The views of removed ones live until Commit or Abort.
  virtual void RemoveIf(const std::function<bool(std::string_view key, std::string_view value)>& passes) = 0;
  /// Visits all entries in no order; the visitor must not change the store. Return false to stop.
  virtual void ForEach(const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
  virtual int64_t size() const = 0;
  virtual int64_t MemoryUsed() const = 0;
  /// The provider's own numbers for progress' customMetrics; after Commit with those of the commit.
  virtual std::map<std::string, int64_t> Metrics() const { return {}; }
  /// Writes version+1 (a delta file, also when nothing changed) and makes it current. It is durable once
  /// StateManager::Sync has been called.
  virtual void Commit() = 0;
  /// Forgets the changes.
  virtual void Abort() = 0;
};

/// How the keys of a family lie in a store, which decides how they can be looked for.
struct KeyLayout {
  enum class Kind { kPlain, kPrefix, kRange } kind = Kind::kPlain;
  int prefix_columns = 0;           ///< kPrefix: so many leading columns are what a prefix scan asks for
  std::vector<int> range_ordinals;  ///< kRange: the key's columns, of fixed size, by which it is ordered
};

/// One of the families of a store (state/column_families.h).
struct ColumnFamily {
  std::string name = "default";
  StoreSchema schema;
  KeyLayout layout;
  bool multiple_values = false;    ///< a key has a list of values
  bool internal = false;           ///< its name begins with "$"; not counted among the rows
  types::TypePtr user_key_schema;  ///< of a map's own key, null for other families
};

/// What a stateful operator keeps, as operator metadata and schema files record it.
struct StoreInfo {
  std::string name = "default";
  StoreSchema schema;
  int prefix_columns = 0;
  std::vector<ColumnFamily> families;     ///< of a store of transformWithState; it then has no schema of its own
  std::vector<std::string> schema_files;  ///< where their schemas lie, as metadata of version 2 tells
};
struct OperatorInfo {
  int64_t id = 0;
  std::string name;  ///< "stateStoreSave", "dedupe", "symmetricHashJoin" …
  int partitions = 1;
  std::vector<StoreInfo> stores;
  std::string properties_json;  ///< of transformWithState: its metadata is then of version 2
};

class FamilyStore;

/// All stores of one query run. Keeps one version of each in memory; loads it from snapshot and
/// deltas when another version is asked for. Thread safe.
class StateManager {
 public:
  virtual ~StateManager() = default;
  /// Checks the plan's operators against those that the checkpoint has state of (names, schemas)
  /// and records them if it has none. Called once a run, before the first batch. `first_version` is
  /// that batch's version. Throws STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA,
  /// STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY, STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE,
  /// STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE.
  virtual void Prepare(const std::vector<OperatorInfo>& operators, int64_t first_version) = 0;
  /// The store at `version` (0 = empty). Throws CANNOT_LOAD_STATE_STORE.* naming the missing or
  /// corrupt file.
  virtual std::shared_ptr<StateStore> Open(const StoreId& id, const StoreSchema& schema, int64_t version) = 0;
  /// The same of a store with families, which Prepare has been told of or are created later. Throws
  /// UNSUPPORTED_FEATURE.STATE_STORE_MULTIPLE_COLUMN_FAMILIES if the provider has none.
  virtual std::shared_ptr<FamilyStore> OpenFamilies(const StoreId& id, int64_t version) = 0;
  /// On return everything committed is durable. Thread safe.
  virtual void Sync() = 0;
  /// Writes due snapshots and deletes versions older than minBatchesToRetain; called from a
  /// background thread.
  virtual void Maintain() = 0;
};

struct StateOptions {
  std::string codec = "lz4";  ///< lz4, zstd; others are refused
  int64_t min_batches_to_retain = 100;
  int64_t min_deltas_for_snapshot = 10;
  std::string run_id;                 ///< of the query, for error texts
  bool check_schema = true;           ///< spark.sql.streaming.stateStore.stateSchemaCheck
  bool repair_snapshots = true;       ///< a damaged snapshot is passed over if older files lead to the same version
  int64_t most_repair_changes = 500;  ///< so many deltas or changelogs may be read for that
  bool row_checksums = false;         ///< spark.sql.streaming.stateStore.rowChecksum.enabled
  int64_t verify_reads = 0;           ///< every so many reads of a row its checksum is verified; 0 = when loading only
};
std::unique_ptr<StateManager> MakeHdfsBackedStateManager(const std::string& root, const StateOptions& options);

struct RocksDbOptions;
/// State that need not fit into memory (state/rocksdb_options.h).
std::unique_ptr<StateManager> MakeRocksDbStateManager(const std::string& root, const StateOptions& options,
                                                      const RocksDbOptions& rocksdb_options);

}  // namespace sluice::state
