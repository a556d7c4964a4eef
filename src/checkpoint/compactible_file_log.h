// The logs of the file source and the file sink: a list of files that grows by batches and is compacted now and then.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/sql_conf.h"

namespace sluice::checkpoint {

/// How often a log is compacted and when entries that a compacted one replaces are deleted.
struct FileLogSettings {
  int64_t compact_interval = 10;
  bool delete_expired = false;
  int64_t cleanup_delay_ms = 600'000;
  int64_t min_batches_to_retain = 100;

  /// spark.sql.streaming.<fileSource|fileSink>.log.*; throws for an interval that is not positive.
  static FileLogSettings FromConf(const base::SqlConf& conf, const std::string& log);
};

/// Where a line of a log stands, for messages.
struct LogPosition {
  std::string file;  ///< as messages name it
  int64_t line = 1;  ///< counted from 1, the version's line included
};

/// Spark's CompactibleFileStreamLog: entry N is "v1" and one JSON line a file; every `interval`-th entry is named
/// "N.compact" and holds the lines of all entries up to it. An entry is written once, durably; lines pass through one
/// by one, so that memory does not grow with the log. Not thread safe; two processes on one folder are safe.
class CompactibleFileLog {
 public:
  using Visitor = std::function<void(std::string_view line, const LogPosition& position)>;
  using Filter = std::function<bool(std::string_view line, const LogPosition& position)>;

  /// `shown` is the folder as messages name it.
  CompactibleFileLog(std::string folder, std::string shown, FileLogSettings settings = {});

  /// False (and nothing written) if the entry exists already. A compaction leaves out older lines that `keep` refuses.
  bool Add(int64_t batch, const std::vector<std::string>& lines, const Filter& keep = nullptr);
  std::optional<int64_t> Latest() const;
  /// The lines of all entries. Throws an error that names a file that is missing or not of the log's form.
  void ForEach(const Visitor& visit) const;
  /// The lines of one entry; of a compacted one also those before it. False if there is no such file.
  bool ForEachOf(int64_t batch, const Visitor& visit) const;
  /// The newest compacted entry; nothing if there is none.
  std::optional<int64_t> LatestCompacted() const;
  bool Exists() const;

 private:
  int64_t interval() const;
  bool IsCompaction(int64_t batch) const { return (batch + 1) % interval() == 0; }
  std::string NameOf(int64_t batch) const;
  void Visit(int64_t first, int64_t last, const std::string& why, const Visitor& visit) const;
  void DeleteExpired(int64_t batch) const;

  std::string folder_, shown_;
  FileLogSettings settings_;
  mutable std::optional<int64_t> interval_;
};

}  // namespace sluice::checkpoint
