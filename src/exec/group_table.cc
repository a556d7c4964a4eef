// Linear probing over (hash, id) slots; keys are compared in one contiguous store.
#include "exec/group_table.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/util/byte_size.h>

#include <cstring>

#include "base/arrow_status.h"
#include "exec/expression_frame.h"

namespace sluice::exec {
namespace {

constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15ull;

uint64_t Mix(uint64_t hash, uint64_t word) {
  auto product = static_cast<unsigned __int128>(hash ^ word ^ 0xE7037ED1A0B428DBull) * kMultiplier;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t HashBytes(const uint8_t* data, size_t size) {
  uint64_t hash = size * kMultiplier;
  while (size >= 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    hash = Mix(hash, word);
    data += 8;
    size -= 8;
  }
  uint64_t tail = 0;
  if (size > 0) std::memcpy(&tail, data, size);
  return Mix(hash, tail);
}

template <int kWords>
struct FixedKeys {
  const uint64_t* rows;
  std::vector<uint64_t>& store;
  int words;  // used if kWords is 0
  int count() const { return kWords > 0 ? kWords : words; }

  uint64_t Hash(int64_t i) const {
    uint64_t hash = 0;
    for (int w = 0; w < count(); ++w) hash = Mix(hash, rows[i * count() + w]);
    return hash;
  }
  bool Equals(int64_t i, uint32_t id) const {
    const uint64_t* a = rows + i * count();
    const uint64_t* b = store.data() + static_cast<uint64_t>(id) * count();
    for (int w = 0; w < count(); ++w) {
      if (a[w] != b[w]) return false;
    }
    return true;
  }
  void Insert(int64_t i) const { store.insert(store.end(), rows + i * count(), rows + (i + 1) * count()); }
};

struct BytesKeys {
  const EncodedKeys& rows;
  std::vector<uint8_t>& bytes;
  std::vector<uint64_t>& offsets;

  uint64_t Hash(int64_t i) const { return HashBytes(rows.row(i), rows.size(i)); }
  bool Equals(int64_t i, uint32_t id) const {
    uint64_t begin = offsets[id];
    const uint64_t size = rows.size(i);
    return size == offsets[id + 1] - begin && (size == 0 || std::memcmp(rows.row(i), bytes.data() + begin, size) == 0);
  }
  void Insert(int64_t i) const {
    bytes.insert(bytes.end(), rows.row(i), rows.row(i) + rows.size(i));
    offsets.push_back(bytes.size());
  }
};

}  // namespace

GroupTable::GroupTable(std::vector<std::shared_ptr<arrow::DataType>> types)
    : types_(std::move(types)), encoder_(types_), slots_(64, Slot{0, kMissing}), mask_(63), chunks_(types_.size()) {}

void GroupTable::Grow() {
  std::vector<Slot> old((mask_ + 1) * 2, Slot{0, kMissing});
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.id == kMissing) continue;
    // 32 bits of hash are kept; beyond 2^32 slots the table is not used.
    uint64_t at = slot.hash & mask_;
    while (slots_[at].id != kMissing) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

template <bool kInsert, typename KeyRows>
void GroupTable::Probe(const KeyRows& keys, int64_t rows, uint32_t* ids) {
  constexpr int64_t kChunk = 256;
  uint32_t hashes[kChunk];
  for (int64_t begin = 0; begin < rows; begin += kChunk) {
    int64_t count = std::min(kChunk, rows - begin);
    if constexpr (kInsert) {
      while (static_cast<uint64_t>(size_ + count) * 2 > mask_) Grow();
    }
    for (int64_t i = 0; i < count; ++i) {
      uint64_t hash = keys.Hash(begin + i);
      hashes[i] = static_cast<uint32_t>(hash ^ (hash >> 32));
      __builtin_prefetch(&slots_[hashes[i] & mask_]);
    }
    for (int64_t i = 0; i < count; ++i) {
      uint64_t at = hashes[i] & mask_;
      uint32_t id = kMissing;
      for (;;) {
        const Slot& slot = slots_[at];
        if (slot.id == kMissing) break;
        if (slot.hash == hashes[i] && keys.Equals(begin + i, slot.id)) {
          id = slot.id;
          break;
        }
        at = (at + 1) & mask_;
      }
      if constexpr (kInsert) {
        if (id == kMissing) {
          id = static_cast<uint32_t>(size_++);
          slots_[at] = Slot{hashes[i], id};
          keys.Insert(begin + i);
        }
      }
      ids[begin + i] = id;
    }
  }
}

void GroupTable::Assign(const arrow::ArrayVector& keys, int64_t rows, uint32_t* ids) {
  int64_t before = size_;
  int words = encoder_.fixed_size() / 8;
  if (words > 0) {
    encoder_.EncodeFixed(keys, rows, &fixed_scratch_);
    if (words == 1) {
      Probe<true>(FixedKeys<1>{fixed_scratch_.data(), fixed_keys_, 1}, rows, ids);
    } else if (words == 2) {
      Probe<true>(FixedKeys<2>{fixed_scratch_.data(), fixed_keys_, 2}, rows, ids);
    } else {
      Probe<true>(FixedKeys<0>{fixed_scratch_.data(), fixed_keys_, words}, rows, ids);
    }
  } else {
    encoder_.Encode(keys, rows, &scratch_);
    Probe<true>(BytesKeys{scratch_, bytes_, offsets_}, rows, ids);
  }
  if (size_ == before) return;
  // The rows that brought a new key, in the order of the new ids.
  int64_t added = size_ - before;
  auto buffer = base::ValueOrThrow(arrow::AllocateBuffer(added * sizeof(int32_t)));
  auto* out = reinterpret_cast<int32_t*>(buffer->mutable_data());
  auto next = static_cast<uint32_t>(before);
  for (int64_t i = 0; i < rows && next < size_; ++i) {
    if (ids[i] == next) {
      *out++ = static_cast<int32_t>(i);
      ++next;
    }
  }
  auto selection = std::make_shared<arrow::Int32Array>(added, std::shared_ptr<arrow::Buffer>(std::move(buffer)));
  for (size_t c = 0; c < keys.size(); ++c) {
    chunks_[c].push_back(NormalizeFloats(added == rows ? keys[c] : TakeRows(keys[c], selection)));
  }
}

void GroupTable::Find(const arrow::ArrayVector& keys, int64_t rows, uint32_t* ids) const {
  // Probing without inserting changes nothing.
  auto* self = const_cast<GroupTable*>(this);
  int words = encoder_.fixed_size() / 8;
  if (words > 0) {
    std::vector<uint64_t> encoded;
    encoder_.EncodeFixed(keys, rows, &encoded);
    if (words == 1) {
      self->Probe<false>(FixedKeys<1>{encoded.data(), self->fixed_keys_, 1}, rows, ids);
    } else if (words == 2) {
      self->Probe<false>(FixedKeys<2>{encoded.data(), self->fixed_keys_, 2}, rows, ids);
    } else {
      self->Probe<false>(FixedKeys<0>{encoded.data(), self->fixed_keys_, words}, rows, ids);
    }
  } else {
    EncodedKeys encoded;
    encoder_.Encode(keys, rows, &encoded);
    self->Probe<false>(BytesKeys{encoded, self->bytes_, self->offsets_}, rows, ids);
  }
}

arrow::ArrayVector GroupTable::Keys() const {
  arrow::ArrayVector keys;
  for (size_t c = 0; c < chunks_.size(); ++c) {
    if (chunks_[c].empty()) {
      keys.push_back(base::ValueOrThrow(arrow::MakeEmptyArray(types_[c])));
    } else {
      keys.push_back(chunks_[c].size() == 1 ? chunks_[c][0] : base::ValueOrThrow(arrow::Concatenate(chunks_[c])));
    }
  }
  return keys;
}

std::vector<arrow::ArrayVector> GroupTable::TakeKeys(int64_t rows) {
  std::vector<arrow::ArrayVector> columns = std::move(chunks_);
  *this = GroupTable(types_);
  std::vector<arrow::ArrayVector> pieces;
  size_t chunks = columns.empty() ? 0 : columns[0].size();
  for (size_t begin = 0, end = 0; begin < chunks; begin = end) {
    int64_t length = 0;
    while (end < chunks && length < rows) length += columns[0][end++]->length();
    arrow::ArrayVector piece;
    for (auto& column : columns) {
      arrow::ArrayVector run(std::make_move_iterator(column.begin() + static_cast<std::ptrdiff_t>(begin)),
                             std::make_move_iterator(column.begin() + static_cast<std::ptrdiff_t>(end)));
      piece.push_back(run.size() == 1 ? run[0] : base::ValueOrThrow(arrow::Concatenate(run)));
    }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

int64_t GroupTable::MemoryUsed() const {
  int64_t total = static_cast<int64_t>(slots_.size() * sizeof(Slot) + fixed_keys_.capacity() * 8 + bytes_.capacity() +
                                       offsets_.capacity() * 8);
  for (const auto& column : chunks_) {
    for (const auto& chunk : column) total += arrow::util::TotalBufferSize(*chunk);
  }
  return total;
}

}  // namespace sluice::exec
