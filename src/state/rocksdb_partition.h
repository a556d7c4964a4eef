// One partition of one store in a RocksDB of its own, with its snapshots and changelogs in the checkpoint.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/statistics.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "state/changelog.h"
#include "state/column_families.h"
#include "state/key_encoder.h"
#include "state/rocksdb_files.h"
#include "state/rocksdb_options.h"
#include "state/state_store.h"
#include "state/work_folder.h"

namespace sluice::state {

/// Shared between the query's tasks and the maintenance thread.
class RocksDbPartition : public std::enable_shared_from_this<RocksDbPartition> {
 public:
  /// `schema` and `layout` are of the store's one family if it has no families.
  RocksDbPartition(const std::string& folder, StoreId id, StoreSchema schema, KeyLayout layout, bool has_families,
                   StateOptions options, RocksDbOptions rocksdb_options);
  ~RocksDbPartition();

  /// Locks the partition for one user until the handle commits, aborts or is dropped.
  std::shared_ptr<FamilyStore> Open(int64_t version);
  /// The same, read from one snapshot (0 = none) and the changelogs after it.
  std::shared_ptr<FamilyStore> OpenFrom(int64_t snapshot, int64_t version);
  /// Makes the names of committed files durable.
  void Sync();
  /// Writes the snapshot that is due and deletes old versions, beside the work of batches.
  void Maintain();

 private:
  class Handle;
  class ChangelogFile;
  /// A family of the open database.
  struct Family {
    ColumnFamily definition;
    int16_t id = 0;
    std::optional<KeyEncoder> keys;  ///< none: its keys are in the database, but nobody has created it in this run
  };
  /// A checkpoint of the database that waits to become a snapshot.
  struct Pending {
    int64_t version = 0, incarnation = 0;
    std::unique_ptr<WorkFolder> folder;
    SnapshotMetadata metadata;
  };

  void AwaitRelease(std::unique_lock<std::mutex>& lock);
  std::shared_ptr<FamilyStore> MakeHandle();
  rocksdb::Options DatabaseOptions() const;
  void Load(int64_t version);
  void LoadFrom(int64_t snapshot, int64_t version);
  void OpenDatabase();
  void CloseDatabase();
  void Replay(int64_t version);
  void CheckRecord(const ChangelogRecord& record, std::string* key) const;
  void CountKeys();
  void TakeFamilies(const SnapshotMetadata& metadata);
  int16_t AddFamily(const std::string& name, bool internal);
  bool IsInternal(std::string_view stored_key) const;
  Pending TakeCheckpoint(int64_t version);
  void Upload(const Pending& pending);
  std::map<std::string, int64_t> Metrics(bool committed) const;
  int64_t MemoryUsed() const;
  std::string IdText() const;
  std::string ProviderText() const;
  void Release();

  const StoreId id_;
  const StoreSchema schema_;
  const KeyLayout layout_;
  const bool has_families_;
  const StateOptions options_;
  const RocksDbOptions rocksdb_options_;
  RocksDbFiles files_;
  std::shared_ptr<rocksdb::Statistics> statistics_;

  mutable std::mutex mutex_;
  std::condition_variable released_;
  bool in_use_ = false;
  // Of the one user, or of Load.
  std::unique_ptr<WorkFolder> folder_;
  std::unique_ptr<rocksdb::DB> database_;
  std::vector<Family> families_;
  std::map<std::string, SnapshotFamily> known_families_;  // of the database, created in this run or not
  int16_t newest_family_ = 0;
  int64_t version_ = -1;  // of the database; -1 = nothing loaded
  int64_t keys_ = 0, internal_keys_ = 0;
  int64_t checkpointed_ = 0;  // the last version of which there is a snapshot or one on its way
  bool force_snapshot_ = false;
  std::map<std::string, int64_t> load_metrics_, commit_metrics_;
  int64_t repaired_ = 0;

  std::mutex pending_mutex_;
  std::optional<Pending> pending_;
  std::atomic<int64_t> last_snapshot_{-1};
  std::atomic<bool> unsynced_{false};
};

}  // namespace sluice::state
