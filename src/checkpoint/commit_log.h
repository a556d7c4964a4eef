// commits/N: batch N has been written by the sink and its state is durable.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "checkpoint/metadata_log.h"

namespace sluice::checkpoint {

struct CommitEntry {
  int64_t next_watermark_ms = 0;
};

/// Version 1: "v1\n{"nextBatchWatermarkMs":0}".
std::string FormatCommitEntry(const CommitEntry& entry);
/// Throws kIllegalState for a damaged text. Version 2 with state ids (RocksDB checkpoints of format
/// 2) is refused.
CommitEntry ParseCommitEntry(std::string_view text);

class CommitLog : public MetadataLog {
 public:
  explicit CommitLog(const std::string& checkpoint) : MetadataLog(checkpoint + "/commits") {}
  /// The entry's name is durable once Sync has been called: a commit that is lost with the machine only makes its batch
  /// run again.
  bool Add(int64_t batch, const CommitEntry& entry, const std::function<void()>& before_name = nullptr) {
    return MetadataLog::Add(batch, FormatCommitEntry(entry), base::FolderSync::kLater, before_name);
  }
  std::optional<CommitEntry> Get(int64_t batch) const;
};

}  // namespace sluice::checkpoint
