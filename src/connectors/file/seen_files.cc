// A hash map, and its keys in the order in which they age.
#include "connectors/file/seen_files.h"

#include <algorithm>

namespace sluice::connectors {

std::string SeenFiles::Key(std::string_view path) const {
  return std::string(name_only_ ? path.substr(path.rfind('/') + 1) : path);
}

void SeenFiles::Add(std::string_view path, int64_t timestamp_ms) {
  auto [entry, added] = files_.try_emplace(Key(path), timestamp_ms);
  if (max_age_ms_ != INT64_MAX) {
    if (!added) by_age_.erase({entry->second, &entry->first});
    by_age_.emplace(timestamp_ms, &entry->first);
  }
  entry->second = timestamp_ms;
  newest_ms_ = std::max(newest_ms_, timestamp_ms);
}

bool SeenFiles::IsNew(std::string_view path, int64_t timestamp_ms) const {
  // Compared with the last purge, so that what is too old but not purged yet is still known.
  return timestamp_ms >= purged_below_ms_ && !files_.contains(Key(path));
}

void SeenFiles::Purge() {
  if (max_age_ms_ == INT64_MAX) {
    purged_below_ms_ = INT64_MIN;
    return;
  }
  purged_below_ms_ = newest_ms_ - max_age_ms_;
  while (!by_age_.empty() && by_age_.begin()->first < purged_below_ms_) {
    auto entry = files_.find(*by_age_.begin()->second);
    by_age_.erase(by_age_.begin());
    files_.erase(entry);
  }
}

}  // namespace sluice::connectors
