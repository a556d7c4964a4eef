// The shared part of all handlers.
#include "server/handlers/unary.h"

#include <google/rpc/status.pb.h>

#include "connect/invalid_plan.h"
#include "server/handlers/handlers.h"

namespace sluice::server {

grpc::Status StatusWithoutSession(const base::Error& error) {
  google::rpc::Status status = connect::ToStatus(error, "");
  return {static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString()};
}

grpc::Status StatusOfThrown(ServerState& state, const SessionKey& key, const std::exception_ptr& thrown) {
  base::Error error = connect::ToError(thrown);
  try {
    return state.sessions.Get(key, "")->StatusOf(error);
  } catch (const base::Error&) {
    return StatusWithoutSession(error);  // the session itself is what is wrong
  }
}

grpc::Status BadRequest(const std::string& type) {
  return StatusWithoutSession(connect::InvalidPlan("CANNOT_PARSE", {{"errorMsg", "Not a message of type " + type}}));
}

void RunOnWorker(ServerState& state, const CallPtr& call, std::function<void()> task) {
  if (state.workers.Run(std::move(task))) return;
  // Clients try again on this code.
  call->Finish({grpc::StatusCode::UNAVAILABLE, "The server is busy."});
}

std::map<std::string, RpcHandler> AllHandlers(ServerState& state) {
  return {{"ExecutePlan", ExecutePlanHandler(state)},
          {"AnalyzePlan", AnalyzePlanHandler(state)},
          {"Config", ConfigHandler(state)},
          {"AddArtifacts", AddArtifactsHandler(state)},
          {"ArtifactStatus", ArtifactStatusHandler(state)},
          {"Interrupt", InterruptHandler(state)},
          {"ReattachExecute", ReattachExecuteHandler(state)},
          {"ReleaseExecute", ReleaseExecuteHandler(state)},
          {"ReleaseSession", ReleaseSessionHandler(state)},
          {"FetchErrorDetails", FetchErrorDetailsHandler(state)},
          {"CloneSession", CloneSessionHandler(state)},
          {"GetStatus", GetStatusHandler(state)}};
}

}  // namespace sluice::server
