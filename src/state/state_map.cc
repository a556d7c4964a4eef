// Hash map of state with an undo log.
#include "state/state_map.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

namespace sluice::state {
namespace {

constexpr size_t kFirstSlots = 64;
constexpr size_t kNotFound = static_cast<size_t>(-1);

template <typename Block>
Block* Tombstone() {
  return reinterpret_cast<Block*>(1);
}

uint64_t HashOf(std::string_view key) { return XXH64(key.data(), key.size(), 0); }

}  // namespace

StateMap::StateMap() : slots_(kFirstSlots) {}

StateMap::~StateMap() { Clear(); }

void StateMap::Clear() {
  for (Slot& slot : slots_) {
    if (slot.block && slot.block != Tombstone<Block>()) FreeBlock(slot.block);
  }
  FreeReplaced();
  slots_.assign(kFirstSlots, Slot{});
  size_ = tombstones_ = 0;
  recording_ = false;
}

StateMap::Block* StateMap::NewBlock(std::string_view key, std::string_view value) {
  size_t bytes = sizeof(Block) + key.size() + value.size();
  auto* block = static_cast<Block*>(std::malloc(bytes));
  if (!block) throw std::bad_alloc();
  block->key_size = static_cast<uint32_t>(key.size());
  block->value_size = block->capacity = static_cast<uint32_t>(value.size());
  if (!key.empty()) std::memcpy(block->data, key.data(), key.size());
  if (!value.empty()) std::memcpy(block->data + key.size(), value.data(), value.size());
  block_bytes_ += static_cast<int64_t>(bytes);
  return block;
}

void StateMap::FreeBlock(Block* block) {
  block_bytes_ -= static_cast<int64_t>(sizeof(Block) + block->key_size + block->capacity);
  std::free(block);
}

size_t StateMap::Find(std::string_view key, uint64_t hash) const {
  size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (!slot.block) return kNotFound;
    if (slot.block != Tombstone<Block>() && slot.hash == hash && KeyOf(*slot.block) == key) return i;
  }
}

StateMap::Slot* StateMap::FindForInsert(std::string_view key, uint64_t hash) {
  size_t mask = slots_.size() - 1;
  Slot* reusable = nullptr;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    Slot& slot = slots_[i];
    if (!slot.block) return reusable ? reusable : &slot;
    if (slot.block == Tombstone<Block>()) {
      if (!reusable) reusable = &slot;
    } else if (slot.hash == hash && KeyOf(*slot.block) == key) {
      return &slot;
    }
  }
}

void StateMap::Grow() {
  // Many tombstones and few entries: the same size again is enough.
  Rehash(static_cast<size_t>(size_) * 2 >= slots_.size() ? slots_.size() * 2 : slots_.size());
}

void StateMap::Rehash(size_t slots) {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(slots, Slot{});
  tombstones_ = 0;
  size_t mask = slots - 1;
  for (const Slot& slot : old) {
    if (!slot.block || slot.block == Tombstone<Block>()) continue;
    size_t i = slot.hash & mask;
    while (slots_[i].block) i = (i + 1) & mask;
    slots_[i] = slot;
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
  if (static_cast<size_t>(size_ + tombstones_ + 1) * 4 > slots_.size() * 3) Grow();
  uint64_t hash = HashOf(key);
  Slot* slot = FindForInsert(key, hash);
  if (!slot->block || slot->block == Tombstone<Block>()) {
    if (slot->block) --tombstones_;
    *slot = {hash, NewBlock(key, value)};
    ++size_;
    Replace(nullptr, slot->block);
    return;
  }
  Block* block = slot->block;
  if (!recording_ && value.size() <= block->capacity) {
    if (!value.empty()) std::memcpy(block->data + block->key_size, value.data(), value.size());
    block->value_size = static_cast<uint32_t>(value.size());
    return;
  }
  slot->block = NewBlock(key, value);
  Replace(block, slot->block);
}

bool StateMap::Remove(std::string_view key) {
  size_t found = Find(key, HashOf(key));
  if (found == kNotFound) return false;
  RemoveAt(&slots_[found]);
  return true;
}

void StateMap::RemoveIf(const std::function<bool(std::string_view, std::string_view)>& passes) {
  for (Slot& slot : slots_) {
    if (!slot.block || slot.block == Tombstone<Block>()) continue;
    if (passes(KeyOf(*slot.block), ValueOf(*slot.block))) RemoveAt(&slot);
  }
}

void StateMap::RemoveAt(Slot* slot) {
  Block* block = slot->block;
  slot->block = Tombstone<Block>();
  --size_;
  ++tombstones_;
  Replace(block, nullptr);
}

void StateMap::ForEach(const std::function<bool(std::string_view, std::string_view)>& visit) const {
  for (const Slot& slot : slots_) {
    if (!slot.block || slot.block == Tombstone<Block>()) continue;
    if (!visit(KeyOf(*slot.block), ValueOf(*slot.block))) return;
  }
}

void StateMap::FreeReplaced() {
  for (const Change& change : changes_) {
    if (change.before) FreeBlock(change.before);
  }
  changes_.clear();
}

void StateMap::Keep() {
  FreeReplaced();
  if (changes_.capacity() > 100'000) changes_.shrink_to_fit();
  // After a burst the table gives its memory back.
  size_t needed = std::max(kFirstSlots, std::bit_ceil(static_cast<size_t>(size_) * 2));
  if (slots_.size() / 8 >= needed) Rehash(needed);
}

void StateMap::Undo() {
  for (; !changes_.empty(); changes_.pop_back()) {
    auto [before, after] = changes_.back();
    std::string_view key = KeyOf(*(after ? after : before));
    uint64_t hash = HashOf(key);
    if (after && before) {
      slots_[Find(key, hash)].block = before;
    } else if (after) {
      slots_[Find(key, hash)].block = Tombstone<Block>();
      --size_;
      ++tombstones_;
    } else {
      if (static_cast<size_t>(size_ + tombstones_ + 1) * 4 > slots_.size() * 3) Grow();
      Slot* slot = FindForInsert(key, hash);
      if (slot->block) --tombstones_;
      *slot = {hash, before};
      ++size_;
    }
    if (after) FreeBlock(after);
  }
}

}  // namespace sluice::state
