// Hash map of state with an undo log.
#include "state/state_map.h"

#include <xxhash.h>

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
  slots_.assign(kFirstSlots, Slot{});
  size_ = tombstones_ = 0;
  changes_.clear();
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
  size_t slots = static_cast<size_t>(size_) * 2 >= slots_.size() ? slots_.size() * 2 : slots_.size();
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

void StateMap::Put(std::string_view key, std::string_view value) {
  if (static_cast<size_t>(size_ + tombstones_ + 1) * 4 > slots_.size() * 3) Grow();
  uint64_t hash = HashOf(key);
  Slot* slot = FindForInsert(key, hash);
  if (!slot->block || slot->block == Tombstone<Block>()) {
    if (recording_) changes_.push_back({std::string(key), "", false});
    if (slot->block) --tombstones_;
    *slot = {hash, NewBlock(key, value)};
    ++size_;
    return;
  }
  Block* block = slot->block;
  if (recording_) changes_.push_back({std::string(key), std::string(ValueOf(*block)), true});
  if (value.size() <= block->capacity) {
    if (!value.empty()) std::memcpy(block->data + block->key_size, value.data(), value.size());
    block->value_size = static_cast<uint32_t>(value.size());
    return;
  }
  slot->block = NewBlock(key, value);
  FreeBlock(block);
}

bool StateMap::Remove(std::string_view key) {
  size_t found = Find(key, HashOf(key));
  if (found == kNotFound) return false;
  Block* block = slots_[found].block;
  if (recording_) changes_.push_back({std::string(key), std::string(ValueOf(*block)), true});
  slots_[found].block = Tombstone<Block>();
  FreeBlock(block);
  --size_;
  ++tombstones_;
  return true;
}

void StateMap::ForEach(const std::function<bool(std::string_view, std::string_view)>& visit) const {
  for (const Slot& slot : slots_) {
    if (!slot.block || slot.block == Tombstone<Block>()) continue;
    if (!visit(KeyOf(*slot.block), ValueOf(*slot.block))) return;
  }
}

void StateMap::Keep() {
  changes_.clear();
  if (changes_.capacity() > 100'000) changes_.shrink_to_fit();
}

void StateMap::Undo() {
  recording_ = false;
  while (!changes_.empty()) {
    Change change = std::move(changes_.back());
    changes_.pop_back();
    if (change.existed) {
      Put(change.key, change.old_value);
    } else {
      Remove(change.key);
    }
  }
  recording_ = true;
}

}  // namespace sluice::state
