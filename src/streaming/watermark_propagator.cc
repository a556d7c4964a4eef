// Walks the operators bottom up with the watermark.
#include "streaming/watermark_propagator.h"

#include <algorithm>

#include "exec/stateful/stateful_operator.h"

namespace sluice::streaming {
namespace {

// The watermark of the rows that `node` gives.
std::optional<int64_t> Propagate(const exec::Operator& node, int64_t watermark_ms, OperatorWatermarks* found) {
  std::optional<int64_t> input;
  for (const exec::Operator* child : node.Children()) {
    auto below = Propagate(*child, watermark_ms, found);
    if (below) input = input ? std::min(*input, *below) : *below;
  }
  if (dynamic_cast<const exec::WatermarkDefinition*>(&node)) return watermark_ms;
  if (const auto* stateful = dynamic_cast<const exec::StatefulOperator*>(&node)) {
    (*found)[stateful->info().id] = input;
    // Before the first event time nothing moves, also where an operator holds rows back.
    if (input && watermark_ms != 0) return stateful->OutputWatermark(*input);
  }
  return input;
}

}  // namespace

OperatorWatermarks PropagateWatermark(const exec::Operator& root, int64_t watermark_ms) {
  OperatorWatermarks found;
  Propagate(root, watermark_ms, &found);
  return found;
}

bool AllowsMultipleStatefulOperators(const base::SqlConf& conf) {
  return conf.GetBool("spark.sql.streaming.statefulOperator.allowMultiple");
}

}  // namespace sluice::streaming
