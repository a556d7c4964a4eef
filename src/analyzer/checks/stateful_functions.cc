// UnsupportedOperationChecker's rules for applyInPandasWithState.
#include "analyzer/checks/stateful_functions.h"

#include <algorithm>

#include "base/error.h"
#include "logical/stateful_functions.h"
#include "logical/watermark_metadata.h"

namespace sluice::analyzer {

using connectors::OutputMode;
using logical::PlanKind;
using logical::PlanPtr;

namespace {

constexpr char kName[] = "applyInPandasWithState";

[[noreturn]] void Refuse(const std::string& message, const PlanPtr& plan) {
  throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3102", {{"msg", message}})
      .WithPlan(logical::TreeString(plan));
}

bool HasStreamingAggregate(const PlanPtr& plan) {
  bool found = false;
  logical::Visit(plan, [&](const PlanPtr& node) { found |= node->kind == PlanKind::kAggregate && node->is_streaming; });
  return found;
}

const char* ModeName(OutputMode mode) {
  return mode == OutputMode::kAppend ? "Append" : mode == OutputMode::kUpdate ? "Update" : "Complete";
}

void CheckModes(const logical::PandasWithState& node, const PlanPtr& plan, const PlanPtr& root, OutputMode mode) {
  std::string in_mode = std::string(kName) + (node.update_mode ? " in update mode" : " in append mode");
  if (!HasStreamingAggregate(root)) {
    if (mode == (node.update_mode ? OutputMode::kUpdate : OutputMode::kAppend)) return;
    Refuse(in_mode + " is not supported with " + ModeName(mode) + " output mode on a streaming DataFrame/Dataset",
           plan);
  }
  if (node.update_mode) {
    Refuse(in_mode + " is not supported with aggregation on a streaming DataFrame/Dataset", plan);
  }
  if (HasStreamingAggregate(plan)) {
    Refuse(in_mode + " is not supported after aggregation on a streaming DataFrame/Dataset", plan);
  }
}

}  // namespace

void CheckStatefulFunctionsCount(const PlanPtr& root) {
  int count = 0;
  logical::Visit(root, [&](const PlanPtr& node) { count += node->kind == PlanKind::kPandasWithState; });
  if (count < 2) return;
  Refuse(std::string("Multiple ") + kName + "s are not supported on a streaming DataFrames/Datasets", root);
}

void CheckStatefulFunction(const PlanPtr& plan, const PlanPtr& root, OutputMode mode) {
  const auto* node = plan->As<logical::PandasWithState>();
  if (!node || !node->is_streaming) return;
  CheckModes(*node, plan, root, mode);
  bool has_watermark = std::ranges::any_of(node->child()->output, [](const auto& attribute) {
    return logical::WatermarkDelayMs(attribute->metadata).has_value();
  });
  if (node->timeout != logical::GroupTimeout::kEventTime || has_watermark) return;
  Refuse(std::string("Watermark must be specified in the query using '[Dataset/DataFrame].withWatermark()' for using "
                     "event-time timeout in a ") +
             kName + ". Event-time timeout not supported without watermark.",
         plan);
}

bool StatefulFunctionEmitsLateRows(const logical::Plan& plan) {
  const auto* node = plan.As<logical::PandasWithState>();
  return node && node->is_streaming && node->timeout == logical::GroupTimeout::kEventTime;
}

}  // namespace sluice::analyzer
