// CloneSession: a new session with a copy of another's state.
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {

RpcHandler CloneSessionHandler(ServerState& state) {
  using Request = spark::connect::CloneSessionRequest;
  using Response = spark::connect::CloneSessionResponse;
  return UnaryHandler<Request, Response>(state, [&state](const Request& request) {
    SessionKey key = KeyOf(request);
    const std::string& observed = request.client_observed_server_side_session_id();
    auto original = state.sessions.Get(key, observed);
    if (request.has_new_session_id() && request.new_session_id().empty()) {
      throw base::Error(base::ErrorKind::kSql, "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_FORMAT",
                        {{"targetSessionId", ""}});
    }
    auto clone = state.sessions.Clone(key, observed, request.new_session_id());
    Response response;
    SetSession(original->session(), &response);
    response.set_new_session_id(clone->session().session_id());
    response.set_new_server_side_session_id(clone->session().server_side_id());
    return response;
  });
}

}  // namespace sluice::server
