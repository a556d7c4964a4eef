// Loading, committing, snapshots and clean-up of one partition.
#include "state/state_partition.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <set>

#include "base/durable_file.h"
#include "base/durable_writer.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "state/row_checksum.h"
#include "state/side_checksum.h"
#include "state/unsafe_row.h"

namespace sluice::state {
namespace {

using base::Error;
using base::ErrorKind;

std::string FileUri(const std::string& path) { return "file:" + path; }

// Side files that describe another content would make Spark refuse the new one.
void RemoveChecksums(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove(path + ".crc", ignored);
}

// A delta or snapshot on its way to disk.
class StateFile {
 public:
  StateFile(std::string path, const StateOptions& options)
      : path_(std::move(path)),
        file_(path_),
        entries_(
            options.codec, [this](std::string_view bytes) { file_.Append(bytes); }, options.row_checksums) {}
  StateFileWriter& entries() { return entries_; }
  void Publish(base::FolderSync folder_sync) {
    entries_.Finish();
    file_.Publish(base::Existing::kReplace, folder_sync);
    RemoveChecksums(path_);
  }

 private:
  const std::string path_;
  base::DurableWriter file_;
  StateFileWriter entries_;
};

std::optional<std::string> ReadIfExists(const std::string& path) {
  try {
    return base::ReadWholeFile(path);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kFileNotFound) return std::nullopt;
    throw;
  }
}

}  // namespace

struct StatePartition::Files {
  std::set<int64_t> deltas, snapshots;
};

// What a task works with: puts go to the map at once and to the delta file.
class StatePartition::Handle : public StateStore {
 public:
  explicit Handle(std::shared_ptr<StatePartition> partition)
      : partition_(std::move(partition)),
        map_(partition_->map_),
        delta_(partition_->DeltaPath(partition_->version_ + 1), partition_->options_) {}
  ~Handle() override { Abort(); }

  std::string_view Get(std::string_view key) const override { return map_.Get(key); }
  void Prefetch(const std::vector<std::string_view>& keys) const override { map_.Prefetch(keys.data(), keys.size()); }
  void Put(std::string_view key, std::string_view value) override {
    map_.Put(key, value);
    delta_.entries().Put(key, value);
  }
  void Remove(std::string_view key) override {
    if (map_.Remove(key)) delta_.entries().Remove(key);
  }
  void RemoveIf(const std::function<bool(std::string_view, std::string_view)>& passes) override {
    map_.RemoveIf([&](std::string_view key, std::string_view value) {
      if (!passes(key, value)) return false;
      delta_.entries().Remove(key);
      return true;
    });
  }
  void ForEach(const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    map_.ForEach(visit);
  }
  int64_t size() const override { return map_.size(); }
  int64_t MemoryUsed() const override { return map_.MemoryUsed(); }
  std::map<std::string, int64_t> Metrics() const override {
    return {{"stateOnCurrentVersionSizeBytes", map_.MemoryUsed()},
            {"loadedMapCacheHitCount", partition_->opened_in_memory_},
            {"loadedMapCacheMissCount", partition_->opened_from_files_},
            {"forceSnapshotCount", 0},
            {"numSnapshotsAutoRepaired", partition_->repaired_},
            {fmt::format("SnapshotLastUploaded.partition_{}_{}", partition_->id_.partition,
                         partition_->id_.name.empty() ? "default" : partition_->id_.name),
             partition_->last_snapshot_}};
  }
  void Commit() override {
    if (done_) throw Error::Internal("A state store was committed twice");
    base::FaultPoint("state.before_delta");
    delta_.Publish(base::FolderSync::kLater);
    partition_->unsynced_ = true;
    base::FaultPoint("state.after_delta");
    map_.Keep();
    ++partition_->version_;
    done_ = true;
    partition_->Release();
  }
  void Abort() override {
    if (done_) return;
    done_ = true;
    map_.Undo();
    partition_->Release();
  }

 private:
  std::shared_ptr<StatePartition> partition_;
  StateMap& map_;
  StateFile delta_;
  bool done_ = false;
};

StatePartition::StatePartition(std::string folder, StoreId id, StoreSchema schema, StateOptions options)
    : folder_(std::move(folder)), id_(std::move(id)), schema_(std::move(schema)), options_(std::move(options)) {}

std::string StatePartition::DeltaPath(int64_t version) const { return fmt::format("{}/{}.delta", folder_, version); }
std::string StatePartition::SnapshotPath(int64_t version) const {
  return fmt::format("{}/{}.snapshot", folder_, version);
}
std::string StatePartition::ProviderText() const {
  return fmt::format("HDFSStateStoreProvider[stateStoreProviderId=StateStoreProviderId[ storeId={}, queryRunId={} ]]",
                     IdText(), options_.run_id);
}
std::string StatePartition::IdText() const {
  return fmt::format("StateStoreId[ operatorId={}, partitionId={}, storeName={} ]", id_.operator_id, id_.partition,
                     id_.name.empty() ? "default" : id_.name);
}

std::shared_ptr<StateStore> StatePartition::Open(int64_t version) {
  std::unique_lock lock(mutex_);
  released_.wait(lock, [this] { return !in_use_; });
  if (version_ == version) {
    ++opened_in_memory_;
  } else {
    // An empty store is not loaded from anywhere.
    if (version > 0) ++opened_from_files_;
    Load(version);
  }
  return MakeHandle();
}

std::shared_ptr<StateStore> StatePartition::OpenFrom(int64_t snapshot, int64_t version) {
  std::unique_lock lock(mutex_);
  released_.wait(lock, [this] { return !in_use_; });
  LoadFrom(snapshot, version);
  return MakeHandle();
}

std::shared_ptr<StateStore> StatePartition::MakeHandle() {
  map_.StartRecording();
  auto handle = std::make_shared<Handle>(shared_from_this());
  in_use_ = true;
  return handle;
}

void StatePartition::Release() {
  {
    std::lock_guard lock(mutex_);
    in_use_ = false;
  }
  released_.notify_all();
}

void StatePartition::Load(int64_t version) {
  if (version < 0) {
    throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.UNEXPECTED_VERSION",
                {{"version", std::to_string(version)}});
  }
  std::set<int64_t> snapshots = version > 0 ? ListFiles().snapshots : std::set<int64_t>();
  snapshots.erase(snapshots.upper_bound(version), snapshots.end());
  int64_t newest = snapshots.empty() ? 0 : *snapshots.rbegin();
  try {
    LoadFrom(newest, version);
  } catch (const Error&) {
    if (!options_.repair_snapshots || newest == 0 || !LoadFromOlder(snapshots, version)) throw;
  }
}

// Where the newest snapshot is damaged, an older one does as long as all deltas from there on are left.
bool StatePartition::LoadFromOlder(std::set<int64_t> snapshots, int64_t version) {
  snapshots.insert(0);
  for (auto older = std::next(snapshots.rbegin()); older != snapshots.rend(); ++older) {
    if (version - *older > options_.most_repair_changes) return false;
    try {
      LoadFrom(*older, version);
      ++repaired_;
      return true;
    } catch (const Error&) {
      // The next older one may do.
    }
  }
  return false;
}

void StatePartition::LoadFrom(int64_t snapshot, int64_t version) {
  map_.Clear();
  version_ = -1;
  row_checked_ = false;
  if (snapshot > 0) ReadSnapshot(snapshot);
  for (int64_t v = snapshot + 1; v <= version; ++v) ReadDelta(v);
  version_ = version;
}

void StatePartition::ReadSnapshot(int64_t version) {
  std::string path = SnapshotPath(version);
  auto file = ReadIfExists(path);
  if (!file) {
    throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_MISSING_SNAPSHOT_FILE",
                {{"fileToRead", FileUri(path)}, {"clazz", ProviderText()}});
  }
  CheckSideFile(path, *file, true);
  StateFileDefect defect = ReadStateFile(
      *file, options_.codec, true,
      [&](const StateEntry& entry) {
        CheckFirstRow(entry);
        map_.Put(entry.key, entry.value);
      },
      options_.row_checksums);
  if (defect.kind != StateFileDefect::Kind::kNone) ThrowDefect(defect, path, true);
}

void StatePartition::ReadDelta(int64_t version) {
  std::string path = DeltaPath(version);
  auto file = ReadIfExists(path);
  if (!file) {
    throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS",
                {{"fileToRead", FileUri(path)}, {"clazz", ProviderText()}})
        .WithDomain(base::ErrorDomain::kExternal, false);
  }
  CheckSideFile(path, *file, false);
  StateFileDefect defect = ReadStateFile(
      *file, options_.codec, false,
      [&](const StateEntry& entry) {
        CheckFirstRow(entry);
        if (entry.removed) {
          map_.Remove(entry.key);
        } else {
          map_.Put(entry.key, entry.value);
        }
      },
      options_.row_checksums);
  if (defect.kind != StateFileDefect::Kind::kNone) ThrowDefect(defect, path, false);
}

void StatePartition::CheckSideFile(const std::string& path, const std::string& file, bool is_snapshot) const {
  std::string defect = FindSideChecksumDefect(path, file);
  if (!defect.empty()) ThrowDefect({StateFileDefect::Kind::kStream, 0, defect}, path, is_snapshot);
}

void StatePartition::CheckFirstRow(const StateEntry& entry) {
  if (row_checked_ || !options_.check_schema || !schema_.key) return;
  auto check = [&](const types::TypePtr& schema, std::string_view row, const std::string& what) {
    std::string defect = FindUnsafeRowDefect(*schema, row);
    if (defect.empty()) return;
    Error inner(ErrorKind::kRuntime, "STATE_STORE_" + what + "_ROW_FORMAT_VALIDATION_FAILURE",
                {{"stateStoreID", IdText()}, {"errorMsg", defect}});
    throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE." + what + "_ROW_FORMAT_VALIDATION_FAILURE",
                {{"msg", inner.message()}})
        .WithDomain(base::ErrorDomain::kExternal, false);
  };
  check(schema_.key, entry.key, "KEY");
  if (entry.removed) return;
  check(schema_.value, entry.value, "VALUE");
  row_checked_ = true;
}

void StatePartition::ThrowDefect(const StateFileDefect& defect, const std::string& path, bool is_snapshot) const {
  using Kind = StateFileDefect::Kind;
  if (defect.kind == Kind::kStream || defect.kind == Kind::kRowChecksum) {
    std::string what = defect.message;
    if (defect.kind == Kind::kRowChecksum) what = RowChecksumComplaint(IdText(), defect.expected, defect.computed);
    std::string reason = fmt::format("Error reading {} file {} of {}: {}", is_snapshot ? "snapshot" : "delta",
                                     FileUri(path), ProviderText(), what);
    throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED")
        .Append("\n" + reason)
        .WithDomain(base::ErrorDomain::kExternal, false)
        .WithCause("java.io.IOException: " + reason);
  }
  const char* condition = defect.kind == Kind::kValueSize
                              ? "CANNOT_LOAD_STATE_STORE.CANNOT_READ_SNAPSHOT_FILE_VALUE_SIZE"
                          : is_snapshot ? "CANNOT_LOAD_STATE_STORE.CANNOT_READ_SNAPSHOT_FILE_KEY_SIZE"
                                        : "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_KEY_SIZE";
  throw Error(ErrorKind::kSpark, condition,
              {{"fileToRead", FileUri(path)},
               {"clazz", ProviderText()},
               {"keySize", std::to_string(defect.size)},
               {"valueSize", std::to_string(defect.size)}})
      .WithDomain(base::ErrorDomain::kExternal, false);
}

StatePartition::Files StatePartition::ListFiles() const {
  Files files;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder_, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    int64_t version = 0;
    auto [rest, status] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (status != std::errc() || version < 1) continue;
    std::string_view suffix(rest, name.data() + name.size() - rest);
    if (suffix == ".delta") files.deltas.insert(version);
    if (suffix == ".snapshot") files.snapshots.insert(version);
  }
  return files;
}

void StatePartition::Sync() {
  if (unsynced_.exchange(false)) base::SyncFolder(folder_);
}

void StatePartition::Maintain() {
  Files files = ListFiles();
  if (files.deltas.empty()) return;
  int64_t newest_snapshot = files.snapshots.empty() ? 0 : *files.snapshots.rbegin();
  auto deltas = std::distance(files.deltas.upper_bound(newest_snapshot), files.deltas.end());
  if (deltas > options_.min_deltas_for_snapshot) WriteSnapshot(newest_snapshot);
  Purge(files, newest_snapshot);
}

void StatePartition::WriteSnapshot(int64_t newest_snapshot) {
  // Only the list of entries is taken between two batches; writing them runs beside the next ones.
  std::unique_lock lock(mutex_);
  released_.wait(lock, [this] { return !in_use_; });
  int64_t version = version_;
  if (version <= newest_snapshot) return;
  StateMap::Image image = map_.Freeze();
  lock.unlock();
  try {
    StateFile snapshot(SnapshotPath(version), options_);
    image.ForEach([&](std::string_view key, std::string_view value) { snapshot.entries().Put(key, value); });
    snapshot.Publish(base::FolderSync::kNow);
  } catch (...) {
    Thaw();
    throw;
  }
  Thaw();
  base::FaultPoint("state.after_snapshot");
  last_snapshot_ = version;
}

void StatePartition::Thaw() {
  std::unique_lock lock(mutex_);
  released_.wait(lock, [this] { return !in_use_; });
  map_.Thaw();
}

void StatePartition::Purge(const Files& files, int64_t newest_snapshot) const {
  int64_t newest = std::max(*files.deltas.rbegin(), newest_snapshot);
  int64_t earliest_to_retain = newest - options_.min_batches_to_retain;
  if (earliest_to_retain <= 0) return;
  // Everything before the snapshot from which the earliest version can still be loaded.
  auto above = files.snapshots.upper_bound(earliest_to_retain);
  if (above == files.snapshots.begin()) return;
  int64_t first_needed = *std::prev(above);
  auto purge = [&](const std::string& path) {
    if (!base::RemoveFile(path)) return;
    RemoveChecksums(path);
    base::FaultPoint("state.purging");
  };
  for (int64_t version : files.deltas) {
    if (version < first_needed) purge(DeltaPath(version));
  }
  for (int64_t version : files.snapshots) {
    if (version < first_needed) purge(SnapshotPath(version));
  }
}

}  // namespace sluice::state
