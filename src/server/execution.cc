// The life of one execution.
#include "server/execution.h"

#include <google/protobuf/util/message_differencer.h>
#include <google/rpc/status.pb.h>

#include "base/uuid.h"
#include "connect/error_wire.h"
#include "server/run_plan.h"

namespace sluice::server {
namespace {

using spark::connect::ExecutePlanRequest;
using spark::connect::ExecutePlanResponse;

bool WantsReattach(const ExecutePlanRequest& request) {
  for (const auto& option : request.request_options()) {
    if (option.has_reattach_options() && option.reattach_options().reattachable()) return true;
  }
  return false;
}

void CheckTag(const std::string& tag) {
  if (tag.empty()) {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "Spark Connect tag cannot be an empty string.");
  }
  if (tag.find(',') != std::string::npos) {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "Spark Connect tag cannot contain ','.");
  }
}

}  // namespace

Execution::Execution(std::weak_ptr<SessionHolder> holder, std::shared_ptr<session::Session> session,
                     ExecutePlanRequest request, const base::Clock* clock)
    : holder_(std::move(holder)),
      session_(std::move(session)),
      clock_(clock),
      request_(std::move(request)),
      reattachable_(WantsReattach(request_)),
      responses_(reattachable_, cancellation_, {}) {
  if (!request_.has_operation_id()) {
    request_.set_operation_id(base::NewUuid());
  } else if (!base::IsUuid(request_.operation_id())) {
    throw InvalidHandle("FORMAT", request_.operation_id());
  }
  for (const std::string& tag : request_.tags()) CheckTag(tag);
}

bool Execution::HasTag(const std::string& tag) const {
  for (const std::string& own : request_.tags()) {
    if (own == tag) return true;
  }
  return false;
}

bool Execution::SameRequest(const ExecutePlanRequest& request) const {
  return google::protobuf::util::MessageDifferencer::Equals(request_.plan(), request.plan());
}

void Execution::Run() {
  try {
    cancellation_->Check();
    RunPlan(*this);
    if (!keep_open_) Complete();
  } catch (...) {
    Fail(connect::ToError(std::current_exception()));
  }
}

void Execution::Complete() {
  OperationState running = OperationState::kRunning;
  state_.compare_exchange_strong(running, OperationState::kSucceeded);
  if (!reattachable_) {
    responses_.End(grpc::Status::OK);
    return;
  }
  // An answer that can be attached to needs the mark that nothing is missing.
  ExecutePlanResponse response;
  response.mutable_result_complete();
  FillIds(&response);
  responses_.EndWith(std::move(response));
}

void Execution::Fail(const base::Error& error) {
  bool cancelled = cancellation_->cancelled();
  OperationState running = OperationState::kRunning;
  state_.compare_exchange_strong(running, cancelled ? OperationState::kCancelled : OperationState::kFailed);
  // What interrupted work throws says nothing; the client asked for the interruption.
  base::Error shown = cancelled ? base::Error(base::ErrorKind::kSql, "OPERATION_CANCELED") : error;
  if (auto owner = holder_.lock()) {
    responses_.End(owner->StatusOf(shown));
  } else {
    google::rpc::Status status = connect::ToStatus(shown, "");
    responses_.End({grpc::StatusCode::INTERNAL, status.message(), status.SerializeAsString()});
  }
}

void Execution::KeepUntilRemoved(std::shared_ptr<void> kept) {
  std::lock_guard lock(kept_mutex_);
  kept_ = std::move(kept);
}

void Execution::Removed() {
  std::shared_ptr<void> kept;
  std::lock_guard lock(kept_mutex_);
  kept = std::move(kept_);
}

void Execution::Cancel() {
  if (!running()) return;
  int64_t never = 0;
  cancelled_at_.compare_exchange_strong(never, clock_->NowMillis());
  cancellation_->Cancel();
}

void Execution::EndIfStuck(int64_t grace_ms) {
  int64_t since = cancelled_at_;
  if (since != 0 && clock_->NowMillis() - since >= grace_ms && !responses_.ended()) {
    Fail(base::Error(base::ErrorKind::kSql, "OPERATION_CANCELED"));
  }
}

std::shared_ptr<ResponseSender> Execution::ReplaceSender(const std::shared_ptr<ResponseSender>& sender) {
  std::lock_guard lock(sender_mutex_);
  auto earlier = sender_.lock();
  sender_ = sender;
  return earlier;
}

void Execution::FillIds(ExecutePlanResponse* response) const {
  response->set_session_id(session_->session_id());
  response->set_server_side_session_id(session_->server_side_id());
  response->set_operation_id(request_.operation_id());
}

void Execution::Send(ExecutePlanResponse response) {
  FillIds(&response);
  responses_.Push(std::move(response));
}

void Execution::SendEvent(ExecutePlanResponse response) {
  FillIds(&response);
  responses_.TryPush(std::move(response));
}

}  // namespace sluice::server
