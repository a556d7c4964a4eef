// ReleaseExecute: the client has responses safely, or wants no more of them.
#include "server/execution.h"
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {

RpcHandler ReleaseExecuteHandler(ServerState& state) {
  using Request = spark::connect::ReleaseExecuteRequest;
  using Response = spark::connect::ReleaseExecuteResponse;
  return UnaryHandler<Request, Response>(state, [&state](const Request& request) {
    auto holder = state.sessions.Get(KeyOf(request), request.client_observed_server_side_session_id());
    Response response;
    SetSession(holder->session(), &response);
    // Releases come late and in any order; one for an execution that is gone is no error.
    ExecutionPtr execution = holder->FindExecution(request.operation_id());
    if (!execution) return response;
    response.set_operation_id(request.operation_id());
    switch (request.release_case()) {
      case Request::kReleaseAll:
        holder->RemoveExecution(request.operation_id());
        break;
      case Request::kReleaseUntil:
        execution->responses().ReleaseUntil(request.release_until().response_id());
        break;
      case Request::RELEASE_NOT_SET:
        throw base::Error::Plain(base::ErrorKind::kUnsupportedOperation, "Unknown ReleaseExecute type!");
    }
    return response;
  });
}

}  // namespace sluice::server
