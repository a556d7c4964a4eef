// Cutting chunks into pieces.
#include "state/block_pool.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace sluice::state {

void* BlockPool::Allocate(size_t bytes) {
  size_t units = (bytes + kUnit - 1) / kUnit;
  size_t size = units * kUnit;
  used_ += static_cast<int64_t>(size);
  if (size > kLargestPiece) {
    void* piece = std::malloc(size);
    if (!piece) throw std::bad_alloc();
    held_ += static_cast<int64_t>(size);
    return piece;
  }
  if (FreePiece* piece = free_[units]) {
    free_[units] = piece->next;
    __builtin_prefetch(piece->next, 1);
    return piece;
  }
  if (rest_bytes_ < size) {
    // What is left of the last chunk serves as a smaller piece.
    if (rest_bytes_ > 0) {
      auto* left = new (rest_) FreePiece{free_[rest_bytes_ / kUnit]};
      free_[rest_bytes_ / kUnit] = left;
    }
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(next_chunk_));
    rest_ = chunks_.back().get();
    rest_bytes_ = next_chunk_;
    held_ += static_cast<int64_t>(next_chunk_);
    next_chunk_ = std::min(next_chunk_ * 2, kLargestChunk);
  }
  char* piece = rest_;
  rest_ += size;
  rest_bytes_ -= size;
  return piece;
}

void BlockPool::Free(void* piece, size_t bytes) {
  size_t units = (bytes + kUnit - 1) / kUnit;
  size_t size = units * kUnit;
  used_ -= static_cast<int64_t>(size);
  if (size > kLargestPiece) {
    held_ -= static_cast<int64_t>(size);
    return std::free(piece);
  }
  free_[units] = new (piece) FreePiece{free_[units]};
}

}  // namespace sluice::state
