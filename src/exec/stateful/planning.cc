// Refuses the stateful operators that the engine does not have.
#include "exec/stateful/planning.h"

#include "base/error.h"
#include "exec/join_planning.h"

namespace sluice::exec {
namespace {

using connectors::OutputMode;
using logical::PlanKind;
using logical::PlanPtr;

base::Error NoStreamJoin() {
  return base::Error::Unsupported("A join of two streaming DataFrames", "Join a stream with a static DataFrame.");
}

bool JoinsStreams(const logical::Join& node) {
  return node.children[0]->is_streaming && node.children[1]->is_streaming;
}

}  // namespace

void CheckSupportedOnStreams(const PlanPtr& analyzed) {
  logical::Visit(analyzed, [&](const PlanPtr& node) {
    if (!node->is_streaming) return;
    if (const auto* join = node->As<logical::Join>()) {
      // Spark starts a query whose join has no equal keys, and fails it when it plans the batch.
      if (JoinsStreams(*join) && !PlanJoin(*join).left_keys.empty()) throw NoStreamJoin();
    }
  });
}

bool LimitCountsBatches(const PlanPtr& input, OutputMode mode) {
  if (!input->is_streaming) return false;
  bool aggregates = false;
  logical::Visit(input,
                 [&](const PlanPtr& node) { aggregates |= node->kind == PlanKind::kAggregate && node->is_streaming; });
  return mode == OutputMode::kAppend || !aggregates;
}

OperatorPtr MakeStreamingJoin(OperatorPtr, OperatorPtr, const logical::Join& node, const StatefulOptions&) {
  if (PlanJoin(node).left_keys.empty()) {
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3102",
                      {{"msg", "Stream-stream join without equality predicate is not supported."}})
        .WithPlan(logical::TreeString(std::make_shared<logical::Join>(node)));
  }
  throw NoStreamJoin();
}

}  // namespace sluice::exec
