// One ExecutePlan: the thread that runs it, the responses it makes, and whether somebody listens.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "server/response_buffer.h"
#include "server/session_holder.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {

class ResponseSender;

/// Lives in its session from the request until the client releases it. Thread safe.
class Execution : public std::enable_shared_from_this<Execution> {
 public:
  /// Throws for a malformed operation id or tag.
  Execution(std::weak_ptr<SessionHolder> holder, std::shared_ptr<session::Session> session,
            spark::connect::ExecutePlanRequest request, const base::Clock* clock);

  const std::string& operation_id() const { return request_.operation_id(); }
  bool reattachable() const { return reattachable_; }
  bool HasTag(const std::string& tag) const;
  /// The same plan was asked for: the client repeats a request whose answer it has not seen.
  bool SameRequest(const spark::connect::ExecutePlanRequest& request) const;

  session::Session& session() { return *session_; }
  const std::shared_ptr<session::Session>& shared_session() const { return session_; }
  std::shared_ptr<SessionHolder> holder() const { return holder_.lock(); }
  const spark::connect::ExecutePlanRequest& request() const { return request_; }
  ResponseBuffer& responses() { return responses_; }
  const base::CancellationPtr& cancellation() const { return cancellation_; }

  /// Runs the plan to its end on the calling thread; errors become the end of the responses.
  void Run();
  /// Asks the work to stop. It ends by itself soon, or is ended by EndIfStuck.
  void Cancel();
  /// Ends the answer of a cancelled execution that has not reacted for `grace_ms`.
  void EndIfStuck(int64_t grace_ms);

  bool running() const { return state() == OperationState::kRunning; }
  OperationState state() const { return state_; }

  /// Sends a response of this execution; fills in the ids. Waits while the client is behind.
  void Send(spark::connect::ExecutePlanResponse response);
  /// For events: never waits, drops the response if the client is far behind.
  void SendEvent(spark::connect::ExecutePlanResponse response);
  /// Ends the answer well. For executions that outlive Run (the listener bus); others end with it.
  void Complete();
  /// Run shall not end the answer: it is a stream of events.
  void KeepOpen() { keep_open_ = true; }
  bool kept_open() const { return keep_open_; }
  /// Keeps a thing until the client has the answer safely, or gives it up.
  void KeepUntilRemoved(std::shared_ptr<void> kept);
  void Removed();

  /// Makes `sender` the one that sends the answer; gives the one that did before.
  std::shared_ptr<ResponseSender> ReplaceSender(const std::shared_ptr<ResponseSender>& sender);
  /// Told by the sender: someone receives the answer, or no one does from now on.
  void SetAttached() { detached_since_ = 0; }
  void SetDetached() { detached_since_ = clock_->NowMillis(); }
  /// Since when nobody receives the answer; 0 while someone does.
  int64_t detached_since() const { return detached_since_; }

 private:
  void Fail(const base::Error& error);
  void FillIds(spark::connect::ExecutePlanResponse* response) const;

  const std::weak_ptr<SessionHolder> holder_;
  const std::shared_ptr<session::Session> session_;
  const base::Clock* const clock_;
  spark::connect::ExecutePlanRequest request_;
  bool reattachable_ = false;
  const base::CancellationPtr cancellation_ = std::make_shared<base::CancellationToken>();
  ResponseBuffer responses_;
  std::atomic<OperationState> state_ = OperationState::kRunning;
  std::atomic<int64_t> cancelled_at_ = 0;
  std::atomic<int64_t> detached_since_ = 0;
  std::atomic<bool> keep_open_ = false;
  std::mutex sender_mutex_;
  std::weak_ptr<ResponseSender> sender_;
  std::mutex kept_mutex_;
  std::shared_ptr<void> kept_;
};

}  // namespace sluice::server
