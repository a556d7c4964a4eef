// Hash map of state with an undo log.
#include "state/state_map.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace sluice::state {
namespace {

constexpr size_t kFirstSlots = 64;
constexpr size_t kNotFound = static_cast<size_t>(-1);
constexpr size_t kPrefetchedTogether = 32, kPrefetchedAhead = 16;
constexpr int64_t kBytesWorthPacking = 1 << 20;

// Of the slots at most five of eight are taken: beyond that, long rows of them make keys that are absent costly.
bool IsTooFull(size_t taken, size_t slots) { return taken * 8 > slots * 5; }

uint64_t HashOf(std::string_view key) { return XXH64(key.data(), key.size(), 0); }

}  // namespace

StateMap::StateMap() : slots_(kFirstSlots) {}

StateMap::~StateMap() {
  Clear();
  Thaw();
}

void StateMap::Clear() {
  for (Slot& slot : slots_) {
    if (slot.block) FreeBlock(slot.block);
  }
  FreeReplaced();
  if (!frozen_) pool_ = BlockPool();
  slots_.assign(kFirstSlots, Slot{});
  size_ = 0;
  recording_ = false;
}

StateMap::Block* StateMap::NewBlock(std::string_view key, std::string_view value) {
  auto* block = static_cast<Block*>(pool_.Allocate(sizeof(Block) + key.size() + value.size()));
  block->key_size = static_cast<uint32_t>(key.size());
  block->value_size = block->capacity = static_cast<uint32_t>(value.size());
  if (!key.empty()) std::memcpy(block->data, key.data(), key.size());
  if (!value.empty()) std::memcpy(block->data + key.size(), value.data(), value.size());
  return block;
}

void StateMap::FreeBlock(Block* block) {
  if (frozen_) {
    outlived_.push_back(block);
  } else {
    pool_.Free(block, sizeof(Block) + block->key_size + block->capacity);
  }
}

size_t StateMap::FindForInsert(std::string_view key, uint64_t hash) const {
  size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (!slot.block || (slot.hash == hash && KeyOf(*slot.block) == key)) return i;
  }
}

size_t StateMap::Find(std::string_view key, uint64_t hash) const {
  size_t found = FindForInsert(key, hash);
  return slots_[found].block ? found : kNotFound;
}

void StateMap::Reserve(int64_t entries) {
  size_t needed = std::bit_ceil(static_cast<size_t>(entries) * 8 / 5 + 1);
  if (needed > slots_.size()) Rehash(needed);
}

StateMap::Image StateMap::Freeze() {
  frozen_ = true;
  Image image;
  image.blocks_.reserve(static_cast<size_t>(size_));
  for (const Slot& slot : slots_) {
    if (slot.block) image.blocks_.push_back(slot.block);
  }
  return image;
}

void StateMap::Thaw() {
  frozen_ = false;
  for (Block* block : outlived_) FreeBlock(block);
  outlived_.clear();
}

void StateMap::GrowForOneMore() {
  if (IsTooFull(static_cast<size_t>(size_) + 1, slots_.size())) Rehash(slots_.size() * 2);
}

void StateMap::Rehash(size_t slots) {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(slots, Slot{});
  size_t mask = slots - 1;
  for (const Slot& slot : old) {
    if (!slot.block) continue;
    size_t i = slot.hash & mask;
    while (slots_[i].block) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

void StateMap::Prefetch(const std::string_view* keys, size_t count) const {
  size_t mask = slots_.size() - 1;
  uint64_t hashes[kPrefetchedTogether];
  for (size_t begin = 0; begin < count; begin += kPrefetchedTogether) {
    size_t end = std::min(count - begin, kPrefetchedTogether);
    for (size_t i = 0; i < end; ++i) {
      hashes[i] = HashOf(keys[begin + i]);
      __builtin_prefetch(&slots_[hashes[i] & mask]);
    }
    for (size_t i = 0; i < end; ++i) {
      for (size_t slot = hashes[i] & mask; slots_[slot].block; slot = (slot + 1) & mask) {
        if (slots_[slot].hash != hashes[i]) continue;
        __builtin_prefetch(slots_[slot].block);
        break;
      }
    }
  }
}

std::string_view StateMap::Get(std::string_view key) const {
  size_t found = Find(key, HashOf(key));
  return found == kNotFound ? std::string_view() : ValueOf(*slots_[found].block);
}

// Puts a block where another one of the same key is, or none.
void StateMap::Replace(Block* before, Block* after) {
  if (recording_) {
    changes_.push_back({before, after});
  } else if (before) {
    FreeBlock(before);
  }
}

void StateMap::Put(std::string_view key, std::string_view value) {
  GrowForOneMore();
  uint64_t hash = HashOf(key);
  Slot* slot = &slots_[FindForInsert(key, hash)];
  if (!slot->block) {
    *slot = {hash, NewBlock(key, value)};
    ++size_;
    Replace(nullptr, slot->block);
    return;
  }
  Block* block = slot->block;
  bool fits = recording_ ? value.size() == block->value_size : value.size() <= block->capacity;
  if (fits && !frozen_) return ChangeInPlace(block, value);
  slot->block = NewBlock(key, value);
  Replace(block, slot->block);
}

void StateMap::ChangeInPlace(Block* block, std::string_view value) {
  if (recording_) {
    old_values_.append(ValueOf(*block));
    changes_.push_back({block, block});
  }
  // The value may be a view of the block.
  if (!value.empty()) std::memmove(block->data + block->key_size, value.data(), value.size());
  block->value_size = static_cast<uint32_t>(value.size());
}

bool StateMap::Remove(std::string_view key) {
  size_t found = Find(key, HashOf(key));
  if (found == kNotFound) return false;
  RemoveAt(found);
  return true;
}

void StateMap::RemoveIf(const std::function<bool(std::string_view, std::string_view)>& passes) {
  // Begins behind a free slot: what moves up when an entry goes has then not been visited.
  size_t mask = slots_.size() - 1, first = 0;
  while (slots_[first].block) ++first;
  for (size_t i = 1; i <= mask; ++i) {
    size_t at = (first + i) & mask;
    while (slots_[at].block && passes(KeyOf(*slots_[at].block), ValueOf(*slots_[at].block))) RemoveAt(at);
  }
}

void StateMap::RemoveAt(size_t index) {
  Block* block = slots_[index].block;
  ClearSlot(index);
  Replace(block, nullptr);
}

// Entries behind the slot move up, unless that puts them before the place that their hash asks for.
void StateMap::ClearSlot(size_t index) {
  size_t mask = slots_.size() - 1, hole = index;
  for (size_t i = (hole + 1) & mask; slots_[i].block; i = (i + 1) & mask) {
    size_t home = slots_[i].hash & mask;
    if (((i - home) & mask) < ((i - hole) & mask)) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole].block = nullptr;
  --size_;
}

void StateMap::ForEach(const std::function<bool(std::string_view, std::string_view)>& visit) const {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (i + kPrefetchedAhead < slots_.size()) __builtin_prefetch(slots_[i + kPrefetchedAhead].block);
    const Block* block = slots_[i].block;
    if (block && !visit(KeyOf(*block), ValueOf(*block))) return;
  }
}

void StateMap::FreeReplaced() {
  for (const Change& change : changes_) {
    if (change.before && change.before != change.after) FreeBlock(change.before);
  }
  changes_.clear();
  old_values_.clear();
}

void StateMap::Keep() {
  FreeReplaced();
  if (changes_.capacity() > 100'000) changes_.shrink_to_fit();
  old_values_.shrink_to_fit();
  // After a burst the table and the blocks give their memory back.
  size_t needed = std::max(kFirstSlots, std::bit_ceil(static_cast<size_t>(size_) * 2));
  if (slots_.size() / 8 >= needed) Rehash(needed);
  if (!frozen_ && pool_.held() > kBytesWorthPacking && pool_.used() < pool_.held() / 4) PackBlocks();
}

void StateMap::PackBlocks() {
  BlockPool old = std::exchange(pool_, BlockPool());
  for (Slot& slot : slots_) {
    if (!slot.block) continue;
    Block* block = slot.block;
    slot.block = NewBlock(KeyOf(*block), ValueOf(*block));
    old.Free(block, sizeof(Block) + block->key_size + block->capacity);
  }
}

void StateMap::Undo() {
  for (; !changes_.empty(); changes_.pop_back()) {
    auto [before, after] = changes_.back();
    if (before == after) {
      size_t size = before->value_size, start = old_values_.size() - size;
      std::memcpy(before->data + before->key_size, old_values_.data() + start, size);
      old_values_.resize(start);
      continue;
    }
    std::string_view key = KeyOf(*(after ? after : before));
    uint64_t hash = HashOf(key);
    if (after && before) {
      slots_[Find(key, hash)].block = before;
    } else if (after) {
      ClearSlot(Find(key, hash));
    } else {
      GrowForOneMore();
      slots_[FindForInsert(key, hash)] = {hash, before};
      ++size_;
    }
    if (after) FreeBlock(after);
  }
}

}  // namespace sluice::state
