// Commits stores and reports their numbers.
#include "exec/stateful/partition_task.h"

namespace sluice::exec {

int64_t MillisOf(StepTimer::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

TaskWatermarks::TaskWatermarks(const StateContext& context, int64_t operator_id) {
  auto find = [&](const std::map<int64_t, std::optional<int64_t>>& watermarks) {
    auto found = watermarks.find(operator_id);
    return found == watermarks.end() ? std::nullopt : found->second;
  };
  late_ms = find(context.late_watermark_ms);
  evict_ms = find(context.eviction_watermark_ms);
  if (context.single_watermark || late_ms != evict_ms) evict_anew_ms = evict_ms;
}

void CommitPartition(StateContext& context, const state::OperatorInfo& info, std::shared_ptr<state::StateStore> store,
                     StateOperatorMetrics metrics, int counted_runs) {
  StepTimer::Duration commit_time{};
  metrics.operator_name = info.name;
  metrics.shuffle_partitions = info.partitions;
  metrics.store_instances = 1;
  metrics.rows_total = store->size();
  metrics.memory_bytes = store->MemoryUsed();
  for (int64_t* number : {&metrics.rows_total, &metrics.rows_updated, &metrics.rows_removed,
                          &metrics.rows_dropped_by_watermark, &metrics.memory_bytes, &metrics.store_instances}) {
    *number *= counted_runs;
  }
  {
    StepTimer timer(&commit_time);
    context.Commit(*store);
  }
  metrics.custom.merge(store->Metrics());
  auto size = metrics.custom.find("stateOnCurrentVersionSizeBytes");
  if (size != metrics.custom.end()) size->second *= counted_runs;
  store.reset();
  metrics.commit_ms = MillisOf(commit_time);
  context.Report(info.id, metrics);
}

}  // namespace sluice::exec
