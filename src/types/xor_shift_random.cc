// The generator's steps and Scala's MurmurHash3 of the seed's bytes.
#include "types/xor_shift_random.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace sluice::types {
namespace {

// scala.util.hashing.MurmurHash3.bytesHash of 8 bytes.
uint32_t BytesHash(const uint8_t* data, uint32_t seed) {
  uint32_t h = seed;
  for (int i = 0; i < 8; i += 4) {
    uint32_t k;
    std::memcpy(&k, data + i, 4);
    k *= 0xcc9e2d51u;
    k = std::rotl(k, 15) * 0x1b873593u;
    h = std::rotl(h ^ k, 13) * 5 + 0xe6546b64u;
  }
  h ^= 8;
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  return h ^ (h >> 16);
}

}  // namespace

int64_t XorShiftRandom::HashSeed(int64_t seed) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(seed) >> (56 - 8 * i));
  uint32_t low = BytesHash(bytes, 0x3c074a61u);
  uint32_t high = BytesHash(bytes, low);
  return static_cast<int64_t>(static_cast<uint64_t>(high) << 32 | low);
}

XorShiftRandom::XorShiftRandom(int64_t seed) : state_(HashSeed(seed)) {}

int32_t XorShiftRandom::Next(int bits) {
  auto next = static_cast<uint64_t>(state_);
  next ^= next << 21;
  next ^= next >> 35;
  next ^= next << 4;
  state_ = static_cast<int64_t>(next);
  return static_cast<int32_t>(next & ((uint64_t{1} << bits) - 1));
}

int32_t XorShiftRandom::NextInt(int32_t bound) {
  int32_t r = Next(31);
  int32_t m = bound - 1;
  if ((bound & m) == 0) return static_cast<int32_t>((static_cast<int64_t>(bound) * r) >> 31);
  for (int32_t u = r;; u = Next(31)) {
    r = u % bound;
    // Java's overflow test of u - r + m.
    if (static_cast<int32_t>(static_cast<uint32_t>(u) - static_cast<uint32_t>(r) + static_cast<uint32_t>(m)) >= 0) {
      return r;
    }
  }
}

double XorShiftRandom::NextDouble() {
  int64_t high = static_cast<int64_t>(Next(26)) << 27;
  return static_cast<double>(high + Next(27)) * 0x1.0p-53;
}

double XorShiftRandom::NextGaussian() {
  if (has_gaussian_) {
    has_gaussian_ = false;
    return next_gaussian_;
  }
  double a, b, s;
  do {
    a = 2 * NextDouble() - 1;
    b = 2 * NextDouble() - 1;
    s = a * a + b * b;
  } while (s >= 1 || s == 0);
  double multiplier = std::sqrt(-2 * std::log(s) / s);
  next_gaussian_ = b * multiplier;
  has_gaussian_ = true;
  return a * multiplier;
}

}  // namespace sluice::types
