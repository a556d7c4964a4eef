// The random generators of Spark, so that seeds give its values.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::functions {

/// XORShiftRandom: rand, randn, sample.
class XorShiftRandom {
 public:
  explicit XorShiftRandom(int64_t seed) : seed_(HashSeed(seed)) {}
  /// java.util.Random.next
  int32_t Next(int bits);
  double NextDouble();
  double NextGaussian();
  static int64_t HashSeed(int64_t seed);

 private:
  int64_t seed_;
  double next_gaussian_ = 0;
  bool has_gaussian_ = false;
};

/// commons-math3's MersenneTwister: shuffle, uuid, randstr.
class MersenneTwister {
 public:
  explicit MersenneTwister(int64_t seed);
  int32_t Next(int bits);
  int32_t NextInt() { return Next(32); }
  /// In [0, bound).
  int32_t NextInt(int32_t bound);
  int64_t NextLong();

 private:
  void Refill();
  uint32_t state_[624];
  int index_ = 624;
};

/// A seed for calls that give none.
int64_t RandomSeed();

}  // namespace sluice::functions
