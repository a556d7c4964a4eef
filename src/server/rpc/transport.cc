// gRPC's generic asynchronous server behind one table of handlers.
#include "server/rpc/transport.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "base/error.h"

namespace sluice::server {
namespace {

constexpr int kMaxMessageBytes = 128 * 1024 * 1024;
// One thread moves all bytes; a second would only contend with the query's threads for the cores.
constexpr int kPollers = 1;
constexpr int kPendingAccepts = 4;

// Takes the same time wherever the texts differ.
bool EqualSecrets(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  }
  return difference == 0;
}

}  // namespace

Transport::Transport(std::map<std::string, RpcHandler> handlers, std::string token)
    : handlers_(std::move(handlers)), token_(std::move(token)) {}

Transport::~Transport() {
  Shutdown(0);
  Close();
}

int Transport::Listen(const std::string& host, int port) {
  int bound = 0;
  bool ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  std::string address = fmt::format("{}:{}", ipv6 ? "[" + host + "]" : host, port);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &bound);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterAsyncGenericService(&service_);
  queue_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
  if (!server_ || bound == 0) {
    throw base::Error::Plain(base::ErrorKind::kSpark, "Cannot listen on " + address + ".");
  }
  for (int i = 0; i < kPendingAccepts; ++i) Accept();
  for (int i = 0; i < kPollers; ++i) pollers_.emplace_back([this] { Poll(); });
  return bound;
}

void Transport::Shutdown(int64_t grace_ms) {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(grace_ms));
}

void Transport::Close() {
  if (!server_) return;
  {
    std::unique_lock lock(gate_->mutex);
    if (gate_->closed) return;
    gate_->closed = true;
    queue_->Shutdown();
  }
  for (auto& poller : pollers_) poller.join();
  pollers_.clear();
}

void Transport::Accept() {
  auto call = std::make_shared<Call>(queue_.get(), gate_);
  call->Accept(&service_, [this, call_pointer = call.get()](bool ok) {
    if (!ok) return;
    Accept();
    Dispatch(call_pointer->shared_from_this());
  });
}

void Transport::Dispatch(const CallPtr& call) {
  if (!token_.empty()) {
    std::string given = call->Header("authorization");
    if (given.empty()) {
      call->Finish({grpc::StatusCode::UNAUTHENTICATED, "No authentication token provided"});
      return;
    }
    if (!EqualSecrets("Bearer " + token_, given)) {
      call->Finish({grpc::StatusCode::UNAUTHENTICATED, "Invalid authentication token"});
      return;
    }
  }
  auto found = handlers_.find(call->Method());
  if (found == handlers_.end()) {
    call->Finish({grpc::StatusCode::UNIMPLEMENTED, "Unknown method"});
    return;
  }
  found->second(call);
}

void Transport::Poll() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    std::unique_ptr<Call::Completion> done(static_cast<Call::Completion*>(tag));
    try {
      if (*done) (*done)(ok);
    } catch (const std::exception& error) {
      fmt::print(stderr, "sluice-server: unexpected error: {}\n", error.what());
    }
  }
}

}  // namespace sluice::server
