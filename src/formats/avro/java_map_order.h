// The order in which Java's HashMap gives its keys, in which Spark reads and writes Avro's maps.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::formats {

/// String.hashCode of a text in UTF-8.
int32_t JavaStringHash(std::string_view text);
/// The hash of Avro's own texts.
int32_t AvroTextHash(std::string_view text);
/// The buckets of `new HashMap(capacity)`, or of a map that has `buckets` already, once it has that many entries.
int64_t JavaBuckets(int64_t capacity, int64_t buckets, int64_t entries);
inline int64_t JavaBucket(int32_t hash, int64_t buckets) {
  auto bits = static_cast<uint32_t>(hash);
  return (bits ^ (bits >> 16)) & static_cast<uint32_t>(buckets - 1);
}

}  // namespace sluice::formats
