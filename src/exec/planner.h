// Logical plan → physical operators.
#pragma once

#include <functional>

#include "exec/operator.h"

namespace sluice::logical {
struct PandasWithState;
struct TransformWithState;
}  // namespace sluice::logical

namespace sluice::exec {

struct StatefulOptions;  // exec/stateful

/// Plans a Python node (UDF projection, mapInPandas, applyInPandas …); python/ supplies it, so that exec/ does not
/// know how workers are run. `udfs` are the PythonUdfExprs of one evaluation step over `child`; the result's output is
/// the child's followed by one attribute per udf (named and typed by `outputs`).
struct PythonPlanner {
  std::function<OperatorPtr(OperatorPtr child, const std::vector<std::shared_ptr<const logical::PythonUdfExpr>>& udfs,
                            const logical::Attributes& outputs)>
      evaluate;
  std::function<OperatorPtr(OperatorPtr child, const logical::MapPartitions& node)> map_partitions;
  std::function<OperatorPtr(OperatorPtr child, const logical::GroupMap& node)> group_map;
  std::function<OperatorPtr(OperatorPtr left, OperatorPtr right, const logical::CoGroupMap& node)> co_group_map;
  std::function<OperatorPtr(OperatorPtr child, const logical::PandasWithState& node, const StatefulOptions& options)>
      pandas_with_state;
  /// The second child is the initial state; options are null in a batch query.
  std::function<OperatorPtr(std::vector<OperatorPtr> children, const logical::TransformWithState& node,
                            const StatefulOptions* options)>
      transform_with_state;
};

struct PlannerOptions {
  std::shared_ptr<const base::SqlConf> conf;
  PythonPlanner python;
  /// Of a streaming query: partitions of stateful operators and the output mode.
  bool streaming = false;
  int state_partitions = 1;
  connectors::OutputMode output_mode = connectors::OutputMode::kAppend;
};

/// Plans the whole tree. Stateful operators of a stream get ids 0, 1, … in Spark's order (bottom up, left to right as
/// Spark's physical plan numbers them). Throws UNSUPPORTED… for nodes without an operator.
OperatorPtr PlanOperators(const logical::PlanPtr& plan, const PlannerOptions& options);

}  // namespace sluice::exec
