// All streaming queries of one session.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "streaming/streaming_query.h"

namespace sluice::streaming {

/// Spark's StreamingQueryManager. Thread safe.
class QueryManager {
 public:
  QueryManager();
  ~QueryManager();  ///< stops all queries

  /// Starts a query: resolves the query id from the checkpoint's `metadata`, checks names and ids
  /// (a second active query on the same checkpoint: the first is stopped if
  /// spark.sql.streaming.stopActiveRunOnRestart, else CONCURRENT_QUERY), then runs it on its own
  /// thread.
  StreamingQueryPtr Start(QueryDefinition definition);
  std::vector<StreamingQueryPtr> Active() const;
  StreamingQueryPtr Get(const std::string& id) const;  ///< active ones; null if none
  /// Also ended ones, by id and run id; null if unknown.
  StreamingQueryPtr Find(const std::string& id, const std::string& run_id) const;
  /// Until any query has ended since the start or the last ResetTerminated; rethrows its exception.
  bool AwaitAnyTermination(std::optional<int64_t> timeout_ms);
  void ResetTerminated();
  void StopAll();

  /// The clock of queries started from now on; for tests.
  void UseClock(std::shared_ptr<base::Clock> clock);

  /// Events of all queries, called from query threads. Returns a number to remove it with.
  int AddListener(std::function<void(const QueryEvent&)> listener);
  void RemoveListener(int number);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sluice::streaming
