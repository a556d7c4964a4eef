// XORShiftRandom and MersenneTwister.
#include "functions/random.h"

#include <cmath>
#include <random>

#include "types/murmur3.h"

namespace sluice::functions {
namespace {

/// Scala's MurmurHash3.bytesHash.
int32_t ScalaBytesHash(const uint8_t* data, int size, uint32_t seed) {
  auto rotl = [](uint32_t x, int r) { return (x << r) | (x >> (32 - r)); };
  auto mix_k = [&](uint32_t k) { return rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u; };
  uint32_t h = seed;
  int i = 0;
  for (; size - i >= 4; i += 4) {
    uint32_t k = data[i] | data[i + 1] << 8 | data[i + 2] << 16 | static_cast<uint32_t>(data[i + 3]) << 24;
    h = rotl(h ^ mix_k(k), 13) * 5 + 0xe6546b64u;
  }
  uint32_t k = 0;
  for (int j = size - i - 1; j >= 0; --j) k |= static_cast<uint32_t>(data[i + j]) << (8 * j);
  if (size > i) h ^= mix_k(k);
  h ^= static_cast<uint32_t>(size);
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return static_cast<int32_t>(h ^ (h >> 16));
}

constexpr uint32_t kArraySeed = 0x3c074a61;

}  // namespace

int64_t XorShiftRandom::HashSeed(int64_t seed) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(seed >> (8 * (7 - i)));
  int32_t low = ScalaBytesHash(bytes, 8, kArraySeed);
  int32_t high = ScalaBytesHash(bytes, 8, static_cast<uint32_t>(low));
  return static_cast<int64_t>(static_cast<uint64_t>(static_cast<int64_t>(high)) << 32 |
                              static_cast<uint32_t>(low));
}

int32_t XorShiftRandom::Next(int bits) {
  auto next = static_cast<uint64_t>(seed_);
  next ^= next << 21;
  next ^= next >> 35;
  next ^= next << 4;
  seed_ = static_cast<int64_t>(next);
  return static_cast<int32_t>(next & ((uint64_t{1} << bits) - 1));
}

double XorShiftRandom::NextDouble() {
  int64_t high = Next(26);
  return static_cast<double>((high << 27) + Next(27)) * 0x1.0p-53;
}

double XorShiftRandom::NextGaussian() {
  if (has_gaussian_) {
    has_gaussian_ = false;
    return next_gaussian_;
  }
  while (true) {
    double v1 = 2 * NextDouble() - 1, v2 = 2 * NextDouble() - 1;
    double s = v1 * v1 + v2 * v2;
    if (s >= 1 || s == 0) continue;
    double multiplier = std::sqrt(-2 * std::log(s) / s);
    next_gaussian_ = v2 * multiplier;
    has_gaussian_ = true;
    return v1 * multiplier;
  }
}

MersenneTwister::MersenneTwister(int64_t seed) {
  uint32_t keys[2] = {static_cast<uint32_t>(static_cast<uint64_t>(seed) >> 32), static_cast<uint32_t>(seed)};
  state_[0] = 19650218u;
  for (uint32_t i = 1; i < 624; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  int i = 1, j = 0;
  for (int k = 624; k > 0; --k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1664525u)) + keys[j] + static_cast<uint32_t>(j);
    if (++i >= 624) {
      state_[0] = state_[623];
      i = 1;
    }
    if (++j >= 2) j = 0;
  }
  for (int k = 623; k > 0; --k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1566083941u)) - static_cast<uint32_t>(i);
    if (++i >= 624) {
      state_[0] = state_[623];
      i = 1;
    }
  }
  state_[0] = 0x80000000u;
}

void MersenneTwister::Refill() {
  auto mix = [](uint32_t y) { return (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0u); };
  for (int k = 0; k < 624; ++k) {
    uint32_t y = (state_[k] & 0x80000000u) | (state_[(k + 1) % 624] & 0x7fffffffu);
    state_[k] = state_[(k + 397) % 624] ^ mix(y);
  }
  index_ = 0;
}

int32_t MersenneTwister::Next(int bits) {
  if (index_ >= 624) Refill();
  uint32_t y = state_[index_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  y ^= y >> 18;
  return static_cast<int32_t>(y >> (32 - bits));
}

int32_t MersenneTwister::NextInt(int32_t bound) {
  if ((bound & -bound) == bound) return static_cast<int32_t>((int64_t{bound} * Next(31)) >> 31);
  int32_t bits, value;
  do {
    bits = Next(31);
    value = bits % bound;
  } while (static_cast<int32_t>(static_cast<uint32_t>(bits) - value + (bound - 1)) < 0);
  return value;
}

int64_t MersenneTwister::NextLong() {
  auto high = static_cast<uint64_t>(static_cast<uint32_t>(Next(32))) << 32;
  return static_cast<int64_t>(high | static_cast<uint32_t>(Next(32)));
}

int64_t RandomSeed() {
  thread_local std::mt19937_64 generator(std::random_device{}());
  return static_cast<int64_t>(generator());
}

}  // namespace sluice::functions
