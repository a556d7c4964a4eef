// FetchErrorDetails: the whole of an error of which the call's status held the beginning.
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {

RpcHandler FetchErrorDetailsHandler(ServerState& state) {
  using Request = spark::connect::FetchErrorDetailsRequest;
  using Response = spark::connect::FetchErrorDetailsResponse;
  return UnaryHandler<Request, Response>(state, [&state](const Request& request) {
    auto holder = state.sessions.Get(KeyOf(request), request.client_observed_server_side_session_id());
    Response response = holder->TakeErrorDetails(request.error_id());
    SetSession(holder->session(), &response);
    return response;
  });
}

}  // namespace sluice::server
