// Hashes and table sizes of java.util.HashMap.
#include "formats/avro/java_map_order.h"

#include <algorithm>
#include <bit>

namespace sluice::formats {

int32_t JavaStringHash(std::string_view text) {
  uint32_t hash = 0;
  for (size_t i = 0; i < text.size();) {
    auto lead = static_cast<unsigned char>(text[i]);
    size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t code = length == 1 ? lead : lead & (0xff >> (length + 1));
    for (size_t j = 1; j < length && i + j < text.size(); ++j) code = code << 6 | (text[i + j] & 0x3f);
    i += length;
    if (code >= 0x10000) {
      hash = hash * 31 + (0xd800 + ((code - 0x10000) >> 10));
      code = 0xdc00 + (code & 0x3ff);
    }
    hash = hash * 31 + code;
  }
  return static_cast<int32_t>(hash);
}

int32_t AvroTextHash(std::string_view text) {
  uint32_t hash = 1;
  for (char c : text) hash = hash * 31 + static_cast<uint32_t>(static_cast<signed char>(c));
  return static_cast<int32_t>(hash);
}

int64_t JavaBuckets(int64_t capacity, int64_t buckets, int64_t entries) {
  constexpr int64_t kMost = 1 << 30;
  if (buckets == 0)
    buckets = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(std::clamp<int64_t>(capacity, 1, kMost))));
  while (entries > buckets * 3 / 4 && buckets < kMost) buckets *= 2;
  return buckets;
}

}  // namespace sluice::formats
