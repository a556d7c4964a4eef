// Slices by size, next fit.
#include "connectors/file/file_splitting.h"

#include <algorithm>
#include <cstdint>

namespace sluice::connectors {

FileSplitting FileSplitting::FromConf(const base::SqlConf* conf) {
  FileSplitting out;
  if (!conf) return out;
  out.max_partition_bytes = std::max<int64_t>(1, conf->GetBytes("spark.sql.files.maxPartitionBytes"));
  out.open_cost_bytes = conf->GetBytes("spark.sql.files.openCostInBytes");
  if (conf->Find("spark.sql.files.minPartitionNum"))
    out.min_partitions = conf->GetLong("spark.sql.files.minPartitionNum");
  return out;
}

std::vector<InputPartitionPtr> PlanFiles(const std::vector<ListedFile>& files, const formats::FileFormat& format,
                                         const FileSplitting& splitting, int parallelism, bool whole_files) {
  int64_t total = 0;
  for (const ListedFile& file : files) total += file.size + splitting.open_cost_bytes;
  int64_t per_partition =
      total / std::max<int64_t>(1, splitting.min_partitions > 0 ? splitting.min_partitions : parallelism);
  const int64_t most =
      std::clamp<int64_t>(std::max(splitting.open_cost_bytes, per_partition), 1, splitting.max_partition_bytes);
  std::vector<FilePartition::Part> parts;
  for (const ListedFile& file : files) {
    if (whole_files || !format.Splittable(file.path)) {
      parts.push_back({{file.path, 0, file.size, file.size}, file.modified_ms, file.base});
      continue;
    }
    for (int64_t start = 0; start < file.size; start += most) {
      parts.push_back({{file.path, start, std::min(most, file.size - start), file.size}, file.modified_ms, file.base});
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.slice.length > b.slice.length; });
  std::vector<InputPartitionPtr> out;
  std::shared_ptr<FilePartition> open;
  int64_t held = 0;
  for (FilePartition::Part& part : parts) {
    if (!open || held + part.slice.length > most) {
      if (open) out.push_back(std::move(open));
      open = std::make_shared<FilePartition>();
      held = 0;
    }
    held += part.slice.length + splitting.open_cost_bytes;
    open->parts.push_back(std::move(part));
  }
  if (open) out.push_back(std::move(open));
  return out;
}

}  // namespace sluice::connectors
