// Copies of rows that live until they are dropped together.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::state {

class RowArena {
 public:
  /// The copy's data() is not null.
  std::string_view Keep(std::string_view bytes) {
    if (used_ + bytes.size() > size_) Grow(bytes.size());
    char* at = chunks_.back().get() + used_;
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    used_ += bytes.size();
    return {at, bytes.size()};
  }
  /// Takes back the last ones kept, of so many bytes; only if nothing else came between.
  void TakeBack(size_t bytes) { used_ = bytes <= used_ ? used_ - bytes : used_; }
  void Clear() {
    if (chunks_.size() > 1) chunks_.erase(chunks_.begin(), chunks_.end() - 1);
    used_ = 0;
  }

 private:
  static constexpr size_t kChunkBytes = size_t{256} << 10;
  void Grow(size_t bytes) {
    size_ = std::max(kChunkBytes, bytes);
    chunks_.push_back(std::make_unique<char[]>(size_));
    used_ = 0;
  }
  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t used_ = 0, size_ = 0;
};

}  // namespace sluice::state
