// ReattachExecute: goes on with the answer of an execution whose stream broke.
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "server/response_sender.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {

RpcHandler ReattachExecuteHandler(ServerState& state) {
  using Request = spark::connect::ReattachExecuteRequest;
  return RequestHandler<Request>(state, [&state](const CallPtr& call, Request request) {
    auto holder = state.sessions.Get(KeyOf(request), request.client_observed_server_side_session_id());
    ExecutionPtr execution = holder->FindExecution(request.operation_id());
    if (!execution) throw InvalidHandle("OPERATION_NOT_FOUND", request.operation_id());
    if (!execution->reattachable()) throw base::Error(base::ErrorKind::kSql, "INVALID_CURSOR.NOT_REATTACHABLE");
    int64_t next = 1;
    if (request.has_last_response_id()) next = execution->responses().Find(request.last_response_id()) + 1;
    ResponseSender::Attach(call, execution, next);
  });
}

}  // namespace sluice::server
