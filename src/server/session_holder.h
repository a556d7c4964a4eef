// A client session as the server sees it: its executions, its kept errors and the stream of its listeners' events.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "server/listener_bus.h"
#include "session/session.h"

namespace grpc {
class Status;
}
namespace spark::connect {
class FetchErrorDetailsResponse;
}

namespace sluice::server {

class Execution;
using ExecutionPtr = std::shared_ptr<Execution>;

/// INVALID_HANDLE.<sub> for a session or operation id.
base::Error InvalidHandle(const std::string& sub, const std::string& handle);

/// How an execution is doing, for GetStatus.
enum class OperationState { kUnknown, kRunning, kSucceeded, kFailed, kCancelled };

/// Thread safe.
class SessionHolder {
 public:
  SessionHolder(std::shared_ptr<session::Session> session, const base::Clock* clock);
  ~SessionHolder();

  session::Session& session() { return *session_; }
  const std::shared_ptr<session::Session>& shared_session() const { return session_; }
  ListenerBus& listener_bus() { return listener_bus_; }

  /// Something was asked of the session now.
  void Touch() { last_use_ = clock_->NowMillis(); }
  /// Nothing runs in it and nothing was asked of it for that long.
  bool IdleFor(int64_t millis) const;

  /// Throws INVALID_HANDLE.OPERATION_ALREADY_EXISTS or …_ABANDONED for an id that is or was in use.
  void AddExecution(const ExecutionPtr& execution);
  ExecutionPtr FindExecution(const std::string& operation_id) const;
  std::vector<ExecutionPtr> Executions() const;
  /// Ends an execution's life: it is cancelled if it still runs, and can't be attached to any more.
  void RemoveExecution(const std::string& operation_id);
  OperationState StateOf(const std::string& operation_id) const;
  std::vector<std::string> KnownOperations() const;

  /// The gRPC status of an error; the whole error is kept for FetchErrorDetails.
  grpc::Status StatusOf(const base::Error& error);
  /// The whole error, given out once; empty if unknown.
  spark::connect::FetchErrorDetailsResponse TakeErrorDetails(const std::string& error_id);

  /// Cancels what runs, stops the queries, ends the listener stream. Idempotent.
  void Close();

 private:
  void Remember(const std::string& operation_id, OperationState state);

  const std::shared_ptr<session::Session> session_;
  const base::Clock* const clock_;
  ListenerBus listener_bus_;
  std::atomic<int64_t> last_use_;
  mutable std::mutex mutex_;
  bool closed_ = false;
  std::map<std::string, ExecutionPtr> executions_;
  /// Removed ones, the oldest first; bounded.
  std::list<std::pair<std::string, OperationState>> removed_;
  std::list<std::pair<std::string, base::Error>> errors_;
};
using SessionHolderPtr = std::shared_ptr<SessionHolder>;

}  // namespace sluice::server
