// Printing, verifying and comparing of checkpoints.
#include "cli/checkpoint_command.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/durable_file.h"
#include "base/error.h"
#include "checkpoint/commit_log.h"
#include "cli/checkpoint_files.h"
#include "connectors/state/state_target.h"
#include "state/operator_records.h"
#include "state/schema_file.h"
#include "state/unsafe_row.h"

namespace sluice::cli {
namespace {

constexpr int kMostExamples = 20;

std::string Ranges(const std::vector<int64_t>& numbers) {
  std::string out;
  for (size_t i = 0; i < numbers.size();) {
    size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!out.empty()) out += ", ";
    out += last == i ? std::to_string(numbers[i]) : fmt::format("{}..{}", numbers[i], numbers[last]);
    i = last + 1;
  }
  return out.empty() ? "none" : out;
}

std::string StoreText(const state::StoreId& id) {
  return fmt::format("operator {}, partition {}{}", id.operator_id, id.partition,
                     id.name.empty() ? "" : ", store " + id.name);
}

void ShowOperator(const CheckpointFiles& checkpoint, const state::OperatorInfo& info) {
  fmt::print("operator {}  {}, {} partitions\n", info.id, info.name, info.partitions);
  if (!info.properties_json.empty()) fmt::print("  properties {}\n", info.properties_json);
  for (const state::StoreInfo& store : info.stores) {
    fmt::print("  store {}\n", store.name);
    std::vector<state::ColumnFamily> families;
    for (const std::string& file : store.schema_files) {
      families = state::ParseFamilySchemaFile(base::ReadWholeFile(base::LocalPath(file)));
    }
    if (store.schema_files.empty()) {
      families = {{"", state::ReadStoreSchema(checkpoint.folder + "/state", info.id, store.name)}};
    }
    for (const state::ColumnFamily& family : families) {
      if (!family.name.empty()) fmt::print("    family {}\n", family.name);
      fmt::print("    key    {}\n    value  {}\n", family.schema.key->SimpleString(),
                 family.schema.value->SimpleString());
    }
    for (int partition = 0; partition < info.partitions; ++partition) {
      state::StoreId id{info.id, partition, state::IsDefaultStore(store.name) ? "" : store.name};
      PartitionFiles files = ListPartitionFiles(checkpoint.folder, id);
      fmt::print("    partition {}: changes {}; snapshots {}; {} files, {} bytes\n", partition, Ranges(files.changes),
                 Ranges(files.snapshots), files.files, files.bytes);
    }
  }
}

void ShowVerdict(const std::vector<std::string>& complaints) {
  if (complaints.empty()) {
    fmt::print("Spark would go on from this checkpoint.\n");
    return;
  }
  fmt::print("Spark would not go on from this checkpoint:\n");
  for (const std::string& complaint : complaints) fmt::print("  {}\n", complaint);
}

// Collects what is wrong, and goes on.
class Verifier {
 public:
  explicit Verifier(const std::string& folder) : checkpoint_(ReadCheckpointFiles(folder)) {}

  int Run() {
    defects_ = checkpoint_.complaints;
    checkpoint::OffsetLog offsets(checkpoint_.folder);
    checkpoint::CommitLog commits(checkpoint_.folder);
    for (int64_t batch : checkpoint_.offsets) Try("", [&] { offsets.Get(batch), ++files_; });
    for (int64_t batch : checkpoint_.commits) Try("", [&] { commits.Get(batch), ++files_; });
    if (checkpoint_.last_committed()) VerifyState(*checkpoint_.last_committed());
    for (const std::string& defect : defects_) fmt::print("{}\n", defect);
    fmt::print("{} files and {} rows of state read, {} defects\n", files_, rows_, defects_.size());
    return defects_.empty() ? 0 : 1;
  }

 private:
  template <typename Action>
  void Try(const std::string& where, Action&& action) {
    try {
      action();
    } catch (const base::Error& error) {
      std::string cause = error.causes().empty() ? "" : " (" + error.causes().front() + ")";
      defects_.push_back(where + error.message() + cause);
    }
  }

  void VerifyState(int64_t batch) {
    Try("", [&] { source_ = connectors::StateSourceOf(checkpoint_.folder, batch, base::SqlConf()); });
    source_.options.repair_snapshots = false;
    for (const state::StoreId& id : StoresOf(checkpoint_)) {
      const state::OperatorInfo& info = checkpoint_.operators.at(id.operator_id);
      std::string name = id.name.empty() ? "default" : id.name;
      const state::StoreInfo& store = *std::ranges::find(info.stores, name, &state::StoreInfo::name);
      state::StoreToRead to_read{id, {}, store.prefix_columns, !store.schema_files.empty()};
      Try(StoreText(id) + ": ", [&] { VerifyStore(store, to_read, batch + 1); });
    }
  }

  // Every version that can be asked for: each snapshot alone, and all changes on top of the first of them.
  void VerifyStore(const state::StoreInfo& store, state::StoreToRead to_read, int64_t newest) {
    PartitionFiles files = ListPartitionFiles(checkpoint_.folder, to_read.id);
    if (to_read.has_families) {
      VerifyFamilies(store, to_read, newest);
      files_ += files.files;
      return;
    }
    to_read.schema = state::ReadStoreSchema(checkpoint_.folder + "/state", to_read.id.operator_id, store.name);
    for (int64_t snapshot : files.snapshots) {
      Try(fmt::format("{}, version {}: ", StoreText(to_read.id), snapshot),
          [&] { VerifyRows(to_read.schema, *state::OpenForReading(source_, to_read, snapshot, snapshot)); });
    }
    int64_t first = files.snapshots.empty() ? 0 : files.snapshots.front();
    if (!files.changes.empty() && files.changes.back() > first) {
      VerifyRows(to_read.schema, *state::OpenForReading(source_, to_read, files.changes.back(), first));
    }
    files_ += files.files;
  }

  void VerifyFamilies(const state::StoreInfo& store, const state::StoreToRead& to_read, int64_t newest) {
    auto open = state::OpenFamiliesForReading(source_, to_read, newest);
    for (const std::string& file : store.schema_files) {
      for (const auto& family : state::ParseFamilySchemaFile(base::ReadWholeFile(base::LocalPath(file)))) {
        open->ForEach(open->CreateFamily(family), [&](std::string_view, std::string_view) { return ++rows_ > 0; });
      }
    }
  }

  void VerifyRows(const state::StoreSchema& schema, const state::StateStore& store) {
    store.ForEach([&](std::string_view key, std::string_view value) {
      ++rows_;
      std::string defect = state::FindUnsafeRowDefect(*schema.key, key);
      if (defect.empty()) defect = state::FindUnsafeRowDefect(*schema.value, value);
      if (!defect.empty()) throw base::Error::Plain(base::ErrorKind::kIllegalState, "a row is damaged: " + defect);
      return true;
    });
  }

  const CheckpointFiles checkpoint_;
  state::StateSource source_;
  std::vector<std::string> defects_;
  int64_t files_ = 0, rows_ = 0;
};

using Rows = std::map<std::string, std::string>;

// The state of one checkpoint after one batch.
class StateSide {
 public:
  StateSide(const std::string& folder, int64_t batch) : checkpoint_(ReadCheckpointFiles(folder)) {
    auto committed = checkpoint_.last_committed();
    if (!committed) throw base::Error::Plain(base::ErrorKind::kIllegalState, folder + " has no committed batch");
    batch_ = batch < 0 ? *committed : batch;
    source_ = connectors::StateSourceOf(checkpoint_.folder, batch_, base::SqlConf());
  }
  const CheckpointFiles& checkpoint() const { return checkpoint_; }
  int64_t batch() const { return batch_; }

  /// The rows of a store, those of all its partitions.
  Rows Read(const state::OperatorInfo& info, const state::StoreInfo& store, state::StoreSchema* schema) const {
    *schema = state::ReadStoreSchema(checkpoint_.folder + "/state", info.id, store.name);
    Rows rows;
    for (int partition = 0; partition < info.partitions; ++partition) {
      state::StoreToRead to_read{
          {info.id, partition, state::IsDefaultStore(store.name) ? "" : store.name}, *schema, store.prefix_columns};
      state::OpenForReading(source_, to_read, batch_ + 1)->ForEach([&](std::string_view key, std::string_view value) {
        rows.emplace(key, value);
        return true;
      });
    }
    return rows;
  }

 private:
  const CheckpointFiles checkpoint_;
  int64_t batch_ = 0;
  state::StateSource source_;
};

std::string RowText(const types::DataType& type, const std::string& row) {
  std::string out;
  for (const auto& column : state::DecodeUnsafeRows(type, {row})) {
    if (!out.empty()) out += ", ";
    out += (*column->GetScalar(0))->ToString();
  }
  return "[" + out + "]";
}

int DiffStore(const std::string& title, const state::StoreSchema& schema, const Rows& before, const Rows& after) {
  int differing = 0;
  auto print = [&](const char* mark, const std::string& key, const std::string& text) {
    if (differing++ == 0) fmt::print("{}\n", title);
    if (differing <= kMostExamples) fmt::print("  {} {} {}\n", mark, RowText(*schema.key, key), text);
  };
  for (const auto& [key, value] : before) {
    auto found = after.find(key);
    if (found == after.end()) {
      print("-", key, RowText(*schema.value, value));
    } else if (found->second != value) {
      print("~", key, RowText(*schema.value, value) + " -> " + RowText(*schema.value, found->second));
    }
  }
  for (const auto& [key, value] : after) {
    if (!before.contains(key)) print("+", key, RowText(*schema.value, value));
  }
  if (differing > kMostExamples) fmt::print("  … and {} more\n", differing - kMostExamples);
  return differing;
}

}  // namespace

int ShowCheckpoint(const std::string& folder) {
  CheckpointFiles checkpoint = ReadCheckpointFiles(folder);
  fmt::print("query      {}\noffsets    {}\ncommits    {}\n", checkpoint.query_id, Ranges(checkpoint.offsets),
             Ranges(checkpoint.commits));
  if (!checkpoint.offsets.empty()) {
    auto entry = checkpoint::OffsetLog(checkpoint.folder).Get(checkpoint.offsets.back());
    fmt::print("batch {}: watermark {} ms, timestamp {} ms\n", checkpoint.offsets.back(), entry->metadata.watermark_ms,
               entry->metadata.timestamp_ms);
    for (const auto& [key, value] : entry->metadata.conf) fmt::print("  {}={}\n", key, value);
    for (size_t i = 0; i < entry->offsets.size(); ++i) {
      fmt::print("source {}  {}\n", i, entry->offsets[i].value_or("-"));
    }
  }
  for (const auto& [id, info] : checkpoint.operators) ShowOperator(checkpoint, info);
  ShowVerdict(checkpoint.complaints);
  return checkpoint.complaints.empty() ? 0 : 1;
}

int VerifyCheckpoint(const std::string& folder) { return Verifier(folder).Run(); }

int DiffCheckpoints(const std::string& folder, const std::string& other, int64_t from, int64_t to) {
  StateSide before(folder, from), after(other.empty() ? folder : other, to);
  fmt::print("batch {} of {}\nbatch {} of {}\n", before.batch(), before.checkpoint().folder, after.batch(),
             after.checkpoint().folder);
  int differing = 0;
  for (const auto& [id, info] : before.checkpoint().operators) {
    auto same = after.checkpoint().operators.find(id);
    if (same == after.checkpoint().operators.end() || same->second.name != info.name) {
      fmt::print("operator {} {} is in the first only\n", id, info.name);
      ++differing;
      continue;
    }
    for (const state::StoreInfo& store : info.stores) {
      if (!store.schema_files.empty()) {
        throw base::Error::Unsupported("To compare state of transformWithState",
                                       "Read it with format(\"statestore\").");
      }
      state::StoreSchema schema, other_schema;
      Rows rows = before.Read(info, store, &schema), other_rows = after.Read(same->second, store, &other_schema);
      differing +=
          DiffStore(fmt::format("operator {} {}, store {}", id, info.name, store.name), schema, rows, other_rows);
    }
  }
  fmt::print("{} differences\n", differing);
  return differing == 0 ? 0 : 1;
}

}  // namespace sluice::cli
