// The generator's recurrence (Panneton, L'Ecuyer, Matsumoto) and Knuth's way to a Poisson distribution.
#include "types/well_random.h"

#include <cmath>

namespace sluice::types {

WellRandom::WellRandom(int64_t seed) {
  words_[0] = static_cast<uint32_t>(static_cast<uint64_t>(seed) >> 32);
  words_[1] = static_cast<uint32_t>(seed);
  for (int i = 2; i < kWords; ++i) {
    int64_t before = static_cast<int32_t>(words_[i - 2]);
    words_[i] =
        static_cast<uint32_t>(1812433253 * static_cast<uint64_t>(before ^ (before >> 30)) + static_cast<uint64_t>(i));
  }
}

uint32_t WellRandom::Next(int bits) {
  auto at = [this](int step) { return (index_ + step) % kWords; };
  int last = at(kWords - 1), before_last = at(kWords - 2);
  uint32_t v0 = words_[index_], v1 = words_[at(70)], v2 = words_[at(179)], v3 = words_[at(449)];
  uint32_t z0 = (0x80000000U & words_[last]) ^ (0x7FFFFFFFU & words_[before_last]);
  uint32_t z1 = (v0 ^ (v0 << 25)) ^ (v1 ^ (v1 >> 27));
  uint32_t z2 = (v2 >> 9) ^ (v3 ^ (v3 >> 1));
  uint32_t z3 = z1 ^ z2;
  uint32_t z4 = z0 ^ (z1 ^ (z1 << 9)) ^ (z2 ^ (z2 << 21)) ^ (z3 ^ (z3 >> 21));
  words_[index_] = z3;
  words_[last] = z4;
  words_[before_last] &= 0x80000000U;
  index_ = last;
  z4 ^= (z4 << 7) & 0xe46e1700U;
  z4 ^= (z4 << 15) & 0x9b868000U;
  return z4 >> (32 - bits);
}

double WellRandom::NextDouble() {
  uint64_t high = static_cast<uint64_t>(Next(26)) << 26;
  return static_cast<double>(high | Next(26)) * 0x1.0p-52;
}

PoissonRandom::PoissonRandom(double mean, int64_t seed) : mean_(mean), limit_(std::exp(-mean)), random_(seed) {}

int64_t PoissonRandom::Next() {
  double product = 1;
  int64_t n = 0;
  while (static_cast<double>(n) < 1000 * mean_) {
    product *= random_.NextDouble();
    if (product < limit_) break;
    ++n;
  }
  return n;
}

}  // namespace sluice::types
