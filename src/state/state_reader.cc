// Opening of single partitions, and reading of single deltas and changelogs.
#include "state/state_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/durable_file.h"
#include "base/error.h"
#include "state/changelog.h"
#include "state/key_encoder.h"
#include "state/operator_records.h"
#include "state/rocksdb_partition.h"
#include "state/row_checksum.h"
#include "state/side_checksum.h"
#include "state/state_file.h"
#include "state/state_partition.h"

namespace sluice::state {
namespace {

using base::Error;
using base::ErrorKind;

KeyLayout LayoutOf(const StoreToRead& store) {
  if (store.prefix_columns <= 0) return {};
  return {KeyLayout::Kind::kPrefix, store.prefix_columns, {}};
}

std::string ReadChangeFile(const std::string& path) {
  std::string content;
  try {
    content = base::ReadWholeFile(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFileNotFound) throw;
    throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_STREAMING_STATE_FILE",
                {{"fileToRead", "file:" + path}})
        .WithDomain(base::ErrorDomain::kExternal, false);
  }
  std::string defect = FindSideChecksumDefect(path, content);
  if (!defect.empty()) throw Error::Plain(ErrorKind::kIllegalState, defect);
  return content;
}

Error Damaged(const std::string& path, const std::string& reason) {
  return Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED")
      .Append(fmt::format("\nError reading file:{}: {}", path, reason))
      .WithDomain(base::ErrorDomain::kExternal, false);
}

void ReadDelta(const StateSource& source, const std::string& path,
               const std::function<void(const StateChange&)>& visit) {
  using Kind = StateChange::Kind;
  StateFileDefect defect = ReadStateFile(
      ReadChangeFile(path), source.options.codec, false,
      [&](const StateEntry& entry) {
        visit({entry.removed ? Kind::kDelete : Kind::kUpdate, entry.key, entry.value});
      },
      source.options.row_checksums);
  if (defect.kind == StateFileDefect::Kind::kNone) return;
  if (defect.kind == StateFileDefect::Kind::kRowChecksum) {
    throw Damaged(path, RowChecksumComplaint("", defect.expected, defect.computed));
  }
  throw Damaged(path, defect.message.empty() ? fmt::format("a size is {}", defect.size) : defect.message);
}

// Replaying verifies them.
void TakeChecksums(std::string_view* bytes, bool with_size) {
  bytes->remove_prefix(std::min(bytes->size(), kRowChecksumBytes + (with_size ? sizeof(int32_t) : 0)));
}

void ReadChangelogChanges(const StateSource& source, const StoreToRead& store, const std::string& path,
                          const std::function<void(const StateChange&)>& visit) {
  using Kind = StateChange::Kind;
  KeyEncoder keys(store.schema.key, LayoutOf(store), std::nullopt);
  std::string buffer;
  ReadChangelog(ReadChangeFile(path), source.options.codec, [&](const ChangelogRecord& record) {
    Kind kind = record.kind == ChangelogRecord::Kind::kMerge    ? Kind::kAppend
                : record.kind == ChangelogRecord::Kind::kRemove ? Kind::kDelete
                                                                : Kind::kUpdate;
    std::string_view key = record.key, value = record.value;
    if (source.options.row_checksums) TakeChecksums(kind == Kind::kDelete ? &key : &value, kind != Kind::kDelete);
    if (!value.empty()) value.remove_prefix(1);
    visit({kind, keys.Decode(key, &buffer), kind == Kind::kDelete ? std::string_view() : value});
  });
}

}  // namespace

std::shared_ptr<StateStore> OpenForReading(const StateSource& source, const StoreToRead& store, int64_t version,
                                           std::optional<int64_t> snapshot) {
  if (source.rocksdb) return OpenFamiliesForReading(source, store, version, snapshot);
  auto partition =
      std::make_shared<StatePartition>(StoreFolder(source.root, store.id), store.id, store.schema, source.options);
  return snapshot ? partition->OpenFrom(*snapshot, version) : partition->Open(version);
}

std::shared_ptr<FamilyStore> OpenFamiliesForReading(const StateSource& source, const StoreToRead& store,
                                                    int64_t version, std::optional<int64_t> snapshot) {
  auto partition =
      std::make_shared<RocksDbPartition>(StoreFolder(source.root, store.id), store.id, store.schema, LayoutOf(store),
                                         store.has_families, source.options, source.rocksdb_options);
  return snapshot ? partition->OpenFrom(*snapshot, version) : partition->Open(version);
}

void ReadStateChanges(const StateSource& source, const StoreToRead& store, int64_t version,
                      const std::function<void(const StateChange&)>& visit) {
  std::string path =
      fmt::format("{}/{}.{}", StoreFolder(source.root, store.id), version, source.rocksdb ? "changelog" : "delta");
  try {
    if (source.rocksdb) {
      ReadChangelogChanges(source, store, path, visit);
    } else {
      ReadDelta(source, path, visit);
    }
  } catch (const Error& error) {
    if (!error.condition().empty()) throw;
    throw Damaged(path, error.message());
  }
}

std::vector<int> ListPartitions(const std::string& root, int64_t operator_id) {
  std::vector<int> partitions;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(fmt::format("{}/{}", root, operator_id), failed), end;
       !failed && entry != end; entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    int number = 0;
    auto [rest, status] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (status == std::errc() && rest == name.data() + name.size()) partitions.push_back(number);
  }
  std::sort(partitions.begin(), partitions.end());
  return partitions;
}

}  // namespace sluice::state
