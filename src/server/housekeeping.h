// What must happen without a request: sessions and executions that nobody uses any more are ended.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/server_state.h"

namespace sluice::server {

struct HousekeepingOptions {
  int64_t session_idle_ms = 3'600'000;      ///< Spark's spark.connect.session.manager.defaultSessionTimeout
  int64_t execution_detached_ms = 300'000;  ///< Spark's spark.connect.execute.manager.detachedTimeout
  int64_t cancel_grace_ms = 2'000;          ///< until the answer of a cancelled execution is ended for it
  int64_t period_ms = 1'000;
};

/// One round, by the server's clock.
void CleanUp(ServerState& state, const HousekeepingOptions& options);

/// Rounds on a thread of its own.
class Housekeeping {
 public:
  Housekeeping(ServerState& state, HousekeepingOptions options);
  ~Housekeeping();

 private:
  void Work();

  ServerState& state_;
  const HousekeepingOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::server
