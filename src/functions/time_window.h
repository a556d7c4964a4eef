// Kernels of event-time windows.
#pragma once

#include <cstdint>
#include <optional>

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

struct TimeWindow {
  WindowLengths lengths;
  int64_t index = 0;
};
/// Which windows a binding of BindTimeWindow gives; nothing for other bindings.
std::optional<TimeWindow> AsTimeWindow(const logical::ScalarBinding& binding);
/// struct<start, end> of a row's own session: its time, and where that and the gap end.
logical::ScalarBindingPtr BindSessionWindow(const types::TypePtr& time_type);
/// The last microsecond of a window: window_time(window).
logical::ScalarBindingPtr BindWindowTime(const types::TypePtr& window_type, bool nullable);

}  // namespace sluice::functions
