// What clients see of a running query, kept by the query's thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "streaming/progress.h"
#include "streaming/streaming_query.h"

namespace sluice::streaming {

/// Status and recent progress. Thread safe.
class QueryMonitor {
 public:
  using Listener = std::function<void(const QueryEvent&)>;

  /// `listening` tells whether anybody would hear a progress event. `recent` is
  /// spark.sql.streaming.numRecentProgressUpdates, `idle_interval_ms` noDataProgressEventInterval.
  QueryMonitor(int64_t recent, int64_t idle_interval_ms, Listener post, std::function<bool()> listening);

  QueryStatus status() const;
  void SetMessage(std::string message);
  void SetTriggerActive(bool active);
  void SetDataAvailable(bool available);

  /// A batch has run.
  void AddProgress(Progress progress, int64_t now_ms);
  /// A trigger found nothing to do; kept and told only so often. `may_wait`: a query that has just
  /// started leaves out the entry until Spark would have looked for the first time, so that input
  /// that a program adds right after start() is not preceded by an entry that Spark does not make.
  void AddIdleProgress(const std::function<Progress()>& make, int64_t now_ms, bool may_wait);
  /// When AddIdleProgress will next keep an entry.
  int64_t NextIdleMillis() const;
  std::vector<std::string> RecentProgress() const;
  void Post(QueryEvent::Type type, std::string json) const;

 private:
  void Keep(std::shared_ptr<const Progress> progress);

  const size_t keep_;
  const int64_t idle_interval_ms_;
  const Listener post_;
  const std::function<bool()> listening_;
  mutable std::mutex mutex_;
  QueryStatus status_;
  std::deque<std::shared_ptr<const Progress>> recent_;
  std::optional<int64_t> last_event_ms_;  // of a batch or of an idle entry that was kept
  std::optional<int64_t> first_idle_ms_;
};

}  // namespace sluice::streaming
