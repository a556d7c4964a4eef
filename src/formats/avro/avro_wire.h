// The numbers of Avro's binary encoding.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace sluice::formats {

/// Reads a zigzag number of at most `kBytes` bytes; false at the end of the input or if it is longer. Bits beyond those
/// of T are dropped, as Java does it.
template <typename T, int kBytes>
bool ReadAvroVarint(const uint8_t** at, const uint8_t* end, T* out) {
  using Unsigned = std::make_unsigned_t<T>;
  const uint8_t* p = *at;
  Unsigned value = 0;
  for (int i = 0; i < kBytes; ++i) {
    if (p == end) return false;
    uint8_t byte = *p++;
    value |= static_cast<Unsigned>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      *at = p;
      *out = static_cast<T>(value >> 1) ^ -static_cast<T>(value & 1);
      return true;
    }
  }
  return false;
}

inline bool ReadAvroInt(const uint8_t** at, const uint8_t* end, int32_t* out) {
  return ReadAvroVarint<int32_t, 5>(at, end, out);
}
inline bool ReadAvroLong(const uint8_t** at, const uint8_t* end, int64_t* out) {
  return ReadAvroVarint<int64_t, 10>(at, end, out);
}

inline void AppendAvroLong(int64_t value, std::string* out) {
  uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (bits >= 0x80) {
    *out += static_cast<char>(bits | 0x80);
    bits >>= 7;
  }
  *out += static_cast<char>(bits);
}

template <typename T>
void AppendAvroFloating(T value, std::string* out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out->append(bytes, sizeof(T));
}

}  // namespace sluice::formats
