// Kernels of event-time windows.
#pragma once

#include <cstdint>

#include "logical/binding.h"

namespace sluice::functions {

/// Lengths in microseconds.
struct WindowLengths {
  int64_t duration = 0;
  int64_t slide = 0;
  int64_t start = 0;
};

/// struct<start, end> of the `index`-th window that a timestamp falls into, the latest first (TimeWindowing.getWindow).
logical::ScalarBindingPtr BindTimeWindow(const types::TypePtr& time_type, const WindowLengths& lengths, int64_t index);
/// The last microsecond of a window: window_time(window).
logical::ScalarBindingPtr BindWindowTime(const types::TypePtr& window_type, bool nullable);

}  // namespace sluice::functions
