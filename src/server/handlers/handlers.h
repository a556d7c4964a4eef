// The RPCs of the service, one file each.
#pragma once

#include <map>
#include <string>

#include "server/rpc/transport.h"
#include "server/server_state.h"

namespace sluice::server {

RpcHandler ExecutePlanHandler(ServerState& state);
RpcHandler AnalyzePlanHandler(ServerState& state);
RpcHandler ConfigHandler(ServerState& state);
RpcHandler AddArtifactsHandler(ServerState& state);
RpcHandler ArtifactStatusHandler(ServerState& state);
RpcHandler InterruptHandler(ServerState& state);
RpcHandler ReattachExecuteHandler(ServerState& state);
RpcHandler ReleaseExecuteHandler(ServerState& state);
RpcHandler ReleaseSessionHandler(ServerState& state);
RpcHandler FetchErrorDetailsHandler(ServerState& state);
RpcHandler CloneSessionHandler(ServerState& state);
RpcHandler GetStatusHandler(ServerState& state);

/// All of them by the method's name.
std::map<std::string, RpcHandler> AllHandlers(ServerState& state);

}  // namespace sluice::server
