// The logs of the file source and the file sink: a list of files that grows by batches and is compacted now and then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::checkpoint {

/// Spark's CompactibleFileStreamLog: entry N is "v1" and one JSON line a file; every `interval`-th entry is named
/// "N.compact" and holds the lines of all entries up to it. An entry is written once, durably. Not thread safe.
class CompactibleFileLog {
 public:
  CompactibleFileLog(std::string folder, int64_t interval);

  /// False (and nothing written) if the entry exists already.
  bool Add(int64_t batch, const std::vector<std::string>& lines);
  std::optional<int64_t> Latest() const;
  /// The lines of all entries. Throws an error that names a file that is missing or not of the log's form.
  std::vector<std::string> All() const;
  bool Exists() const;

 private:
  bool IsCompaction(int64_t batch) const { return (batch + 1) % interval_ == 0; }
  std::vector<std::string> Read(const std::string& name) const;

  std::string folder_;
  int64_t interval_;
};

}  // namespace sluice::checkpoint
