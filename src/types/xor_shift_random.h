// Spark's XORShiftRandom: what rand, sample and repartition draw from, the same numbers for the same seed.
#pragma once

#include <cstdint>

namespace sluice::types {

class XorShiftRandom {
 public:
  explicit XorShiftRandom(int64_t seed);
  /// As java.util.Random with XORShiftRandom.next.
  int32_t NextInt() { return Next(32); }
  int32_t NextInt(int32_t bound);
  double NextDouble();
  double NextGaussian();

  /// The initial state for a seed (XORShiftRandom.hashSeed).
  static int64_t HashSeed(int64_t seed);

 private:
  int32_t Next(int bits);
  int64_t state_;
  bool has_gaussian_ = false;
  double next_gaussian_ = 0;
};

}  // namespace sluice::types
