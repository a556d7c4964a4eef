// The row with the greatest or least key in each group, for types without a number to compare.
#pragma once

#include <string>
#include <vector>

#include "functions/aggregate/group_values.h"
#include "functions/sort_keys.h"

namespace sluice::functions {

/// Decides by sort keys; the rows themselves are kept by the caller in GroupRows.
class ExtremeKeys {
 public:
  explicit ExtremeKeys(bool max) : max_(max) {}
  void Resize(int64_t groups) {
    keys_.resize(groups);
    set_.resize(groups);
  }
  /// True if the key is the group's best so far; it is kept then. Of equal keys that is the first, or with `later` the
  /// last.
  bool Offer(uint32_t group, std::string_view key, bool later = false) {
    if (set_[group] && key == keys_[group]) return later;
    if (set_[group] && (key < keys_[group]) == max_) return false;
    keys_[group] = key;
    set_[group] = 1;
    return true;
  }
  int64_t MemoryUsed() const {
    int64_t bytes = 0;
    for (const std::string& key : keys_) bytes += static_cast<int64_t>(key.capacity() + sizeof(key));
    return bytes;
  }

 private:
  bool max_;
  std::vector<std::string> keys_;
  std::vector<uint8_t> set_;
};

}  // namespace sluice::functions
