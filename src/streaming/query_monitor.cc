// Keeps status and progress, tells listeners.
#include "streaming/query_monitor.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::streaming {
namespace {

constexpr int64_t kFirstLookMs = 100;  // about what Spark takes from start() to the first trigger

}  // namespace

QueryMonitor::QueryMonitor(int64_t recent, int64_t idle_interval_ms, Listener post, std::function<bool()> listening)
    : keep_(static_cast<size_t>(std::max<int64_t>(recent - 1, 0))),
      idle_interval_ms_(idle_interval_ms),
      post_(std::move(post)),
      listening_(std::move(listening)) {
  status_.message = "Initializing StreamExecution";
}

QueryStatus QueryMonitor::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void QueryMonitor::SetMessage(std::string message) {
  std::lock_guard lock(mutex_);
  status_.message = std::move(message);
}

void QueryMonitor::SetTriggerActive(bool active) {
  std::lock_guard lock(mutex_);
  status_.is_trigger_active = active;
}

void QueryMonitor::SetDataAvailable(bool available) {
  std::lock_guard lock(mutex_);
  status_.is_data_available = available;
}

void QueryMonitor::Keep(std::shared_ptr<const Progress> progress) {
  recent_.push_back(std::move(progress));
  // Spark drops entries until fewer than the configured number are left.
  while (recent_.size() > keep_) recent_.pop_front();
}

void QueryMonitor::AddProgress(Progress progress, int64_t now_ms) {
  auto kept = std::make_shared<const Progress>(std::move(progress));
  {
    std::lock_guard lock(mutex_);
    last_event_ms_ = now_ms;
    Keep(kept);
  }
  if (post_ && listening_ && listening_())
    Post(QueryEvent::Type::kProgress, "{\"progress\":" + kept->ToListenerJson() + "}");
}

void QueryMonitor::AddIdleProgress(const std::function<Progress()>& make, int64_t now_ms, bool may_wait) {
  bool first;
  {
    std::lock_guard lock(mutex_);
    if (last_event_ms_ && now_ms - idle_interval_ms_ < *last_event_ms_) return;
    if (!first_idle_ms_) first_idle_ms_ = now_ms;
    if (!last_event_ms_ && may_wait && now_ms < *first_idle_ms_ + kFirstLookMs) return;
    first = !last_event_ms_;
    last_event_ms_ = now_ms;
  }
  auto kept = std::make_shared<const Progress>(make());
  {
    std::lock_guard lock(mutex_);
    Keep(kept);
  }
  if (!first) {
    Post(QueryEvent::Type::kIdle, fmt::format("{{\"id\":\"{}\",\"runId\":\"{}\",\"timestamp\":\"{}\"}}", kept->id,
                                              kept->run_id, FormatTimestamp(kept->timestamp_ms)));
  }
}

int64_t QueryMonitor::NextIdleMillis() const {
  std::lock_guard lock(mutex_);
  if (last_event_ms_) return *last_event_ms_ + idle_interval_ms_;
  return first_idle_ms_ ? *first_idle_ms_ + kFirstLookMs : 0;
}

std::vector<std::string> QueryMonitor::RecentProgress() const {
  std::vector<std::shared_ptr<const Progress>> recent;
  {
    std::lock_guard lock(mutex_);
    recent.assign(recent_.begin(), recent_.end());
  }
  std::vector<std::string> texts;
  for (const auto& progress : recent) texts.push_back(progress->ToJson());
  return texts;
}

void QueryMonitor::Post(QueryEvent::Type type, std::string json) const {
  if (post_) post_({type, std::move(json)});
}

}  // namespace sluice::streaming
