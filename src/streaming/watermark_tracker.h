// The query's watermark: moved at the end of each batch, used from the next one on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "exec/operator.h"
#include "logical/plan.h"

namespace sluice::streaming {

/// Spark's WatermarkTracker: per watermark node the largest event time seen minus the delay, never
/// decreasing; the query's value is their minimum or maximum. A node without data counts as 0.
class WatermarkTracker {
 public:
  /// `policy` is spark.sql.streaming.multipleWatermarkPolicy: min or max.
  WatermarkTracker(const logical::PlanPtr& plan, const std::string& policy);

  /// Throws Spark's error for a watermark above another one, once there is a watermark to pass on.
  void CheckDefinedOnce(int64_t watermark_ms) const;
  bool has_watermark() const { return !nodes_.empty(); }
  int64_t current_ms() const { return current_ms_; }
  /// After a restart.
  void Set(int64_t watermark_ms) { current_ms_ = watermark_ms; }
  /// Takes in what a batch has seen.
  void Update(const std::map<logical::ExprId, exec::EventTimeStats>& seen);
  /// The first node's statistics that has any, for progress; null if none.
  const exec::EventTimeStats* FirstStats(const std::map<logical::ExprId, exec::EventTimeStats>& seen) const;

 private:
  struct Node {
    logical::ExprId event_time;
    int64_t delay_ms;
    int64_t watermark_ms = 0;
    bool has_data = false;
  };
  std::vector<Node> nodes_;
  bool max_policy_ = false, redefined_ = false;
  int64_t current_ms_ = 0;
};

}  // namespace sluice::streaming
