// offsets/N: what each micro-batch will read, written before it runs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/sql_conf.h"
#include "checkpoint/metadata_log.h"

namespace sluice::checkpoint {

/// What is fixed for a batch beside its offsets. `conf` holds the settings that a query keeps for
/// life.
struct OffsetMetadata {
  int64_t watermark_ms = 0;
  int64_t timestamp_ms = 0;
  std::map<std::string, std::string> conf;
};

/// One entry: a JSON text for each source in plan order, nothing for a source without an offset
/// yet.
struct OffsetEntry {
  OffsetMetadata metadata;
  bool has_metadata = true;  ///< false in files of Spark 1.x and 2.0
  std::vector<std::optional<std::string>> offsets;

  /// "[{"logOffset":0}, -]", as error texts show it.
  std::string ToString() const;
};

/// The settings that Spark 4.2 keeps in the log, read from `conf`.
std::map<std::string, std::string> LoggedConf(const base::SqlConf& conf);
/// Puts logged settings into `conf`; for a setting that the log lacks, what it meant before it was
/// logged.
void RestoreLoggedConf(const OffsetMetadata& metadata, base::SqlConf& conf);

/// Text form of version 1: "v1", metadata JSON, a line a source ("-" for none), no newline at the
/// end.
std::string FormatOffsetEntry(const OffsetEntry& entry);
/// Throws kIllegalState for a text that is not a complete entry; version 2 is refused as
/// unsupported.
OffsetEntry ParseOffsetEntry(std::string_view text);

class OffsetLog : public MetadataLog {
 public:
  explicit OffsetLog(const std::string& checkpoint) : MetadataLog(checkpoint + "/offsets") {}
  /// `before_name`: see MetadataLog.
  bool Add(int64_t batch, const OffsetEntry& entry, const std::function<void()>& before_name = nullptr) {
    return MetadataLog::Add(batch, FormatOffsetEntry(entry), base::FolderSync::kNow, before_name);
  }
  /// Throws kIllegalState "Failed to read log file …" for a damaged file.
  std::optional<OffsetEntry> Get(int64_t batch) const;
};

}  // namespace sluice::checkpoint
