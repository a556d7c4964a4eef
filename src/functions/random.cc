// MersenneTwister.
#include "functions/random.h"

#include <random>

namespace sluice::functions {

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
