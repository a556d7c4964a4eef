// The random generator of shuffle and uuid, so that seeds give Spark's values.
#pragma once

#include <cstdint>

namespace sluice::functions {

/// commons-math3's MersenneTwister: shuffle, uuid.
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
