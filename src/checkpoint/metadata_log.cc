// Batch files in a folder: add without overwriting, list, purge.
#include "checkpoint/metadata_log.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/error.h"

namespace sluice::checkpoint {
namespace {

std::optional<int64_t> ParseId(std::string_view name) {
  int64_t id = 0;
  auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (status != std::errc() || end != name.data() + name.size() || id < 0) return std::nullopt;
  return id;
}

}  // namespace

MetadataLog::MetadataLog(std::string folder) : folder_(std::move(folder)) {}

std::string MetadataLog::PathOf(int64_t batch) const { return folder_ + "/" + std::to_string(batch); }

bool MetadataLog::Add(int64_t batch, std::string_view content, base::FolderSync folder_sync,
                      const std::function<void()>& before_name) {
  if (!base::WriteFileDurably(PathOf(batch), content, base::Existing::kFail, folder_sync, before_name)) return false;
  unsynced_ = folder_sync == base::FolderSync::kLater;
  return true;
}

void MetadataLog::Sync() {
  if (unsynced_) base::SyncFolder(folder_);
  unsynced_ = false;
}

std::optional<std::string> MetadataLog::Read(int64_t batch) const {
  try {
    return base::ReadWholeFile(PathOf(batch));
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kFileNotFound) return std::nullopt;
    throw;
  }
}

std::vector<int64_t> MetadataLog::Batches() const {
  std::vector<int64_t> ids;
  std::error_code failed;
  std::filesystem::directory_iterator entries(folder_, failed);
  if (failed) return ids;
  for (const auto& entry : entries) {
    if (!entry.is_regular_file(failed)) continue;
    if (auto id = ParseId(entry.path().filename().string())) ids.push_back(*id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::optional<int64_t> MetadataLog::LatestBatch() const {
  std::vector<int64_t> ids = Batches();
  if (ids.empty()) return std::nullopt;
  return ids.back();
}

void MetadataLog::Purge(int64_t threshold) {
  // A running query deletes one file a batch; only the first purge after a start has to list the
  // folder.
  if (threshold - purged_below_ <= 3) {
    for (int64_t id = purged_below_; id < threshold; ++id) base::RemoveFile(PathOf(id));
  } else {
    for (int64_t id : Batches()) {
      if (id < threshold) base::RemoveFile(PathOf(id));
    }
  }
  purged_below_ = std::max(purged_below_, threshold);
}

void MetadataLog::PurgeAfter(int64_t batch) {
  for (int64_t id : Batches()) {
    if (id > batch) base::RemoveFile(PathOf(id));
  }
}

int ParseLogVersion(std::string_view line, int max_supported) {
  auto malformed = [&] {
    return base::Error(base::ErrorKind::kIllegalState, "MALFORMED_LOG_FILE", {{"text", std::string(line)}})
        .WithDomain(base::ErrorDomain::kExternal, false);
  };
  if (line.empty() || line[0] != 'v') throw malformed();
  int version = 0;
  auto [end, status] = std::from_chars(line.data() + 1, line.data() + line.size(), version);
  if (status != std::errc() || end != line.data() + line.size() || version <= 0) throw malformed();
  if (version > max_supported) {
    throw base::Error(base::ErrorKind::kIllegalState, "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION",
                      {{"version", std::to_string(version)}, {"maxSupportedVersion", std::to_string(max_supported)}})
        .WithDomain(base::ErrorDomain::kExternal, false);
  }
  return version;
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string FileUri(const std::string& path) { return "file:" + path; }

void RethrowWithLogFile(const std::string& path) {
  try {
    throw;
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kIllegalState) throw;
    throw base::Error::Plain(base::ErrorKind::kIllegalState,
                             "Failed to read log file " + FileUri(path) + ". " + error.message())
        .WithDomain(base::ErrorDomain::kExternal, false);
  }
}

}  // namespace sluice::checkpoint
