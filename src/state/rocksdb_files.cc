// Copying, linking and clean-up of snapshot files.
#include "state/rocksdb_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "base/uuid.h"
#include "state/side_checksum.h"
#include "state/zip_archive.h"

namespace sluice::state {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr const char* kTables = "SSTs";
constexpr const char* kLogs = "logs";

Error Failed(const std::string& what, const std::string& path, const std::string& reason) {
  return Error::Plain(ErrorKind::kSpark, fmt::format("Cannot {} file:{}: {}", what, path, reason))
      .WithDomain(base::ErrorDomain::kExternal, true);
}

bool IsTable(const std::string& name) { return name.size() > 4 && name.ends_with(".sst"); }

// A table never changes once it is written, so a link serves where both folders lie on one file system.
void LinkOrCopy(const std::string& from, const std::string& to) {
  std::error_code failed;
  fs::create_hard_link(from, to, failed);
  if (!failed) return;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, failed);
  if (failed) throw Failed("copy " + from + " to", to, failed.message());
}

void SyncContent(const std::string& path) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  bool synced = file >= 0 && fsync(file) == 0;
  if (file >= 0) close(file);
  if (!synced) throw Failed("sync", path, std::error_code(errno, std::generic_category()).message());
}

int64_t SizeOf(const std::string& path) {
  std::error_code failed;
  auto size = fs::file_size(path, failed);
  return failed ? -1 : static_cast<int64_t>(size);
}

Error Missing(const std::string& path) {
  return Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_STREAMING_STATE_FILE",
               {{"fileToRead", "file:" + path}})
      .WithDomain(base::ErrorDomain::kExternal, false);
}

void FetchFile(const SnapshotFile& file, const std::string& folder, const std::string& to) {
  std::string stored = folder + "/" + file.stored_name;
  int64_t bytes = SizeOf(stored);
  if (bytes < 0) throw Missing(stored);
  if (bytes != file.bytes) {
    throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.UNEXPECTED_FILE_SIZE",
                {{"dfsFile", "file:" + stored},
                 {"localFile", to + "/" + file.local_name},
                 {"expectedSize", std::to_string(file.bytes)},
                 {"localFileSize", std::to_string(bytes)}})
        .WithDomain(base::ErrorDomain::kExternal, false);
  }
  LinkOrCopy(stored, to + "/" + file.local_name);
}

Error Damaged(const std::string& path, const std::string& reason) {
  std::string text = fmt::format("Error reading snapshot file file:{}: {}", path, reason);
  return Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED")
      .Append("\n" + text)
      .WithDomain(base::ErrorDomain::kExternal, false)
      .WithCause("java.io.IOException: " + text);
}

// The files of N.zip, checked against its side file.
std::vector<ZipEntry> ReadSnapshot(const std::string& path) {
  std::string archive;
  try {
    archive = base::ReadWholeFile(path);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kFileNotFound) throw Missing(path);
    throw;
  }
  std::string defect = FindSideChecksumDefect(path, archive);
  if (!defect.empty()) throw Damaged(path, defect);
  try {
    return Unzip(archive);
  } catch (const Error& error) {
    throw Damaged(path, error.message());
  }
}

SnapshotMetadata MetadataOf(const std::vector<ZipEntry>& entries, const std::string& path) {
  auto found = std::ranges::find(entries, "metadata", &ZipEntry::name);
  if (found == entries.end()) throw Damaged(path, "it has no metadata");
  try {
    return ParseSnapshotMetadata(found->content);
  } catch (const Error& error) {
    if (!error.condition().empty()) throw;
    throw Damaged(path, error.message());
  }
}

std::set<std::string> StoredNames(const SnapshotMetadata& metadata) {
  std::set<std::string> names;
  for (const SnapshotFile& file : metadata.tables) names.insert(file.stored_name);
  return names;
}

}  // namespace

std::string RocksDbFiles::SnapshotPath(int64_t version) const { return fmt::format("{}/{}.zip", folder_, version); }
std::string RocksDbFiles::ChangelogPath(int64_t version) const {
  return fmt::format("{}/{}.changelog", folder_, version);
}

RocksDbFiles::Listing RocksDbFiles::List() const {
  Listing files;
  std::error_code failed;
  for (fs::directory_iterator entry(folder_, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    int64_t version = 0;
    auto [rest, status] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (status != std::errc() || version < 1) continue;
    std::string_view suffix(rest, static_cast<size_t>(name.data() + name.size() - rest));
    if (suffix == ".zip") files.snapshots.insert(version);
    if (suffix == ".changelog") files.changelogs.insert(version);
  }
  return files;
}

SnapshotMetadata RocksDbFiles::ReadMetadata(int64_t version) const {
  std::string path = SnapshotPath(version);
  return MetadataOf(ReadSnapshot(path), path);
}

SnapshotMetadata RocksDbFiles::Fetch(int64_t version, const std::string& to) {
  std::lock_guard lock(mutex_);
  ++incarnation_;
  stored_.clear();
  std::string path = SnapshotPath(version);
  std::vector<ZipEntry> entries = ReadSnapshot(path);
  SnapshotMetadata metadata = MetadataOf(entries, path);
  for (const ZipEntry& entry : entries) {
    if (entry.name == "metadata") continue;
    base::WriteFileDurably(to + "/" + entry.name, entry.content, base::Existing::kReplace, base::FolderSync::kLater);
  }
  for (const SnapshotFile& file : metadata.tables) {
    FetchFile(file, folder_ + "/" + kTables, to);
    stored_[file.local_name] = file;
  }
  for (const SnapshotFile& file : metadata.logs) FetchFile(file, folder_ + "/" + kLogs, to);
  used_[version] = StoredNames(metadata);
  return metadata;
}

int64_t RocksDbFiles::incarnation() const {
  std::lock_guard lock(mutex_);
  return incarnation_;
}

void RocksDbFiles::Forget() {
  std::lock_guard lock(mutex_);
  ++incarnation_;
  stored_.clear();
}

// One table of the checkpoint folder, which the store may have already.
SnapshotFile RocksDbFiles::Store(const std::string& from, const std::string& name, SnapshotUpload* upload) {
  int64_t bytes = SizeOf(from + "/" + name);
  auto known = stored_.find(name);
  if (known != stored_.end() && known->second.bytes == bytes) {
    ++upload->files_reused;
    return known->second;
  }
  std::string stem = name.substr(0, name.size() - 4);
  SnapshotFile file{name, fmt::format("{}-{}.sst", stem, base::NewUuid()), bytes};
  std::string to = fmt::format("{}/{}/{}", folder_, kTables, file.stored_name);
  LinkOrCopy(from + "/" + name, to);
  SyncContent(to);
  ++upload->files_copied;
  upload->bytes_copied += bytes;
  return file;
}

SnapshotUpload RocksDbFiles::Upload(int64_t version, const std::string& from, SnapshotMetadata metadata,
                                    int64_t incarnation) {
  std::lock_guard lock(mutex_);
  SnapshotUpload upload;
  if (incarnation != incarnation_) return upload;
  std::vector<ZipEntry> entries;
  std::map<std::string, SnapshotFile> stored;
  std::error_code failed;
  base::CreateFoldersDurably(folder_ + "/" + kTables);
  for (fs::directory_iterator entry(from, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    if (IsTable(name)) {
      SnapshotFile file = Store(from, name, &upload);
      stored[name] = file;
      metadata.tables.push_back(file);
    } else if (name != "LOCK" && name != "LOG") {
      entries.push_back({name, base::ReadWholeFile(entry->path().string())});
    }
  }
  if (failed) throw Failed("list", from, failed.message());
  if (upload.files_copied > 0) base::SyncFolder(folder_ + "/" + kTables);
  base::FaultPoint("state.before_delta");
  entries.push_back({"metadata", FormatSnapshotMetadata(metadata)});
  for (const ZipEntry& entry : entries) upload.zip_bytes += static_cast<int64_t>(entry.content.size());
  auto start = std::chrono::steady_clock::now();
  base::WriteFileDurably(SnapshotPath(version), Zip(entries), base::Existing::kReplace, base::FolderSync::kLater);
  upload.zip_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
  stored_ = std::move(stored);
  used_[version] = StoredNames(metadata);
  return upload;
}

void RocksDbFiles::Purge(int64_t retained) {
  Listing files = List();
  if (files.snapshots.empty()) return;
  int64_t newest = std::max(*files.snapshots.rbegin(), files.changelogs.empty() ? 0 : *files.changelogs.rbegin());
  auto above = files.snapshots.upper_bound(newest - retained);
  if (newest <= retained || above == files.snapshots.begin()) return;
  int64_t first_needed = *std::prev(above);
  auto purge = [](const std::string& path) {
    if (base::RemoveFile(path)) base::FaultPoint("state.purging");
  };
  std::set<int64_t> left;
  for (int64_t version : files.snapshots) {
    if (version < first_needed) {
      purge(SnapshotPath(version));
    } else {
      left.insert(version);
    }
  }
  for (int64_t version : files.changelogs) {
    if (version < first_needed) purge(ChangelogPath(version));
  }
  if (left.size() < files.snapshots.size()) RemoveUnusedTables(left);
}

void RocksDbFiles::RemoveUnusedTables(const std::set<int64_t>& snapshots) {
  std::lock_guard lock(mutex_);
  std::erase_if(used_, [&](const auto& entry) { return entry.first < *snapshots.begin(); });
  for (int64_t version : snapshots) {
    if (!used_.contains(version)) used_[version] = StoredNames(ReadMetadata(version));
  }
  std::set<std::string> needed;
  for (const auto& [version, names] : used_) needed.insert(names.begin(), names.end());
  std::error_code failed;
  std::vector<std::string> unused;
  for (fs::directory_iterator entry(folder_ + "/" + kTables, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    if (IsTable(name) && name[0] != '.' && !needed.contains(name)) unused.push_back(entry->path().string());
  }
  for (const std::string& path : unused) base::RemoveFile(path);
}

}  // namespace sluice::state
