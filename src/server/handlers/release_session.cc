// ReleaseSession: the client ends its session.
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {

RpcHandler ReleaseSessionHandler(ServerState& state) {
  using Request = spark::connect::ReleaseSessionRequest;
  using Response = spark::connect::ReleaseSessionResponse;
  return UnaryHandler<Request, Response>(state, [&state](const Request& request) {
    Response response;
    response.set_session_id(request.session_id());
    auto removed = state.sessions.Remove(KeyOf(request), request.allow_reconnect());
    if (removed) response.set_server_side_session_id(removed->session().server_side_id());
    return response;
  });
}

}  // namespace sluice::server
