// Which files a file stream has taken, as far back as it has to remember.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sluice::connectors {

/// FileStreamSource.SeenFilesMap: files older than `max_age_ms` before the newest one are forgotten, and files that old
/// are not taken any more. Forgetting costs only what is forgotten. Not thread safe.
class SeenFiles {
 public:
  SeenFiles(int64_t max_age_ms, bool name_only) : max_age_ms_(max_age_ms), name_only_(name_only) {}
  SeenFiles(const SeenFiles&) = delete;
  SeenFiles& operator=(const SeenFiles&) = delete;

  void Add(std::string_view path, int64_t timestamp_ms);
  bool IsNew(std::string_view path, int64_t timestamp_ms) const;
  void Purge();
  size_t size() const { return files_.size(); }

 private:
  std::string Key(std::string_view path) const;

  int64_t max_age_ms_;
  bool name_only_;
  std::unordered_map<std::string, int64_t> files_;
  std::set<std::pair<int64_t, const std::string*>>
      by_age_;  ///< keys of files_, which don't move; empty if nothing ages
  int64_t newest_ms_ = 0, purged_below_ms_ = 0;
};

}  // namespace sluice::connectors
