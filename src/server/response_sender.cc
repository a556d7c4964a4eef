// The sending side of executions.
#include "server/response_sender.h"

#include "connect/error_wire.h"

namespace sluice::server {

ResponseSender::ResponseSender(CallPtr call, ExecutionPtr execution, int64_t index)
    : call_(std::move(call)), execution_(std::move(execution)), next_(index) {}

void ResponseSender::Attach(const CallPtr& call, const ExecutionPtr& execution, int64_t index) {
  auto sender = std::make_shared<ResponseSender>(call, execution, index);
  std::shared_ptr<ResponseSender> earlier = execution->ReplaceSender(sender);
  if (earlier) earlier->Disconnect();
  execution->SetAttached();
  // The call keeps the sender until it ends; the buffer must not, it belongs to the execution.
  call->OnGone([sender] { sender->Gone(); });
  execution->responses().SetListener([weak = std::weak_ptr(sender)] {
    if (auto self = weak.lock()) self->Pump();
  });
  sender->Pump();
}

void ResponseSender::Pump() {
  grpc::ByteBuffer response;
  grpc::Status status;
  {
    std::lock_guard lock(mutex_);
    if (writing_ || done_) return;
    if (disconnected_) {
      done_ = true;
    } else {
      try {
        switch (execution_->responses().Take(next_, &response, &status)) {
          case ResponseBuffer::Next::kWait:
            return;
          case ResponseBuffer::Next::kResponse:
            ++next_;
            writing_ = true;
            break;
          case ResponseBuffer::Next::kEnd:
            done_ = true;
            break;
        }
      } catch (const base::Error& error) {
        done_ = true;
        auto holder = execution_->holder();
        status = holder ? holder->StatusOf(error) : grpc::Status(grpc::StatusCode::INTERNAL, error.message());
      }
    }
    if (writing_) {
      call_->Write(response, [self = shared_from_this()](bool ok) { self->Written(ok); });
      return;
    }
  }
  if (disconnected_) {
    auto holder = execution_->holder();
    base::Error error(base::ErrorKind::kSql, "INVALID_CURSOR.DISCONNECTED");
    call_->Finish(holder ? holder->StatusOf(error) : grpc::Status(grpc::StatusCode::INTERNAL, error.message()));
    return;
  }
  Finish(status);
}

void ResponseSender::Written(bool ok) {
  {
    std::lock_guard lock(mutex_);
    writing_ = false;
    // The client is gone: Gone says so too, and the call only has to be ended.
    if (!ok) done_ = true;
  }
  if (ok) {
    Pump();
  } else {
    call_->Finish(grpc::Status::CANCELLED);
  }
}

void ResponseSender::Disconnect() {
  {
    std::lock_guard lock(mutex_);
    disconnected_ = true;
  }
  Pump();
}

void ResponseSender::Gone() {
  bool was_done;
  {
    std::lock_guard lock(mutex_);
    was_done = done_;
    done_ = true;
    if (disconnected_) return;
  }
  auto holder = execution_->holder();
  if (execution_->reattachable()) {
    execution_->SetDetached();
  } else if (holder) {
    holder->RemoveExecution(execution_->operation_id());
  } else {
    execution_->Cancel();
  }
  if (!was_done) call_->Finish(grpc::Status::CANCELLED);
}

void ResponseSender::Finish(const grpc::Status& status) {
  if (execution_->reattachable()) {
    execution_->SetDetached();
  } else if (auto holder = execution_->holder()) {
    holder->RemoveExecution(execution_->operation_id());
  }
  call_->Finish(status);
}

}  // namespace sluice::server
