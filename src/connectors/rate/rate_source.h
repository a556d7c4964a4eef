// How many values the rate source has given by a second.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::connectors {

/// The end of the values of second `seconds`, with the speed rising evenly until `ramp_up_seconds`.
inline int64_t RateValueAtSecond(int64_t seconds, int64_t rows_per_second, int64_t ramp_up_seconds) {
  int64_t speed_step = std::max<int64_t>(1, rows_per_second / (ramp_up_seconds + 1));
  if (seconds <= ramp_up_seconds) {
    // The even one of two neighbours is halved first, so that nothing overflows that need not.
    return seconds % 2 == 1 ? (seconds + 1) / 2 * speed_step * seconds : seconds / 2 * speed_step * (seconds + 1);
  }
  return RateValueAtSecond(ramp_up_seconds, rows_per_second, ramp_up_seconds) +
         (seconds - ramp_up_seconds) * rows_per_second;
}

}  // namespace sluice::connectors
