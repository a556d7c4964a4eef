// The plan of a query run: its sources in Spark's order and the operators, made once and used by
// every batch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/spi/stream.h"
#include "exec/planner.h"
#include "exec/stateful/stateful_operator.h"
#include "streaming/streaming_query.h"

namespace sluice::streaming {

/// One stream of the plan; scanning it twice is one source.
struct QuerySource {
  std::shared_ptr<connectors::StreamDefinition> definition;
  std::shared_ptr<connectors::StreamSource> source;
  std::string description;
  std::atomic<int64_t> rows_read{0};
  std::unique_ptr<connectors::DeadLetterWriter> dead_letters;  ///< null: the stream has none
};
using QuerySourcePtr = std::shared_ptr<QuerySource>;

/// Sources of a plan. `lines[i]` is the source (an index into `unique`) of line i of the offsets
/// log: one line a scan.
struct QuerySources {
  std::vector<QuerySourcePtr> unique;
  std::vector<size_t> lines;
};

/// The plan with a stream of its own for each of its readings that the analyzer told apart, as the sides of a
/// self-join: Spark reads those by sources of their own, and writes their logs apart.
logical::PlanPtr SeparateReadings(const logical::PlanPtr& analyzed);

/// Creates the plan's sources. Each gets `context` with a metadata path of its own.
QuerySources CreateSources(const logical::PlanPtr& plan, const std::string& checkpoint,
                           connectors::StreamSourceContext context);

/// The operators of the optimized plan, with state partitions and settings of `conf`.
struct PhysicalPlan {
  logical::PlanPtr optimized;
  exec::OperatorPtr root;
  std::vector<const exec::StatefulOperator*> stateful;
};
PhysicalPlan PlanQuery(const logical::PlanPtr& analyzed, const std::shared_ptr<const base::SqlConf>& conf,
                       connectors::OutputMode mode, const exec::PythonPlanner& python,
                       const logical::EvalContext& eval);

/// The state below `root` as the settings ask for it. Refuses those that the engine lacks (other providers, checksums,
/// encodings, old formats).
std::unique_ptr<state::StateManager> MakeStateManager(const base::SqlConf& conf, const std::string& root,
                                                      const std::string& run_id, int64_t min_batches_to_retain);

/// The logical plan below its write into the sink, as errors and explain show it.
std::string WritePlanText(const logical::PlanPtr& plan, const std::string& sink);

/// "== Physical Plan ==" (and before it the logical plans if `extended`), as query.explain()
/// prints.
std::string ExplainQuery(const logical::PlanPtr& analyzed, const PhysicalPlan& physical, const std::string& sink,
                         int64_t batch_id, bool extended);

}  // namespace sluice::streaming
