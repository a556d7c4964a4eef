// Refusing batch actions on streams.
#include "analyzer/analyzer.h"
#include "base/error.h"

namespace sluice::analyzer {
namespace {

[[noreturn]] void Refuse(const std::string& message, const logical::PlanPtr& plan) {
  throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3102", {{"msg", message}})
      .WithPlan(logical::TreeString(plan));
}

}  // namespace

void CheckBatch(const logical::PlanPtr& plan) {
  if (plan->is_streaming) {
    Refuse(
        "Queries with streaming sources must be executed with writeStream.start(), or from a streaming table or "
        "flow definition within a Spark Declarative Pipeline.",
        plan);
  }
  logical::Visit(plan, [](const logical::PlanPtr& node) {
    const auto* deduplicate = node->As<logical::Deduplicate>();
    if (deduplicate && deduplicate->within_watermark) {
      Refuse("dropDuplicatesWithinWatermark is not supported with batch DataFrames/DataSets", node);
    }
  });
}

}  // namespace sluice::analyzer
