// Memory of a state partition's entries: pieces of few sizes cut from chunks, so that entries that come and go cost
// little.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::state {

/// Pieces go back to the pool; the chunks go with it. Used by one thread at a time.
class BlockPool {
 public:
  BlockPool() = default;
  BlockPool(BlockPool&&) = default;
  BlockPool& operator=(BlockPool&&) = default;

  /// Aligned to 16 bytes. Pieces too large for a chunk are the heap's, and must be freed.
  void* Allocate(size_t bytes);
  void Free(void* piece, size_t bytes);
  int64_t held() const { return held_; }  ///< bytes of all chunks and large pieces
  int64_t used() const { return used_; }  ///< bytes of the pieces that are in use

 private:
  static constexpr size_t kUnit = 16, kLargestPiece = 1024, kFirstChunk = 4096, kLargestChunk = 256 * 1024;
  struct FreePiece {
    FreePiece* next;
  };

  std::array<FreePiece*, kLargestPiece / kUnit + 1> free_{};  // by size in units
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* rest_ = nullptr;  // of the newest chunk
  size_t rest_bytes_ = 0, next_chunk_ = kFirstChunk;
  int64_t held_ = 0, used_ = 0;
};

}  // namespace sluice::state
