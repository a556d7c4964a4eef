// The settings spark.sql.streaming.stateStore.rocksdb.*.
#pragma once

#include <cstdint>
#include <string>

#include "base/sql_conf.h"

namespace sluice::state {

struct RocksDbOptions {
  bool changelog = false;  ///< batches write changelogs, snapshots follow in the background
  bool compact_on_commit = false;
  bool track_rows = true;        ///< counting rows costs a look-up for each change
  bool reset_statistics = true;  ///< at each batch
  bool bounded_memory = false;   ///< all stores of the process share max_memory_mb
  bool allow_fallocate = true;
  int64_t block_size_kb = 4, block_cache_mb = 8, lock_timeout_ms = 120'000;
  int max_open_files = -1;
  int64_t write_buffer_mb = -1, max_write_buffers = -1;  ///< -1 = RocksDB's own
  int64_t max_memory_mb = 500;
  double write_buffer_ratio = 0.5, high_priority_ratio = 0.1;  ///< of max_memory_mb
  std::string compression = "lz4";
  int format_version = 5;
  int merge_version = 2;  ///< 1: merged values have a comma between them
};

/// Throws IllegalArgumentException for a value that Spark refuses.
RocksDbOptions ReadRocksDbOptions(const base::SqlConf& conf);

}  // namespace sluice::state
