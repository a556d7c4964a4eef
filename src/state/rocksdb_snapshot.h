// The file `metadata` within a snapshot of the RocksDB-backed provider.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::state {

/// A table or log file of the database: its name there and the one below SSTs/ or logs/ beside the snapshots.
struct SnapshotFile {
  std::string local_name, stored_name;
  int64_t bytes = 0;
};

struct SnapshotFamily {
  int16_t id = 0;
  bool internal = false;
};

struct SnapshotMetadata {
  std::vector<SnapshotFile> tables, logs;
  int64_t keys = 0;           ///< -1 = not counted
  int64_t internal_keys = 0;  ///< of the internal families
  std::map<std::string, SnapshotFamily> families;
  int16_t newest_family = 0;  ///< the highest id ever given
};

std::string FormatSnapshotMetadata(const SnapshotMetadata& metadata);
/// Throws kIllegalState for a damaged one, and CANNOT_LOAD_STATE_STORE.CANNOT_READ_CHECKPOINT for another version.
SnapshotMetadata ParseSnapshotMetadata(std::string_view text);

}  // namespace sluice::state
