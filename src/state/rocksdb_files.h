// Snapshots of a RocksDB-backed partition on their way between the database's folder and the checkpoint.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "state/rocksdb_snapshot.h"

namespace sluice::state {

/// What a snapshot cost, for progress.
struct SnapshotUpload {
  int64_t files_copied = 0, files_reused = 0, bytes_copied = 0, zip_bytes = 0, zip_ms = 0;
};

/// The files of one partition of one store: N.zip, N.changelog, SSTs/. Thread safe.
class RocksDbFiles {
 public:
  explicit RocksDbFiles(std::string folder) : folder_(std::move(folder)) {}

  struct Listing {
    std::set<int64_t> snapshots, changelogs;
  };
  Listing List() const;
  std::string SnapshotPath(int64_t version) const;
  std::string ChangelogPath(int64_t version) const;
  const std::string& folder() const { return folder_; }

  /// Fills an empty folder with a snapshot's files. Throws for missing and damaged ones, naming them.
  SnapshotMetadata Fetch(int64_t version, const std::string& to);
  /// Writes the snapshot of a database's checkpoint folder, durably but for the name. `incarnation` is that of the
  /// database: files of the same name in another one are others. Nothing happens if Fetch came since.
  SnapshotUpload Upload(int64_t version, const std::string& from, SnapshotMetadata metadata, int64_t incarnation);
  /// Changes with every Fetch and Forget.
  int64_t incarnation() const;
  /// The database begins anew: files of the same name are others.
  void Forget();
  /// Deletes what versions before `newest - retained` need only.
  void Purge(int64_t retained);

 private:
  SnapshotFile Store(const std::string& from, const std::string& name, SnapshotUpload* upload);
  SnapshotMetadata ReadMetadata(int64_t version) const;
  void RemoveUnusedTables(const std::set<int64_t>& snapshots);

  const std::string folder_;
  mutable std::mutex mutex_;
  int64_t incarnation_ = 0;
  std::map<std::string, SnapshotFile> stored_;     // by local name: tables of this incarnation that the checkpoint has
  std::map<int64_t, std::set<std::string>> used_;  // stored names by snapshot
};

}  // namespace sluice::state
