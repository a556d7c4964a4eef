// The random numbers behind Spark's sampling with replacement: WELL19937c (commons-math's Well19937c), seeded by
// java.util.Random.
#pragma once

#include <array>
#include <cstdint>

namespace sluice::types {

class WellRandom {
 public:
  explicit WellRandom(int64_t seed);
  double NextDouble();

 private:
  static constexpr int kWords = 624;
  uint32_t Next(int bits);
  std::array<uint32_t, kWords> words_;
  int index_ = 0;
};

/// java.util.Random.
class JavaRandom {
 public:
  explicit JavaRandom(int64_t seed) : state_((static_cast<uint64_t>(seed) ^ kMultiplier) & kMask) {}
  int64_t NextLong() {
    auto high = static_cast<uint64_t>(static_cast<int64_t>(Next32()));
    return static_cast<int64_t>((high << 32) + static_cast<uint64_t>(static_cast<int64_t>(Next32())));
  }

 private:
  static constexpr uint64_t kMultiplier = 0x5DEECE66DU;
  static constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;
  int32_t Next32() {
    state_ = (state_ * kMultiplier + 11) & kMask;
    return static_cast<int32_t>(state_ >> 16);
  }
  uint64_t state_;
};

/// Numbers of a Poisson distribution, as PoissonDistribution.sample gives them.
class PoissonRandom {
 public:
  PoissonRandom(double mean, int64_t seed);
  int64_t Next();

 private:
  double mean_, limit_;
  WellRandom random_;
};

}  // namespace sluice::types
