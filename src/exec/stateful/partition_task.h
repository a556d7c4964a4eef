// What the tasks of all stateful operators do: time their steps, find their watermarks, commit and report.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "exec/operator.h"
#include "exec/stateful/state_context.h"
#include "state/state_store.h"

namespace sluice::exec {

/// Adds the time of its life to a duration.
class StepTimer {
 public:
  using Duration = std::chrono::steady_clock::duration;
  explicit StepTimer(Duration* sum) : sum_(sum), start_(std::chrono::steady_clock::now()) {}
  ~StepTimer() { *sum_ += std::chrono::steady_clock::now() - start_; }
  StepTimer(const StepTimer&) = delete;
  StepTimer& operator=(const StepTimer&) = delete;

 private:
  Duration* sum_;
  std::chrono::steady_clock::time_point start_;
};

int64_t MillisOf(StepTimer::Duration duration);

/// The operator's watermark for late rows and that for eviction, in milliseconds; nothing without one below it.
struct TaskWatermarks {
  TaskWatermarks(const StateContext& context, int64_t operator_id);
  std::optional<int64_t> late_ms, evict_ms;
  /// What may be evicted of state whose times come from rows that were not late: nothing if the batch before evicted
  /// with the same watermark.
  std::optional<int64_t> evict_anew_ms;
};

/// Commits a partition's store and reports its numbers, `metrics` with the store's own, as of so many runs. To be
/// called once for each partition and batch.
void CommitPartition(StateContext& context, const state::OperatorInfo& info, std::shared_ptr<state::StateStore> store,
                     StateOperatorMetrics metrics, int counted_runs = 1);

}  // namespace sluice::exec
