// One partition of one store: the map in memory, and its delta and snapshot files.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "state/state_file.h"
#include "state/state_map.h"
#include "state/state_store.h"

namespace sluice::state {

/// Shared between the query's tasks and the maintenance thread.
class StatePartition : public std::enable_shared_from_this<StatePartition> {
 public:
  StatePartition(std::string folder, StoreId id, StoreSchema schema, StateOptions options);

  /// Locks the partition for one user until the handle commits, aborts or is dropped.
  std::shared_ptr<StateStore> Open(int64_t version);
  /// The same, read from one snapshot (0 = none) and the deltas after it.
  std::shared_ptr<StateStore> OpenFrom(int64_t snapshot, int64_t version);
  /// Makes the names of committed deltas durable.
  void Sync();
  /// Writes a snapshot if enough deltas follow the last one, and deletes old versions. Waits for an open handle, but
  /// writes beside the next ones.
  void Maintain();

 private:
  class Handle;
  struct Files;

  std::shared_ptr<StateStore> MakeHandle();
  void Load(int64_t version);
  void LoadFrom(int64_t snapshot, int64_t version);
  bool LoadFromOlder(std::set<int64_t> snapshots, int64_t version);
  void ReadDelta(int64_t version);
  void ReadSnapshot(int64_t version);
  void CheckFirstRow(const StateEntry& entry);
  void CheckSideFile(const std::string& path, const std::string& file, bool is_snapshot) const;
  [[noreturn]] void ThrowDefect(const StateFileDefect& defect, const std::string& path, bool is_snapshot) const;
  std::string DeltaPath(int64_t version) const;
  std::string SnapshotPath(int64_t version) const;
  std::string ProviderText() const;
  std::string IdText() const;
  Files ListFiles() const;
  void WriteSnapshot(int64_t newest_snapshot);
  void Thaw();
  void Purge(const Files& files, int64_t newest_snapshot) const;
  void Release();

  const std::string folder_;
  const StoreId id_;
  const StoreSchema schema_;
  const StateOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  bool in_use_ = false;
  StateMap map_;
  int64_t version_ = -1;  // of map_; -1 = nothing loaded
  bool row_checked_ = false;
  int64_t opened_in_memory_ = 0, opened_from_files_ = 0, repaired_ = 0;
  std::atomic<int64_t> last_snapshot_{-1};
  std::atomic<bool> unsynced_{false};  // a delta's name
};

}  // namespace sluice::state
