// Numbers the distinct keys of rows: an open-addressing hash table over encoded keys.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <vector>

#include "exec/key_encoder.h"

namespace sluice::exec {

/// Group ids are dense and ascend in the order in which keys first appear. Not thread safe.
class GroupTable {
 public:
  static constexpr uint32_t kMissing = 0xffffffff;

  explicit GroupTable(std::vector<std::shared_ptr<arrow::DataType>> types);

  /// Gives each row the id of its key, new keys get new ids.
  void Assign(const arrow::ArrayVector& keys, int64_t rows, uint32_t* ids);
  /// As Assign, but unknown keys get kMissing. Safe to call from several threads at once.
  void Find(const arrow::ArrayVector& keys, int64_t rows, uint32_t* ids) const;
  int64_t size() const { return size_; }
  /// The keys by id, floats normalized.
  arrow::ArrayVector Keys() const;
  /// The same in pieces of `rows` and more, the last one smaller; the table is then empty.
  std::vector<arrow::ArrayVector> TakeKeys(int64_t rows);
  int64_t MemoryUsed() const;

 private:
  struct Slot {
    uint32_t hash;
    uint32_t id;  // kMissing = free
  };
  template <bool kInsert, typename KeyRows>
  void Probe(const KeyRows& keys, int64_t rows, uint32_t* ids);
  void Grow();

  std::vector<std::shared_ptr<arrow::DataType>> types_;
  KeyEncoder encoder_;
  std::vector<Slot> slots_;
  uint64_t mask_;
  int64_t size_ = 0;
  std::vector<uint64_t> fixed_keys_;  // of fixed-size keys, by id
  std::vector<uint8_t> bytes_;        // of others
  std::vector<uint64_t> offsets_{0};
  std::vector<arrow::ArrayVector> chunks_;  // first rows of new keys, per column
  std::vector<uint64_t> fixed_scratch_;
  EncodedKeys scratch_;
};

}  // namespace sluice::exec
