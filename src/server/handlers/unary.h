// The frame of RPCs with one request: read, run on a worker, answer or fail.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "connect/error_wire.h"
#include "server/rpc/message.h"
#include "server/rpc/transport.h"
#include "server/server_state.h"

namespace sluice::server {

/// The status of an error outside of any session, or of one that has no room for it.
grpc::Status StatusWithoutSession(const base::Error& error);
/// What was thrown while answering a request of the session with that key, as the client gets it.
grpc::Status StatusOfThrown(ServerState& state, const SessionKey& key, const std::exception_ptr& thrown);
/// Runs the task on a worker, or ends the call because the server is busy.
void RunOnWorker(ServerState& state, const CallPtr& call, std::function<void()> task);
grpc::Status BadRequest(const std::string& type);

/// Reads the request and gives it to `handle` on a worker; what `handle` throws ends the call.
template <typename Request>
RpcHandler RequestHandler(ServerState& state, std::function<void(const CallPtr&, Request)> handle) {
  return [&state, handle = std::move(handle)](const CallPtr& call) {
    call->Read([&state, call, handle](bool ok, grpc::ByteBuffer& message) {
      if (!ok) {
        call->Finish({grpc::StatusCode::INVALID_ARGUMENT, "The request is missing."});
        return;
      }
      RunOnWorker(state, call, [&state, call, handle, bytes = std::move(message)]() mutable {
        Request request;
        if (!Parse(bytes, &request)) {
          call->Finish(BadRequest(request.GetTypeName()));
          return;
        }
        bytes.Clear();
        SessionKey key = KeyOf(request);
        try {
          handle(call, std::move(request));
        } catch (...) {
          call->Finish(StatusOfThrown(state, key, std::current_exception()));
        }
      });
    });
  };
}

/// An RPC with one request and one response.
template <typename Request, typename Response>
RpcHandler UnaryHandler(ServerState& state, std::function<Response(const Request&)> handle) {
  return RequestHandler<Request>(state, [handle = std::move(handle)](const CallPtr& call, Request request) {
    call->FinishWith(Serialize(handle(request)));
  });
}

}  // namespace sluice::server
