// Spark's Murmur3 hash of values (the expression `hash`), column by column; it places rows into partitions.
#pragma once

#include <cstdint>
#include <vector>

namespace arrow {
class Array;
}

namespace sluice::types {

constexpr int32_t kMurmur3Seed = 42;

/// Folds one more column into running hashes: hashes[i] is the seed for row i and becomes the result; null leaves it as
/// it is. Start with kMurmur3Seed everywhere.
void Murmur3(const arrow::Array& column, int32_t* hashes);

/// The hash of bytes as Spark's Murmur3_x86_32.hashUnsafeBytes gives it.
int32_t Murmur3Bytes(const uint8_t* data, int32_t size, int32_t seed);
int32_t Murmur3Int(int32_t value, int32_t seed);
int32_t Murmur3Long(int64_t value, int32_t seed);

}  // namespace sluice::types
