// Periodic cleaning.
#include "server/housekeeping.h"

#include <chrono>

#include "server/execution.h"

namespace sluice::server {

void CleanUp(ServerState& state, const HousekeepingOptions& options) {
  int64_t now = state.clock->NowMillis();
  for (const SessionHolderPtr& holder : state.sessions.All()) {
    for (const ExecutionPtr& execution : holder->Executions()) {
      execution->EndIfStuck(options.cancel_grace_ms);
      int64_t since = execution->detached_since();
      if (since != 0 && now - since >= options.execution_detached_ms) {
        holder->RemoveExecution(execution->operation_id());
      }
    }
  }
  state.sessions.CloseIdle(options.session_idle_ms);
}

Housekeeping::Housekeeping(ServerState& state, HousekeepingOptions options)
    : state_(state), options_(options), thread_([this] { Work(); }) {}

Housekeeping::~Housekeeping() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

void Housekeeping::Work() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    wake_.wait_for(lock, std::chrono::milliseconds(options_.period_ms), [&] { return stop_; });
    if (stop_) return;
    lock.unlock();
    CleanUp(state_, options_);
    lock.lock();
  }
}

}  // namespace sluice::server
