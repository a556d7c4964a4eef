// Numbers of a micro-batch's stateful operators, added up over their partitions.
#include "exec/stateful/state_context.h"

#include "exec/stateful/stateful_operator.h"

namespace sluice::exec {

void StateContext::Report(int64_t operator_id, const StateOperatorMetrics& part) {
  std::lock_guard lock(mutex_);
  StateOperatorMetrics& sum = metrics_[operator_id];
  sum.operator_name = part.operator_name;
  sum.shuffle_partitions = part.shuffle_partitions;
  sum.rows_total += part.rows_total;
  sum.rows_updated += part.rows_updated;
  sum.rows_removed += part.rows_removed;
  sum.rows_dropped_by_watermark += part.rows_dropped_by_watermark;
  sum.updates_ms += part.updates_ms;
  sum.removals_ms += part.removals_ms;
  sum.commit_ms += part.commit_ms;
  sum.memory_bytes += part.memory_bytes;
  sum.store_instances += part.store_instances;
  for (const auto& [name, value] : part.custom) sum.custom[name] += value;
}

std::map<int64_t, StateOperatorMetrics> StateContext::metrics() const {
  std::lock_guard lock(mutex_);
  return metrics_;
}

namespace {

void Find(const Operator& node, std::vector<const StatefulOperator*>* found) {
  if (auto* stateful = dynamic_cast<const StatefulOperator*>(&node)) found->push_back(stateful);
  for (const Operator* child : node.Children()) Find(*child, found);
}

}  // namespace

std::vector<const StatefulOperator*> FindStatefulOperators(const Operator& root) {
  std::vector<const StatefulOperator*> found;
  Find(root, &found);
  return found;
}

}  // namespace sluice::exec
