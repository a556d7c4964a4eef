// Loading, committing, snapshots and clean-up of a RocksDB-backed partition.
#include "state/rocksdb_partition.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_buffer_manager.h>

#include <chrono>
#include <filesystem>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "state/rocksdb_status.h"
#include "state/rocksdb_writer.h"
#include "state/row_checksum.h"
#include "state/side_checksum.h"

namespace sluice::state {
namespace {

using base::Error;
using base::ErrorKind;

constexpr size_t kMega = size_t{1} << 20;
constexpr int kBloomBitsPerKey = 10;
constexpr const char* kDefaultFamily = "default";

int64_t MillisSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
}

// Appends the values of a key one after the other.
class AppendOperator final : public rocksdb::AssociativeMergeOperator {
 public:
  explicit AppendOperator(std::string delimiter) : delimiter_(std::move(delimiter)) {}
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* existing, const rocksdb::Slice& value, std::string* merged,
             rocksdb::Logger*) const override {
    merged->clear();
    if (existing) {
      merged->reserve(existing->size() + delimiter_.size() + value.size());
      merged->append(existing->data(), existing->size());
      merged->append(delimiter_);
    }
    merged->append(value.data(), value.size());
    return true;
  }
  const char* Name() const override { return "StringAppendOperator"; }

 private:
  const std::string delimiter_;
};

// What all stores of the process share if their memory is bounded together.
struct SharedMemory {
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
};

const SharedMemory& SharedMemoryOf(const RocksDbOptions& options) {
  static const SharedMemory shared = [&] {
    size_t bytes = static_cast<size_t>(options.max_memory_mb) * kMega;
    SharedMemory made;
    made.cache = rocksdb::NewLRUCache(bytes, -1, false, options.high_priority_ratio);
    made.write_buffers = std::make_shared<rocksdb::WriteBufferManager>(
        static_cast<size_t>(static_cast<double>(bytes) * options.write_buffer_ratio), made.cache);
    return made;
  }();
  return shared;
}

rocksdb::CompressionType CompressionOf(const std::string& name) {
  static const std::map<std::string, rocksdb::CompressionType> kTypes{
      {"", rocksdb::kNoCompression},     {"none", rocksdb::kNoCompression},     {"snappy", rocksdb::kSnappyCompression},
      {"z", rocksdb::kZlibCompression},  {"zlib", rocksdb::kZlibCompression},   {"bzip2", rocksdb::kBZip2Compression},
      {"lz4", rocksdb::kLZ4Compression}, {"lz4hc", rocksdb::kLZ4HCCompression}, {"zstd", rocksdb::kZSTD}};
  auto found = kTypes.find(name);
  if (found == kTypes.end()) {
    throw Error::Unsupported("spark.sql.streaming.stateStore.rocksdb.compression=" + name,
                             "Use lz4, lz4hc, snappy, zlib, bzip2, zstd or none.");
  }
  return found->second;
}

int64_t Property(rocksdb::DB* database, const std::string& name) {
  uint64_t value = 0;
  database->GetIntProperty(name, &value);
  return static_cast<int64_t>(value);
}

}  // namespace

RocksDbPartition::RocksDbPartition(const std::string& folder, StoreId id, StoreSchema schema, KeyLayout layout,
                                   bool has_families, StateOptions options, RocksDbOptions rocksdb_options)
    : id_(std::move(id)),
      schema_(std::move(schema)),
      layout_(std::move(layout)),
      has_families_(has_families),
      options_(std::move(options)),
      rocksdb_options_(std::move(rocksdb_options)),
      files_(folder),
      statistics_(rocksdb::CreateDBStatistics()) {}

RocksDbPartition::~RocksDbPartition() { CloseDatabase(); }

rocksdb::Options RocksDbPartition::DatabaseOptions() const {
  const RocksDbOptions& from = rocksdb_options_;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = static_cast<size_t>(from.block_size_kb) * 1024;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.optimize_filters_for_memory = true;
  table.format_version = static_cast<uint32_t>(from.format_version);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = CompressionOf(from.compression);
  options.level_compaction_dynamic_level_bytes = true;
  // Keys that the table in memory lacks are not looked for in it.
  options.memtable_prefix_bloom_size_ratio = 0.05;
  options.memtable_whole_key_filtering = true;
  options.merge_operator = std::make_shared<AppendOperator>(from.merge_version == 1 ? "," : "");
  options.max_open_files = from.max_open_files;
  options.allow_fallocate = from.allow_fallocate;
  options.info_log_level = rocksdb::ERROR_LEVEL;
  options.statistics = statistics_;
  if (from.write_buffer_mb > 0) options.write_buffer_size = static_cast<size_t>(from.write_buffer_mb) * kMega;
  if (from.max_write_buffers > 0) options.max_write_buffer_number = static_cast<int>(from.max_write_buffers);
  if (from.bounded_memory) {
    const SharedMemory& shared = SharedMemoryOf(from);
    table.block_cache = shared.cache;
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    options.write_buffer_manager = shared.write_buffers;
  } else {
    table.block_cache = rocksdb::NewLRUCache(static_cast<size_t>(from.block_cache_mb) * kMega);
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

std::string RocksDbPartition::IdText() const {
  return fmt::format("StateStoreId(opId={},partId={},name={})", id_.operator_id, id_.partition,
                     id_.name.empty() ? kDefaultFamily : id_.name);
}

std::string RocksDbPartition::ProviderText() const {
  return fmt::format(
      "RocksDBStateStoreProvider[stateStoreProviderId=StateStoreProviderId[ storeId={}, queryRunId={} ]]", IdText(),
      options_.run_id);
}

std::shared_ptr<FamilyStore> RocksDbPartition::Open(int64_t version) {
  std::unique_lock lock(mutex_);
  AwaitRelease(lock);
  if (rocksdb_options_.reset_statistics) statistics_->Reset();
  load_metrics_.clear();
  commit_metrics_.clear();
  auto start = std::chrono::steady_clock::now();
  if (version_ != version) Load(version);
  load_metrics_["rocksdbLoadLatencyMs"] = MillisSince(start);
  return MakeHandle();
}

std::shared_ptr<FamilyStore> RocksDbPartition::OpenFrom(int64_t snapshot, int64_t version) {
  std::unique_lock lock(mutex_);
  AwaitRelease(lock);
  LoadFrom(snapshot, version);
  return MakeHandle();
}

void RocksDbPartition::AwaitRelease(std::unique_lock<std::mutex>& lock) {
  auto timeout = std::chrono::milliseconds(rocksdb_options_.lock_timeout_ms);
  if (released_.wait_for(lock, timeout, [this] { return !in_use_; })) return;
  throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.UNRELEASED_THREAD_ERROR",
              {{"loggingId", IdText()},
               {"operationType", "load_store"},
               {"newAcquiredThreadInfo", "another task"},
               {"acquiredThreadInfo", "a task"},
               {"timeWaitedMs", std::to_string(rocksdb_options_.lock_timeout_ms)},
               {"stackTraceOutput", ""}});
}

void RocksDbPartition::Release() {
  {
    std::lock_guard lock(mutex_);
    in_use_ = false;
  }
  released_.notify_all();
}

void RocksDbPartition::CloseDatabase() {
  version_ = -1;
  if (database_) rocksdb::CancelAllBackgroundWork(database_.get(), true);
  database_.reset();
  folder_.reset();
}

void RocksDbPartition::Load(int64_t version) {
  if (version < 0) {
    throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.UNEXPECTED_VERSION",
                {{"version", std::to_string(version)}});
  }
  auto snapshots = version == 0 ? std::set<int64_t>() : files_.List().snapshots;
  auto above = snapshots.upper_bound(version);
  int64_t snapshot = above == snapshots.begin() ? 0 : *std::prev(above);
  try {
    LoadFrom(snapshot, version);
  } catch (const Error& error) {
    CloseDatabase();
    if (!options_.repair_snapshots || snapshot == 0) throw;
    // As long as there are changelogs from an older snapshot on, that one will do.
    std::vector<int64_t> older(snapshots.begin(), std::prev(above));
    older.insert(older.begin(), 0);
    for (; !older.empty(); older.pop_back()) {
      if (version - older.back() > options_.most_repair_changes) break;
      try {
        LoadFrom(older.back(), version);
        ++repaired_;
        return;
      } catch (const Error&) {
        CloseDatabase();
      }
    }
    throw error;
  }
}

void RocksDbPartition::LoadFrom(int64_t snapshot, int64_t version) {
  CloseDatabase();
  families_.clear();
  known_families_.clear();
  newest_family_ = 0;
  keys_ = internal_keys_ = 0;
  force_snapshot_ = false;
  std::string name = fmt::format("{}-{}", id_.operator_id, id_.partition);
  folder_ = std::make_unique<WorkFolder>(id_.name.empty() ? name : name + "-" + id_.name);
  auto start = std::chrono::steady_clock::now();
  int64_t counted = 0;
  if (snapshot > 0) {
    SnapshotMetadata metadata = files_.Fetch(snapshot, folder_->path());
    TakeFamilies(metadata);
    counted = metadata.keys;
    keys_ = metadata.keys;
    internal_keys_ = metadata.internal_keys;
    load_metrics_["rocksdbNumLoadedFromDfs"] = 1;
  } else {
    files_.Forget();
  }
  OpenDatabase();
  load_metrics_["rocksdbLoadFromSnapshotLatencyMs"] = snapshot > 0 ? MillisSince(start) : 0;
  if (!rocksdb_options_.track_rows) {
    keys_ = -1;
  } else if (counted < 0) {
    CountKeys();
  }
  start = std::chrono::steady_clock::now();
  for (int64_t v = snapshot + 1; v <= version; ++v) Replay(v);
  load_metrics_["rocksdbReplayChangeLogLatencyMs"] = version > snapshot ? MillisSince(start) : 0;
  load_metrics_["rocksdbNumReplayChangelogFiles"] = version - snapshot;
  checkpointed_ = snapshot;
  version_ = version;
}

void RocksDbPartition::TakeFamilies(const SnapshotMetadata& metadata) {
  known_families_ = metadata.families;
  newest_family_ = metadata.newest_family;
}

void RocksDbPartition::OpenDatabase() {
  rocksdb::DB* opened = nullptr;
  CheckRocksDb(rocksdb::DB::Open(DatabaseOptions(), folder_->path(), &opened),
               "open the state of " + files_.folder() + " at " + folder_->path());
  database_.reset(opened);
}

bool RocksDbPartition::IsInternal(std::string_view stored_key) const {
  if (!has_families_ || stored_key.size() < sizeof(int16_t)) return false;
  int16_t id = 0;
  std::memcpy(&id, stored_key.data(), sizeof(id));
  return std::ranges::any_of(known_families_,
                             [&](const auto& entry) { return entry.second.id == id && entry.second.internal; });
}

void RocksDbPartition::CountKeys() {
  keys_ = internal_keys_ = 0;
  std::unique_ptr<rocksdb::Iterator> iterator(database_->NewIterator({}));
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    ++(IsInternal(iterator->key().ToStringView()) ? internal_keys_ : keys_);
  }
  CheckRocksDb(iterator->status(), "read the state of " + files_.folder());
}

// Compares the checksum of a record, and takes it off the key of a removed one.
void RocksDbPartition::CheckRecord(const ChangelogRecord& record, std::string* key) const {
  if (record.kind == ChangelogRecord::Kind::kRemoveRange) return;
  bool removed = record.kind == ChangelogRecord::Kind::kRemove;
  std::string_view checked = removed ? record.key : record.value;
  uint32_t expected = 0;
  if (!TakeRowChecksum(&checked, &expected) || (!removed && checked.size() < sizeof(int32_t))) {
    throw Error::Plain(ErrorKind::kIllegalState, "Stream is corrupted: a row has no checksum");
  }
  if (removed) *key = checked;
  uint32_t computed = removed ? RowChecksum(checked) : RowChecksum(record.key, checked.substr(sizeof(int32_t)));
  if (computed == expected) return;
  throw Error::Plain(ErrorKind::kIllegalState, RowChecksumComplaint(IdText(), expected, computed));
}

void RocksDbPartition::Replay(int64_t version) {
  std::string path = files_.ChangelogPath(version), content;
  try {
    content = base::ReadWholeFile(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFileNotFound) throw;
    throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_STREAMING_STATE_FILE",
                {{"fileToRead", "file:" + path}})
        .WithDomain(base::ErrorDomain::kExternal, false);
  }
  auto damaged = [&](const std::string& reason) {
    std::string text = fmt::format("Error reading changelog file file:{} of {}: {}", path, ProviderText(), reason);
    return Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED")
        .Append("\n" + text)
        .WithDomain(base::ErrorDomain::kExternal, false)
        .WithCause("java.io.IOException: " + text);
  };
  std::string defect = FindSideChecksumDefect(path, content);
  if (!defect.empty()) throw damaged(defect);
  using Kind = ChangelogRecord::Kind;
  RocksDbWriter writer(database_.get());
  auto apply = [&](const ChangelogRecord& record) {
    std::string key(record.key);
    if (options_.row_checksums) CheckRecord(record, &key);
    if (rocksdb_options_.track_rows && record.kind != Kind::kRemoveRange) {
      bool existed = writer.Exists(key), exists = record.kind != Kind::kRemove;
      int64_t& keys = IsInternal(key) ? internal_keys_ : keys_;
      keys += static_cast<int64_t>(exists) - static_cast<int64_t>(existed);
    }
    switch (record.kind) {
      case Kind::kPut:
        return writer.Put(key, record.value);
      case Kind::kMerge:
        return writer.Merge(key, record.value);
      case Kind::kRemove:
        return writer.Remove(key);
      case Kind::kRemoveRange:
        return writer.RemoveRange(key, std::string(record.value));
    }
  };
  try {
    bool ranges = false;
    ReadChangelog(content, options_.codec, [&](const ChangelogRecord& record) {
      ranges = ranges || record.kind == Kind::kRemoveRange;
      apply(record);
    });
    writer.Flush();
    if (ranges && rocksdb_options_.track_rows) CountKeys();
  } catch (const Error& error) {
    if (!error.condition().empty()) throw;
    throw damaged(error.message());
  }
}

int16_t RocksDbPartition::AddFamily(const std::string& name, bool internal) {
  auto [found, added] = known_families_.try_emplace(name);
  if (added) {
    found->second = {++newest_family_, internal};
    // Changelogs do not tell of families.
    force_snapshot_ = true;
  }
  return found->second.id;
}

RocksDbPartition::Pending RocksDbPartition::TakeCheckpoint(int64_t version) {
  auto start = std::chrono::steady_clock::now();
  rocksdb::FlushOptions flush;
  flush.wait = true;
  CheckRocksDb(database_->Flush(flush), "flush");
  commit_metrics_["rocksdbCommitFlushLatency"] = MillisSince(start);
  if (rocksdb_options_.compact_on_commit) {
    start = std::chrono::steady_clock::now();
    CheckRocksDb(database_->CompactRange({}, nullptr, nullptr), "compact");
    commit_metrics_["rocksdbCommitCompactLatency"] = MillisSince(start);
  }
  start = std::chrono::steady_clock::now();
  Pending pending;
  pending.version = version;
  pending.incarnation = files_.incarnation();
  pending.folder = std::make_unique<WorkFolder>(fmt::format("snapshot-{}", version));
  rocksdb::Checkpoint* made = nullptr;
  CheckRocksDb(rocksdb::Checkpoint::Create(database_.get(), &made), "make a checkpoint");
  std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  CheckRocksDb(checkpoint->CreateCheckpoint(pending.folder->path() + "/files"), "make a checkpoint");
  commit_metrics_["rocksdbCommitCheckpointLatency"] = MillisSince(start);
  pending.metadata.keys = keys_;
  pending.metadata.internal_keys = internal_keys_;
  pending.metadata.families = known_families_;
  pending.metadata.newest_family = newest_family_;
  checkpointed_ = version;
  return pending;
}

void RocksDbPartition::Upload(const Pending& pending) {
  SnapshotUpload upload =
      files_.Upload(pending.version, pending.folder->path() + "/files", pending.metadata, pending.incarnation);
  if (upload.zip_bytes == 0) return;
  last_snapshot_ = pending.version;
  unsynced_ = true;
  commit_metrics_["rocksdbFilesCopied"] = upload.files_copied;
  commit_metrics_["rocksdbFilesReused"] = upload.files_reused;
  commit_metrics_["rocksdbBytesCopied"] = upload.bytes_copied;
  commit_metrics_["rocksdbZipFileBytesUncompressed"] = upload.zip_bytes;
  commit_metrics_["rocksdbSaveZipFilesLatencyMs"] = upload.zip_ms;
}

void RocksDbPartition::Sync() {
  if (unsynced_.exchange(false)) base::SyncFolder(files_.folder());
}

void RocksDbPartition::Maintain() {
  std::optional<Pending> due;
  {
    std::lock_guard lock(pending_mutex_);
    due.swap(pending_);
  }
  if (due) {
    SnapshotUpload upload =
        files_.Upload(due->version, due->folder->path() + "/files", due->metadata, due->incarnation);
    if (upload.zip_bytes > 0) {
      base::SyncFolder(files_.folder());
      base::FaultPoint("state.after_snapshot");
      last_snapshot_ = due->version;
    }
  }
  files_.Purge(options_.min_batches_to_retain);
}

int64_t RocksDbPartition::MemoryUsed() const {
  if (!database_) return 0;
  int64_t used = Property(database_.get(), rocksdb::DB::Properties::kSizeAllMemTables) +
                 Property(database_.get(), rocksdb::DB::Properties::kEstimateTableReadersMem);
  if (!rocksdb_options_.bounded_memory) {
    used += Property(database_.get(), rocksdb::DB::Properties::kBlockCacheUsage);
  }
  return used;
}

std::map<std::string, int64_t> RocksDbPartition::Metrics(bool committed) const {
  std::map<std::string, int64_t> all;
  for (const char* name :
       {"rocksdbCommitFlushLatency", "rocksdbCommitCompactLatency", "rocksdbCommitCheckpointLatency",
        "rocksdbCommitFileSyncLatencyMs", "rocksdbChangeLogWriterCommitLatencyMs", "rocksdbSaveZipFilesLatencyMs",
        "rocksdbFilesCopied", "rocksdbFilesReused", "rocksdbBytesCopied", "rocksdbZipFileBytesUncompressed",
        "rocksdbLoadLatencyMs", "rocksdbLoadFromSnapshotLatencyMs", "rocksdbReplayChangeLogLatencyMs",
        "rocksdbNumReplayChangelogFiles", "rocksdbNumLoadedFromDfs", "rocksdbForceSnapshotCount"}) {
    all[name] = 0;
  }
  for (const auto& [name, value] : load_metrics_) all[name] = value;
  if (committed) {
    for (const auto& [name, value] : commit_metrics_) all[name] = value;
  }
  auto ticker = [&](rocksdb::Tickers which) { return static_cast<int64_t>(statistics_->getTickerCount(which)); };
  auto histogram = [&](rocksdb::Histograms which) {
    rocksdb::HistogramData data;
    statistics_->histogramData(which, &data);
    return data;
  };
  auto gets = histogram(rocksdb::DB_GET), puts = histogram(rocksdb::DB_WRITE);
  all["rocksdbGetCount"] = static_cast<int64_t>(gets.count);
  all["rocksdbGetLatency"] = static_cast<int64_t>(gets.sum / 1000);
  all["rocksdbPutCount"] = static_cast<int64_t>(puts.count);
  all["rocksdbPutLatency"] = static_cast<int64_t>(puts.sum / 1000);
  all["rocksdbTotalCompactionLatencyMs"] = static_cast<int64_t>(histogram(rocksdb::COMPACTION_TIME).sum / 1000);
  all["rocksdbReadBlockCacheMissCount"] = ticker(rocksdb::BLOCK_CACHE_MISS);
  all["rocksdbReadBlockCacheHitCount"] = ticker(rocksdb::BLOCK_CACHE_HIT);
  all["rocksdbTotalBytesRead"] = ticker(rocksdb::BYTES_READ);
  all["rocksdbTotalBytesWritten"] = ticker(rocksdb::BYTES_WRITTEN);
  all["rocksdbTotalBytesReadThroughIterator"] = ticker(rocksdb::ITER_BYTES_READ);
  all["rocksdbWriterStallLatencyMs"] = ticker(rocksdb::STALL_MICROS) / 1000;
  all["rocksdbTotalBytesReadByCompaction"] = ticker(rocksdb::COMPACT_READ_BYTES);
  all["rocksdbTotalBytesWrittenByCompaction"] = ticker(rocksdb::COMPACT_WRITE_BYTES);
  all["rocksdbTotalBytesWrittenByFlush"] = ticker(rocksdb::FLUSH_WRITE_BYTES);
  all["rocksdbPinnedBlocksMemoryUsage"] =
      database_ ? Property(database_.get(), rocksdb::DB::Properties::kBlockCachePinnedUsage) : 0;
  all["rocksdbSstFileSize"] = database_ ? Property(database_.get(), rocksdb::DB::Properties::kTotalSstFilesSize) : 0;
  auto internal = std::ranges::count_if(known_families_, [](const auto& entry) { return entry.second.internal; });
  all["rocksdbNumInternalColumnFamilies"] = internal;
  all["rocksdbNumExternalColumnFamilies"] = static_cast<int64_t>(known_families_.size()) - internal;
  all["rocksdbNumInternalColFamiliesKeys"] = internal_keys_;
  all["rocksdbNumSnapshotsAutoRepaired"] = repaired_;
  all[fmt::format("SnapshotLastUploaded.partition_{}_{}", id_.partition, id_.name.empty() ? "default" : id_.name)] =
      last_snapshot_;
  return all;
}

}  // namespace sluice::state
