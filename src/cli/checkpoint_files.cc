// Listing of a checkpoint's logs and state files.
#include "cli/checkpoint_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/error.h"
#include "checkpoint/commit_log.h"
#include "state/operator_records.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

std::string ReadQueryId(const std::string& folder) {
  std::error_code failed;
  if (!fs::exists(folder + "/metadata", failed)) return "";
  auto parsed = nlohmann::json::parse(base::ReadWholeFile(folder + "/metadata"), nullptr, false);
  return parsed.is_object() ? parsed.value("id", "") : "";
}

void FindGaps(const std::vector<int64_t>& batches, const std::string& log, std::vector<std::string>* complaints) {
  for (size_t i = 1; i < batches.size(); ++i) {
    if (batches[i] == batches[i - 1] + 1) continue;
    complaints->push_back(fmt::format("{} has no entry between {} and {}", log, batches[i - 1], batches[i]));
  }
}

void CheckLogs(CheckpointFiles* checkpoint) {
  auto& complaints = checkpoint->complaints;
  const auto& offsets = checkpoint->offsets;
  if (checkpoint->query_id.empty()) complaints.push_back("the file metadata is missing or holds no id");
  FindGaps(offsets, "offsets", &complaints);
  FindGaps(checkpoint->commits, "commits", &complaints);
  if (offsets.empty()) return;
  int64_t last = offsets.back(), committed = checkpoint->last_committed().value_or(-1);
  if (committed != last && committed != last - 1) {
    complaints.push_back(fmt::format("the last entry of offsets is {}, that of commits {}", last, committed));
  }
  if (last > 0 && !std::ranges::binary_search(offsets, last - 1)) {
    complaints.push_back(fmt::format("offsets/{} is missing", last - 1));
  }
}

}  // namespace

CheckpointFiles ReadCheckpointFiles(const std::string& folder) {
  CheckpointFiles checkpoint;
  checkpoint.folder = base::LocalPath(folder);
  std::error_code failed;
  if (!fs::exists(checkpoint.folder + "/offsets", failed) && !fs::exists(checkpoint.folder + "/metadata", failed)) {
    throw base::Error::Plain(base::ErrorKind::kFileNotFound, folder + " is no checkpoint");
  }
  checkpoint.query_id = ReadQueryId(checkpoint.folder);
  checkpoint.offsets = checkpoint::OffsetLog(checkpoint.folder).Batches();
  checkpoint.commits = checkpoint::CommitLog(checkpoint.folder).Batches();
  CheckLogs(&checkpoint);
  auto committed = checkpoint.last_committed();
  checkpoint.operators = state::ReadOperators(checkpoint.folder + "/state", committed.value_or(0));
  if (!committed) return checkpoint;
  for (const state::StoreId& id : StoresOf(checkpoint)) {
    std::string missing = MissingFor(ListPartitionFiles(checkpoint.folder, id), *committed + 1);
    if (missing.empty()) continue;
    checkpoint.complaints.push_back(fmt::format("{}: {}", state::StoreFolder("state", id), missing));
  }
  return checkpoint;
}

std::vector<state::StoreId> StoresOf(const CheckpointFiles& checkpoint) {
  std::vector<state::StoreId> stores;
  for (const auto& [id, info] : checkpoint.operators) {
    for (const state::StoreInfo& store : info.stores) {
      for (int partition = 0; partition < info.partitions; ++partition) {
        stores.push_back({id, partition, state::IsDefaultStore(store.name) ? "" : store.name});
      }
    }
  }
  return stores;
}

PartitionFiles ListPartitionFiles(const std::string& checkpoint, const state::StoreId& id) {
  PartitionFiles files;
  files.partition = id.partition;
  std::error_code failed;
  std::string folder = state::StoreFolder(checkpoint + "/state", id);
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    int64_t version = 0;
    auto [rest, status] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (status != std::errc() || !entry->is_regular_file(failed)) continue;
    std::string_view suffix(rest, static_cast<size_t>(name.data() + name.size() - rest));
    if (suffix == ".delta" || suffix == ".changelog") {
      files.changes.push_back(version);
    } else if (suffix == ".snapshot" || suffix == ".zip") {
      files.snapshots.push_back(version);
    } else {
      continue;
    }
    ++files.files;
    files.bytes += static_cast<int64_t>(entry->file_size(failed));
  }
  for (fs::directory_iterator entry(folder + "/SSTs", failed), end; !failed && entry != end; entry.increment(failed)) {
    if (entry->path().extension() != ".sst") continue;
    ++files.files;
    files.bytes += static_cast<int64_t>(entry->file_size(failed));
  }
  std::ranges::sort(files.changes);
  std::ranges::sort(files.snapshots);
  return files;
}

std::string MissingFor(const PartitionFiles& files, int64_t version) {
  auto above = std::ranges::upper_bound(files.snapshots, version);
  int64_t base = above == files.snapshots.begin() ? 0 : *std::prev(above);
  for (int64_t v = base + 1; v <= version; ++v) {
    if (!std::ranges::binary_search(files.changes, v)) {
      return fmt::format("version {} cannot be loaded, {} is missing", version, v);
    }
  }
  return "";
}

}  // namespace sluice::cli
