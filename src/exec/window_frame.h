// Window frames: which rows of its partition each row's aggregate covers.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <vector>

#include "logical/expression.h"

namespace sluice::exec {

/// A window partition: rows [begin, end) in window order.
struct WindowSegment {
  int64_t begin = 0, end = 0;
};

/// The rows [begin[i], end[i]) of row segment.begin + i; empty where begin = end.
struct FrameBounds {
  std::vector<int64_t> begin, end;
};

/// `peer_starts[row]` is true where a row differs from the one before in the order keys; `order_key` is the only order
/// key (over all rows), used by RANGE frames with offsets, null if there is none or there are several.
FrameBounds ComputeFrames(const logical::WindowFrame& frame, const WindowSegment& segment,
                          const std::vector<bool>& peer_starts, const arrow::Array* order_key, bool ascending);

}  // namespace sluice::exec
