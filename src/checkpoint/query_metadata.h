// `metadata` of a checkpoint: the query's id, and the lock that keeps other processes off the
// folder.
#pragma once

#include <memory>
#include <string>

namespace sluice::checkpoint {

/// The query's id: read from `metadata`, or made and written there. Throws
/// STREAMING_CHECKPOINT_MISSING_METADATA_FILE if the file is missing while offsets or commits hold
/// entries and `verify_exists` is set.
std::string ReadOrCreateQueryId(const std::string& checkpoint, bool verify_exists);

/// Holds a checkpoint for one query of one process. The lock goes with the process, however that
/// ends.
class CheckpointLock {
 public:
  /// Throws CONCURRENT_QUERY (kConcurrentModification) if another process, or another query of this
  /// one, has it.
  explicit CheckpointLock(const std::string& checkpoint);
  ~CheckpointLock();
  CheckpointLock(const CheckpointLock&) = delete;
  CheckpointLock& operator=(const CheckpointLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace sluice::checkpoint
