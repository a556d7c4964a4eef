// The keyed state of one partition in memory: a hash map of byte strings that can take back a
// batch's changes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "state/block_pool.h"

namespace sluice::state {

/// Open addressing, without marks for removed entries, over single blocks that hold key and value. Changes since
/// the last Keep can be undone.
class StateMap {
 public:
  StateMap();
  ~StateMap();
  StateMap(const StateMap&) = delete;
  StateMap& operator=(const StateMap&) = delete;

  /// Brings what the keys need into the cache, so that the next calls for them don't wait one after the other.
  void Prefetch(const std::string_view* keys, size_t count) const;
  /// The value; a view of no data if the key is absent. Valid until the next change.
  std::string_view Get(std::string_view key) const;
  void Put(std::string_view key, std::string_view value);
  /// False if the key was absent.
  bool Remove(std::string_view key);
  /// Removes the entries that pass. While changes are recorded, the views of these live until Keep or Undo.
  void RemoveIf(const std::function<bool(std::string_view key, std::string_view value)>& passes);
  void ForEach(const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  int64_t size() const { return size_; }
  int64_t MemoryUsed() const { return pool_.held() + static_cast<int64_t>(slots_.size() * sizeof(Slot)); }
  void Clear();

  /// Records changes from now on, so that Undo can take them back.
  void StartRecording() { recording_ = true; }
  void Keep();  ///< the changes stay
  void Undo();  ///< the changes since StartRecording or the last Keep go

  /// The entries at one moment.
  class Image;
  /// Makes room for so many entries at once.
  void Reserve(int64_t entries);
  /// The entries as they are, which stay until Thaw whatever is changed meanwhile; another thread may read them.
  /// Between StartRecording and Keep or Undo it must not be called.
  Image Freeze();
  void Thaw();

 private:
  struct Block {
    uint32_t key_size, value_size, capacity;  // capacity: bytes for the value
    char data[];
  };
  struct Slot {
    uint64_t hash = 0;
    Block* block = nullptr;  // null = free
  };
  // The blocks of a key before and after; null: it was or is absent. While changes are recorded the old one stays. If
  // both are the same, the value was changed in its place, and the old one lies in old_values_.
  struct Change {
    Block* before;
    Block* after;
  };

  size_t Find(std::string_view key, uint64_t hash) const;
  size_t FindForInsert(std::string_view key, uint64_t hash) const;
  static std::string_view KeyOf(const Block& block) { return {block.data, block.key_size}; }
  static std::string_view ValueOf(const Block& block) { return {block.data + block.key_size, block.value_size}; }
  Block* NewBlock(std::string_view key, std::string_view value);
  void FreeBlock(Block* block);
  void Replace(Block* before, Block* after);
  void ChangeInPlace(Block* block, std::string_view value);
  void PackBlocks();
  void FreeReplaced();
  void RemoveAt(size_t index);
  void ClearSlot(size_t index);
  void GrowForOneMore();
  void Rehash(size_t slots);

  std::vector<Slot> slots_;
  BlockPool pool_;
  int64_t size_ = 0;
  bool recording_ = false, frozen_ = false;
  std::vector<Change> changes_;
  std::string old_values_;        // one after the other, in the order of their changes
  std::vector<Block*> outlived_;  // of the image only
};

class StateMap::Image {
 public:
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const Block* block : blocks_) visit(KeyOf(*block), ValueOf(*block));
  }

 private:
  friend class StateMap;
  std::vector<const Block*> blocks_;
};

}  // namespace sluice::state
