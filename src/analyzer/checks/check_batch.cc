// Refusing batch actions on streams.
#include "analyzer/analyzer.h"
#include "base/error.h"

namespace sluice::analyzer {

void CheckBatch(const logical::PlanPtr& plan) {
  if (!plan->is_streaming) return;
  throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3102",
                    {{"msg",
                      "Queries with streaming sources must be executed with writeStream.start(), or from a streaming "
                      "table or flow definition within a Spark Declarative Pipeline."}})
      .WithPlan(logical::TreeString(plan));
}

void CheckStreaming(const logical::PlanPtr& plan, connectors::OutputMode mode, const base::SqlConf& conf) {}

}  // namespace sluice::analyzer
