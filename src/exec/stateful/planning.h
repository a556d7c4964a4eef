// How the planner makes the stateful operators of a stream.
#pragma once

#include "exec/operator.h"
#include "logical/plan.h"

namespace sluice::exec {

/// What a stateful operator is told when it is planned.
struct StatefulOptions {
  int64_t operator_id = 0;
  int partitions = 1;  ///< state partitions: Partitions() of the operator
  connectors::OutputMode output_mode = connectors::OutputMode::kAppend;
  bool has_watermark = false;  ///< withWatermark is somewhere below
  /// A sort takes the operator's rows. Spark then runs it twice, once for a sample, and its progress counts both.
  bool is_sampled = false;
  std::shared_ptr<const base::SqlConf> conf;
};

/// True if a limit on this plan counts over all batches; over complete results it is that of a
/// table.
bool LimitCountsBatches(const logical::PlanPtr& input, connectors::OutputMode mode);

/// Partial aggregation of the micro-batch by exec/aggregation.h (AggregationPlan,
/// ExchangePartialAggregates), merged into the state; gives the rows of the output mode.
OperatorPtr MakeStreamingAggregate(OperatorPtr child, const logical::Aggregate& node, const StatefulOptions& options);
/// The same where one of the keys is a session window: sessions merge with those in the state. Append and complete
/// mode.
OperatorPtr MakeStreamingSessions(OperatorPtr child, const logical::Aggregate& node, const StatefulOptions& options);
OperatorPtr MakeStreamingDeduplicate(OperatorPtr child, const logical::Deduplicate& node,
                                     const StatefulOptions& options);
OperatorPtr MakeStreamingLimit(OperatorPtr child, int64_t limit, const StatefulOptions& options);
OperatorPtr MakeStreamingJoin(OperatorPtr left, OperatorPtr right, const logical::Join& node,
                              const StatefulOptions& options);

}  // namespace sluice::exec
