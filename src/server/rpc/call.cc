// One RPC over gRPC's asynchronous generic API.
#include "server/rpc/call.h"

namespace sluice::server {
namespace {

constexpr std::string_view kService = "/spark.connect.SparkConnectService/";

}  // namespace

Call::Call(grpc::ServerCompletionQueue* queue, std::shared_ptr<OperationGate> gate)
    : queue_(queue), gate_(std::move(gate)), stream_(&context_) {}

// The queue gives the tag back once; it keeps the call alive until then.
void* Call::Tag(Completion done) {
  return new Completion([self = shared_from_this(), done = std::move(done)](bool ok) {
    if (done) done(ok);
  });
}

void Call::Accept(grpc::AsyncGenericService* service, Completion accepted) {
  std::shared_lock lock(gate_->mutex);
  if (gate_->closed) return;
  // Delivered only for calls that were accepted. It must not own the call before that, or a call that is never
  // accepted would never be freed.
  auto* ended = new Completion();
  context_.AsyncNotifyWhenDone(ended);
  auto on_accepted = [self = shared_from_this(), ended, accepted = std::move(accepted)](bool ok) {
    if (ok) {
      *ended = [self](bool) { self->Ended(); };
    } else {
      delete ended;
    }
    accepted(ok);
  };
  service->RequestCall(&context_, &stream_, queue_, queue_, Tag(std::move(on_accepted)));
}

std::string Call::Method() const {
  const std::string& method = context_.method();
  return method.starts_with(kService) ? method.substr(kService.size()) : "";
}

std::string Call::Header(const std::string& name) const {
  auto found = context_.client_metadata().find(name);
  if (found == context_.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

void Call::Read(std::function<void(bool, grpc::ByteBuffer&)> done) {
  std::shared_lock lock(gate_->mutex);
  if (gate_->closed) return;
  stream_.Read(&incoming_, Tag([this, done = std::move(done)](bool ok) { done(ok, incoming_); }));
}

void Call::Write(const grpc::ByteBuffer& message, Completion done) {
  std::shared_lock lock(gate_->mutex);
  if (gate_->closed) return;
  stream_.Write(message, Tag(std::move(done)));
}

void Call::Finish(const grpc::Status& status) {
  std::shared_lock lock(gate_->mutex);
  if (gate_->closed) return;
  {
    std::lock_guard own(mutex_);
    if (finished_) return;
    finished_ = true;
  }
  stream_.Finish(status, Tag(nullptr));
}

void Call::FinishWith(const grpc::ByteBuffer& message) {
  std::shared_lock lock(gate_->mutex);
  if (gate_->closed) return;
  {
    std::lock_guard own(mutex_);
    if (finished_) return;
    finished_ = true;
  }
  stream_.WriteAndFinish(message, grpc::WriteOptions(), grpc::Status::OK, Tag(nullptr));
}

void Call::OnGone(std::function<void()> callback) {
  {
    std::lock_guard lock(mutex_);
    if (!gone_) {
      on_gone_ = std::move(callback);
      return;
    }
  }
  callback();
}

void Call::Ended() {
  std::function<void()> callback;
  {
    std::lock_guard lock(mutex_);
    // An OK ending too may come before the client has read everything; only a cancelled call counts as gone.
    if (context_.IsCancelled()) {
      gone_ = true;
      callback = std::move(on_gone_);
    }
    on_gone_ = nullptr;
  }
  if (callback) callback();
}

}  // namespace sluice::server
