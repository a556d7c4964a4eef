// Sizes and places within an UnsafeRow and its arrays.
#pragma once

#include <cstdint>
#include <cstring>

#include "types/data_type.h"

namespace sluice::state {

constexpr int kMaxLongDigits = 18;  // decimals up to this precision lie in their word

inline size_t PadTo8(size_t bytes) { return (bytes + 7) & ~size_t{7}; }
inline size_t BitsetBytes(size_t fields) { return (fields + 63) / 64 * 8; }
inline size_t FixedBytes(size_t fields) { return BitsetBytes(fields) + 8 * fields; }

inline void SetBit(char* bitset, size_t index) { bitset[index >> 3] |= static_cast<char>(1 << (index & 7)); }
inline bool GetBit(const char* bitset, size_t index) { return bitset[index >> 3] >> (index & 7) & 1; }

template <typename T>
T Load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}
template <typename T>
void Store(char* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}
inline void StoreOffsetAndSize(char* to, size_t offset, size_t size) {
  Store<uint64_t>(to, static_cast<uint64_t>(offset) << 32 | size);
}

/// Bytes of a value that lies in its field's word; 0 for types that lie in the variable part.
inline int InlineBytes(const types::DataType& type) {
  using types::TypeId;
  switch (type.id()) {
    case TypeId::kBoolean:
    case TypeId::kByte:
      return 1;
    case TypeId::kShort:
      return 2;
    case TypeId::kInteger:
    case TypeId::kFloat:
    case TypeId::kDate:
    case TypeId::kYearMonthInterval:
      return 4;
    case TypeId::kLong:
    case TypeId::kDouble:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
    case TypeId::kTime:
    case TypeId::kDayTimeInterval:
    case TypeId::kNull:
      return 8;
    case TypeId::kDecimal:
      return type.precision() <= kMaxLongDigits ? 8 : 0;
    default:
      return 0;
  }
}

}  // namespace sluice::state
