// What a task works with of a RocksDB-backed partition: families, scans, merges, and the commit of its changes.
#include <fmt/format.h>

#include <chrono>
#include <cstring>

#include "base/durable_writer.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "state/rocksdb_partition.h"
#include "state/rocksdb_status.h"
#include "state/rocksdb_writer.h"
#include "state/row_arena.h"
#include "state/row_checksum.h"

namespace sluice::state {
namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kDefaultFamily = "default";

int64_t MillisSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

// The changelog of a batch on its way to disk.
class RocksDbPartition::ChangelogFile {
 public:
  ChangelogFile(const std::string& path, int version, const std::string& codec)
      : file_(path), records_(version, codec, [this](std::string_view bytes) { file_.Append(bytes); }) {}
  ChangelogWriter& records() { return records_; }
  void Publish() {
    records_.Finish();
    file_.Publish(base::Existing::kReplace, base::FolderSync::kLater);
  }

 private:
  base::DurableWriter file_;
  ChangelogWriter records_;
};

// What a task works with. Its changes go to the database at once; without a commit the version is loaded anew.
class RocksDbPartition::Handle final : public FamilyStore {
 public:
  explicit Handle(std::shared_ptr<RocksDbPartition> partition)
      : partition_(std::move(partition)), database_(partition_->database_.get()), writer_(database_) {
    const RocksDbOptions& options = partition_->rocksdb_options_;
    if (options.changelog) {
      changelog_.emplace(partition_->files_.ChangelogPath(partition_->version_ + 1), partition_->has_families_ ? 2 : 1,
                         partition_->options_.codec);
    }
    if (partition_->families_.empty()) {
      Family family{{kDefaultFamily, partition_->schema_, partition_->layout_}, 0, std::nullopt};
      std::optional<int16_t> id;
      if (partition_->has_families_) id = family.id = partition_->AddFamily(kDefaultFamily, false);
      family.keys.emplace(partition_->schema_.key, partition_->layout_, id);
      partition_->families_.push_back(std::move(family));
    }
  }
  ~Handle() override { Abort(); }

  FamilyHandle CreateFamily(const ColumnFamily& definition) override {
    CheckName(definition);
    if (auto known = FindFamily(definition.name)) return *known;
    Family family{definition, partition_->AddFamily(definition.name, definition.internal), std::nullopt};
    family.keys.emplace(definition.schema.key, definition.layout, family.id);
    changed_ = true;
    auto& families = partition_->families_;
    auto free = std::ranges::find_if(families, [](const Family& other) { return !other.keys; });
    if (free != families.end()) {
      *free = std::move(family);
      return static_cast<FamilyHandle>(free - families.begin());
    }
    families.push_back(std::move(family));
    return static_cast<FamilyHandle>(families.size()) - 1;
  }
  std::optional<FamilyHandle> FindFamily(const std::string& name) const override {
    const auto& families = partition_->families_;
    for (size_t i = 0; i < families.size(); ++i) {
      if (families[i].keys && families[i].definition.name == name) return static_cast<FamilyHandle>(i);
    }
    return std::nullopt;
  }
  bool RemoveFamily(const std::string& name) override {
    auto known = partition_->known_families_.find(name);
    if (name == kDefaultFamily || known == partition_->known_families_.end()) return false;
    std::string prefix(reinterpret_cast<const char*>(&known->second.id), sizeof(int16_t));
    std::vector<std::string> keys;
    Scan(prefix, [&](rocksdb::Iterator& at) {
      keys.push_back(at.key().ToString());
      return true;
    });
    for (const std::string& key : keys) RemoveExisting(key, known->second.internal);
    partition_->known_families_.erase(known);
    partition_->force_snapshot_ = true;
    if (auto family = FindFamily(name)) partition_->families_[static_cast<size_t>(*family)].keys.reset();
    return true;
  }

  std::string_view Get(std::string_view key) const override { return Get(0, key); }
  void Put(std::string_view key, std::string_view value) override { Put(0, key, value); }
  void Remove(std::string_view key) override { Remove(0, key); }
  void RemoveIf(const std::function<bool(std::string_view, std::string_view)>& passes) override {
    Changing();
    const Family& family = At(0);
    std::string buffer;
    std::vector<std::string> removed;
    Scan(family.keys->FamilyPrefix(), [&](rocksdb::Iterator& at) {
      std::string_view key = removed_.Keep(family.keys->Decode(at.key().ToStringView(), &buffer));
      std::string_view value = removed_.Keep(RowOf(at.key().ToStringView(), at.value().ToStringView()));
      if (passes(key, value)) {
        removed.push_back(at.key().ToString());
      } else {
        removed_.TakeBack(key.size() + value.size());
      }
      return true;
    });
    for (const std::string& key : removed) RemoveExisting(key, false);
  }
  void ForEach(const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    // Operators keep the views until they change the store.
    ForEach(0, [&](std::string_view key, std::string_view value) { return visit(read_.Keep(key), read_.Keep(value)); });
  }
  int64_t size() const override { return partition_->keys_; }
  int64_t MemoryUsed() const override { return done_ ? memory_ : partition_->MemoryUsed(); }
  std::map<std::string, int64_t> Metrics() const override { return done_ ? metrics_ : partition_->Metrics(false); }

  std::string_view Get(FamilyHandle family, std::string_view key) const override {
    At(family).keys->Encode(key, &key_);
    rocksdb::PinnableSlice value;
    if (!writer_.Get(key_, &value)) return {};
    std::string_view stored = value.ToStringView();
    if (!At(family).definition.multiple_values) return read_.Keep(RowOf(key_, stored));
    std::string_view first;
    EachValue(key_, stored, [&](std::string_view row) {
      first = read_.Keep(row);
      return false;
    });
    return first;
  }
  void ForEachValue(FamilyHandle family, std::string_view key,
                    const std::function<bool(std::string_view)>& visit) const override {
    At(family).keys->Encode(key, &key_);
    rocksdb::PinnableSlice value;
    if (writer_.Get(key_, &value)) EachValue(key_, value.ToStringView(), visit);
  }
  void Put(FamilyHandle family, std::string_view key, std::string_view value) override {
    Changing();
    const Family& of = At(family);
    of.keys->Encode(key, &key_);
    EncodeValue(of, value);
    if (Tracks() && !writer_.Exists(key_)) ++Keys(of.definition.internal);
    writer_.Put(key_, value_);
    if (changelog_) changelog_->records().Put(key_, value_);
  }
  void Merge(FamilyHandle family, std::string_view key, std::string_view value) override {
    Changing();
    const Family& of = At(family);
    if (!of.definition.multiple_values) throw Error::Internal("A merge into a family with one value a key");
    of.keys->Encode(key, &key_);
    EncodeValue(of, value);
    if (Tracks() && !writer_.Exists(key_)) ++Keys(of.definition.internal);
    writer_.Merge(key_, value_);
    if (changelog_) changelog_->records().Merge(key_, value_);
  }
  void Remove(FamilyHandle family, std::string_view key) override {
    Changing();
    At(family).keys->Encode(key, &key_);
    RemoveStored(key_, At(family).definition.internal);
  }

  void ForEach(FamilyHandle family, const Visitor& visit) const override {
    Visit(family, At(family).keys->FamilyPrefix(), std::nullopt, visit);
  }
  void PrefixScan(FamilyHandle family, std::string_view prefix, const Visitor& visit) const override {
    Visit(family, At(family).keys->ScanPrefix(prefix), std::nullopt, visit);
  }
  void RangeScan(FamilyHandle family, std::optional<std::string_view> from, std::optional<std::string_view> to,
                 const Visitor& visit) const override {
    const KeyEncoder& keys = *At(family).keys;
    std::optional<std::string> end;
    if (to) end = keys.ScanPrefix(*to);
    if (!from) return Visit(family, keys.FamilyPrefix(), end, visit);
    std::string start = keys.ScanPrefix(*from);
    VisitFrom(family, start, keys.FamilyPrefix(), end, visit);
  }

  void Commit() override {
    if (done_) throw Error::Internal("A state store was committed twice");
    RocksDbPartition& partition = *partition_;
    const RocksDbOptions& options = partition.rocksdb_options_;
    int64_t version = partition.version_ + 1;
    auto start = std::chrono::steady_clock::now();
    writer_.Flush();
    // A failure from here on leaves the database as that of no version.
    partition.version_ = -1;
    if (changelog_) {
      base::FaultPoint("state.before_delta");
      changelog_->Publish();
      partition.unsynced_ = true;
      partition.commit_metrics_["rocksdbChangeLogWriterCommitLatencyMs"] = MillisSince(start);
    }
    bool forced = partition.force_snapshot_;
    bool due = version - partition.checkpointed_ >= partition.options_.min_deltas_for_snapshot;
    if (!options.changelog || forced || due) {
      Pending pending = partition.TakeCheckpoint(version);
      start = std::chrono::steady_clock::now();
      if (!options.changelog || forced) {
        partition.Upload(pending);
        partition.commit_metrics_["rocksdbCommitFileSyncLatencyMs"] = MillisSince(start);
      } else {
        std::lock_guard lock(partition.pending_mutex_);
        partition.pending_ = std::move(pending);
      }
    }
    base::FaultPoint("state.after_delta");
    partition.force_snapshot_ = false;
    partition.version_ = version;
    memory_ = partition.MemoryUsed();
    metrics_ = partition.Metrics(true);
    done_ = true;
    partition.Release();
  }
  void Abort() override {
    if (done_) return;
    done_ = true;
    if (changed_) partition_->version_ = -1;
    partition_->Release();
  }

 private:
  const Family& At(FamilyHandle family) const {
    const auto& families = partition_->families_;
    auto at = static_cast<size_t>(family);
    if (at >= families.size() || !families[at].keys) {
      throw Error(ErrorKind::kUnsupportedOperation, "STATE_STORE_UNSUPPORTED_OPERATION_ON_MISSING_COLUMN_FAMILY",
                  {{"operationType", "get"}, {"colFamilyName", std::to_string(family)}});
    }
    return families[at];
  }
  void CheckName(const ColumnFamily& definition) const {
    const std::string& name = definition.name;
    if (name.empty() || name == kDefaultFamily || name.front() == ' ' || name.back() == ' ') {
      throw Error(ErrorKind::kUnsupportedOperation, "STATE_STORE_CANNOT_USE_COLUMN_FAMILY_WITH_INVALID_NAME",
                  {{"operationName", "create_col_family"}, {"colFamilyName", name}});
    }
    if (!definition.internal && (name[0] == '_' || name[0] == '$')) {
      throw Error(ErrorKind::kUnsupportedOperation, "STATE_STORE_CANNOT_CREATE_COLUMN_FAMILY_WITH_RESERVED_CHARS",
                  {{"colFamilyName", name}});
    }
    if (!partition_->has_families_) throw Error::Internal("A family in a store without families");
  }
  void Changing() {
    changed_ = true;
    read_.Clear();
  }
  bool Tracks() const { return partition_->rocksdb_options_.track_rows; }
  int64_t& Keys(bool internal) { return internal ? partition_->internal_keys_ : partition_->keys_; }
  void RemoveStored(const std::string& key, bool internal) {
    if (!Tracks() || writer_.Exists(key)) RemoveExisting(key, internal);
  }
  void RemoveExisting(const std::string& key, bool internal) {
    changed_ = true;
    if (Tracks()) --Keys(internal);
    writer_.Remove(key);
    if (!changelog_) return;
    if (!Checked()) return changelog_->records().Remove(key);
    std::string checked;
    AppendRowChecksum(RowChecksum(key), &checked);
    changelog_->records().Remove(checked.append(key));
  }

  bool Checked() const { return partition_->options_.row_checksums; }
  Error Damaged(const std::string& what) const {
    return Error::Plain(ErrorKind::kIllegalState,
                        fmt::format("The state of {} is damaged: {}", partition_->files_.folder(), what));
  }

  // A stored value is the row after the version of its form; many of them each have their size before them. With
  // checksums, each has that and its size before.
  void EncodeValue(const Family& family, std::string_view row) {
    value_.clear();
    if (Checked()) value_.append(kRowChecksumBytes + sizeof(int32_t), '\0');
    size_t start = value_.size();
    if (family.definition.multiple_values) AppendSize(row.size() + 1);
    value_.push_back(0);
    value_.append(row);
    if (!Checked()) return;
    auto size = static_cast<int32_t>(value_.size() - start);
    uint32_t checksum = RowChecksum(key_, std::string_view(value_).substr(start));
    std::memcpy(value_.data(), &checksum, kRowChecksumBytes);
    std::memcpy(value_.data() + kRowChecksumBytes, &size, sizeof(size));
  }
  void AppendSize(size_t size) {
    auto number = static_cast<int32_t>(size);
    value_.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  static int32_t TakeSize(std::string_view* stored) {
    int32_t size = 0;
    if (stored->size() > sizeof(size)) std::memcpy(&size, stored->data(), sizeof(size));
    stored->remove_prefix(std::min(stored->size(), sizeof(size)));
    return size;
  }
  std::string_view Take(int32_t size, std::string_view* stored) const {
    if (size < 1 || static_cast<size_t>(size) > stored->size()) throw Damaged("a value ends early");
    std::string_view taken = stored->substr(0, static_cast<size_t>(size));
    stored->remove_prefix(static_cast<size_t>(size));
    return taken;
  }
  // Takes the next value with a checksum off, and verifies it as often as asked for.
  std::string_view TakeChecked(std::string_view key, std::string_view* stored) const {
    uint32_t checksum = 0;
    if (!TakeRowChecksum(stored, &checksum)) throw Damaged("a value has no checksum");
    std::string_view value = Take(TakeSize(stored), stored);
    int64_t ratio = partition_->options_.verify_reads;
    if (ratio == 0 || ++reads_ % ratio != 0) return value;
    uint32_t computed = RowChecksum(key, value);
    if (computed != checksum) throw Damaged(RowChecksumComplaint(partition_->IdText(), checksum, computed));
    return value;
  }
  std::string_view RowOf(std::string_view key, std::string_view stored) const {
    if (Checked()) stored = TakeChecked(key, &stored);
    return stored.empty() ? stored : stored.substr(1);
  }
  void EachValue(std::string_view key, std::string_view stored,
                 const std::function<bool(std::string_view)>& visit) const {
    size_t delimiter = partition_->rocksdb_options_.merge_version == 1 ? 1 : 0;
    while (!stored.empty()) {
      std::string_view value;
      if (Checked()) {
        std::string_view checked = TakeChecked(key, &stored);
        value = Take(TakeSize(&checked), &checked);
      } else {
        value = Take(TakeSize(&stored), &stored);
      }
      if (!visit(value.substr(1))) return;
      stored.remove_prefix(std::min(stored.size(), delimiter));
    }
  }

  void Scan(const std::string& prefix, const std::function<bool(rocksdb::Iterator&)>& visit) const {
    ScanFrom(prefix, prefix, std::nullopt, visit);
  }
  void ScanFrom(const std::string& start, const std::string& prefix, const std::optional<std::string>& end,
                const std::function<bool(rocksdb::Iterator&)>& visit) const {
    writer_.Flush();
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator(options));
    for (at->Seek(start); at->Valid() && at->key().starts_with(prefix); at->Next()) {
      if (end && at->key().compare(*end) >= 0) break;
      if (!visit(*at)) break;
    }
    CheckRocksDb(at->status(), "read the state of " + partition_->files_.folder());
  }
  void Visit(FamilyHandle family, const std::string& prefix, const std::optional<std::string>& end,
             const Visitor& visit) const {
    VisitFrom(family, prefix, prefix, end, visit);
  }
  void VisitFrom(FamilyHandle family, const std::string& start, const std::string& prefix,
                 const std::optional<std::string>& end, const Visitor& visit) const {
    const Family& of = At(family);
    std::string buffer;
    ScanFrom(start, prefix, end, [&](rocksdb::Iterator& at) {
      std::string_view key = of.keys->Decode(at.key().ToStringView(), &buffer);
      std::string_view stored = at.value().ToStringView();
      if (!of.definition.multiple_values) return visit(key, RowOf(at.key().ToStringView(), stored));
      bool goes_on = true;
      EachValue(at.key().ToStringView(), stored, [&](std::string_view row) { return goes_on = visit(key, row); });
      return goes_on;
    });
  }

  std::shared_ptr<RocksDbPartition> partition_;
  rocksdb::DB* database_;
  mutable RocksDbWriter writer_;
  std::optional<ChangelogFile> changelog_;
  mutable std::string key_;
  std::string value_;
  mutable RowArena read_;
  RowArena removed_;
  mutable int64_t reads_ = 0;
  bool changed_ = false, done_ = false;
  int64_t memory_ = 0;
  std::map<std::string, int64_t> metrics_;
};

std::shared_ptr<FamilyStore> RocksDbPartition::MakeHandle() {
  auto handle = std::make_shared<Handle>(shared_from_this());
  in_use_ = true;
  return handle;
}

}  // namespace sluice::state
