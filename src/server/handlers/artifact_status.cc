// ArtifactStatus: which cached blobs the session has.
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {

RpcHandler ArtifactStatusHandler(ServerState& state) {
  using Request = spark::connect::ArtifactStatusesRequest;
  using Response = spark::connect::ArtifactStatusesResponse;
  return UnaryHandler<Request, Response>(state, [&state](const Request& request) {
    SessionHolderPtr holder = SessionOf(state, request);
    Response response;
    SetSession(holder->session(), &response);
    constexpr std::string_view kCache = "cache/";
    for (const std::string& name : request.names()) {
      // Like Spark, only for blobs: other artifacts are sent again.
      bool exists = name.starts_with(kCache) && holder->session().FindBlob(name.substr(kCache.size())).has_value();
      (*response.mutable_statuses())[name].set_exists(exists);
    }
    return response;
  });
}

}  // namespace sluice::server
