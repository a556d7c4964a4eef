// A log of small text files named by batch id: what offsets/, commits/ and the source logs are made
// of.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/durable_file.h"

namespace sluice::checkpoint {

/// Spark's HDFSMetadataLog on a local folder. An entry is written once, atomically and durably, and
/// never overwritten. Not thread safe; two processes on one folder are safe: one of them loses the
/// race.
class MetadataLog {
 public:
  explicit MetadataLog(std::string folder);

  /// Writes entry `batch`. False (and nothing written) if it exists already. With FolderSync::kLater a crash of the
  /// machine may lose the entry as a whole until Sync, or until a later entry's Add, has returned. `before_name` is
  /// called when the content is on the disk.
  bool Add(int64_t batch, std::string_view content, base::FolderSync folder_sync = base::FolderSync::kNow,
           const std::function<void()>& before_name = nullptr);
  /// Makes entries that were added with kLater durable.
  void Sync();
  /// The text of entry `batch`, nothing if the file does not exist.
  std::optional<std::string> Read(int64_t batch) const;
  /// Ids of the files present, ascending; other names are passed over.
  std::vector<int64_t> Batches() const;
  std::optional<int64_t> LatestBatch() const;
  /// Deletes the entries below `threshold`.
  void Purge(int64_t threshold);
  /// Deletes the entries above `batch`.
  void PurgeAfter(int64_t batch);

  const std::string& folder() const { return folder_; }
  std::string PathOf(int64_t batch) const;

 private:
  std::string folder_;
  int64_t purged_below_ = 0;
  bool unsynced_ = false;
};

/// Parses "v<number>". Throws MALFORMED_LOG_FILE or INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION
/// (kIllegalState).
int ParseLogVersion(std::string_view line, int max_supported);

/// The lines of a log file, without a last empty one.
std::vector<std::string_view> SplitLines(std::string_view text);

/// Runs `parse`; an error of the file's form that it throws gets "Failed to read log file <path>. "
/// in front.
template <typename Parse>
auto ReadingLogFile(const std::string& path, Parse&& parse) -> decltype(parse());

/// The form in which Spark prints a local file: "file:/a/b".
std::string FileUri(const std::string& path);

[[noreturn]] void RethrowWithLogFile(const std::string& path);

template <typename Parse>
auto ReadingLogFile(const std::string& path, Parse&& parse) -> decltype(parse()) {
  try {
    return parse();
  } catch (...) {
    RethrowWithLogFile(path);
  }
}

}  // namespace sluice::checkpoint
