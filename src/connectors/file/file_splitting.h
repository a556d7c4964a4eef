// Which slices of files are read together as one partition, so that rows come in the order in which Spark gives them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/sql_conf.h"
#include "connectors/file/file_listing.h"
#include "connectors/file/file_reader.h"

namespace sluice::connectors {

/// spark.sql.files.maxPartitionBytes, openCostInBytes and minPartitionNum (0 = as many as there are threads).
struct FileSplitting {
  int64_t max_partition_bytes = 128 << 20;
  int64_t open_cost_bytes = 4 << 20;
  int64_t min_partitions = 0;

  /// Throws for a size or number that Spark does not read either; a null `conf` gives the defaults.
  static FileSplitting FromConf(const base::SqlConf* conf);
};

/// Spark's FilePartition: large files cut into slices, the largest slices first, and a partition closed when the next
/// slice does not fit any more. `whole_files` keeps files in one piece.
std::vector<InputPartitionPtr> PlanFiles(const std::vector<ListedFile>& files, const formats::FileFormat& format,
                                         const FileSplitting& splitting, int parallelism, bool whole_files = false);

}  // namespace sluice::connectors
