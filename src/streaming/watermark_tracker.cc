// Watermarks of the nodes and their combination.
#include "streaming/watermark_tracker.h"

#include <algorithm>

#include "base/error.h"

namespace sluice::streaming {

WatermarkTracker::WatermarkTracker(const logical::PlanPtr& plan, const std::string& policy) {
  if (policy != "min" && policy != "max") {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "Could not recognize watermark policy " + policy);
  }
  max_policy_ = policy == "max";
  logical::Visit(plan, [&](const logical::PlanPtr& node) {
    const auto* watermark = node->As<logical::Watermark>();
    if (!watermark) return;
    logical::ExprId id = watermark->event_time->id;
    bool known = std::ranges::any_of(nodes_, [&](const Node& seen) { return seen.event_time == id; });
    if (!known) nodes_.push_back({id, watermark->delay_ms});
    logical::Visit(node->child(),
                   [&](const logical::PlanPtr& below) { redefined_ |= below->kind == logical::PlanKind::kWatermark; });
  });
}

void WatermarkTracker::CheckDefinedOnce(int64_t watermark_ms) const {
  if (!redefined_ || watermark_ms == 0) return;
  throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3076",
                    {{"config", "spark.sql.streaming.statefulOperator.allowMultiple"}});
}

void WatermarkTracker::Update(const std::map<logical::ExprId, exec::EventTimeStats>& seen) {
  if (nodes_.empty()) return;
  for (Node& node : nodes_) {
    auto stats = seen.find(node.event_time);
    if (stats == seen.end() || stats->second.count == 0) continue;
    int64_t watermark = stats->second.max - node.delay_ms;
    if (!node.has_data || watermark > node.watermark_ms) node.watermark_ms = watermark;
    node.has_data = true;
  }
  auto smaller = [](const Node& a, const Node& b) { return a.watermark_ms < b.watermark_ms; };
  const Node& chosen =
      max_policy_ ? *std::ranges::max_element(nodes_, smaller) : *std::ranges::min_element(nodes_, smaller);
  current_ms_ = std::max(current_ms_, chosen.watermark_ms);
}

const exec::EventTimeStats* WatermarkTracker::FirstStats(
    const std::map<logical::ExprId, exec::EventTimeStats>& seen) const {
  for (const Node& node : nodes_) {
    auto stats = seen.find(node.event_time);
    if (stats != seen.end() && stats->second.count > 0) return &stats->second;
  }
  return nullptr;
}

}  // namespace sluice::streaming
