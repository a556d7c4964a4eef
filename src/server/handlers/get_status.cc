// GetStatus: how operations of a session are doing.
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {
namespace {

using Request = spark::connect::GetStatusRequest;
using Response = spark::connect::GetStatusResponse;
using ProtoState = Response::OperationStatus;

ProtoState::OperationState ToProto(OperationState state) {
  switch (state) {
    case OperationState::kRunning:
      return ProtoState::OPERATION_STATE_RUNNING;
    case OperationState::kSucceeded:
      return ProtoState::OPERATION_STATE_SUCCEEDED;
    case OperationState::kFailed:
      return ProtoState::OPERATION_STATE_FAILED;
    case OperationState::kCancelled:
      return ProtoState::OPERATION_STATE_CANCELLED;
    case OperationState::kUnknown:
      break;
  }
  return ProtoState::OPERATION_STATE_UNKNOWN;
}

}  // namespace

RpcHandler GetStatusHandler(ServerState& state) {
  return UnaryHandler<Request, Response>(state, [&state](const Request& request) {
    SessionHolderPtr holder = SessionOf(state, request);
    Response response;
    SetSession(holder->session(), &response);
    if (!request.has_operation_status()) return response;
    std::vector<std::string> ids(request.operation_status().operation_ids().begin(),
                                 request.operation_status().operation_ids().end());
    if (ids.empty()) ids = holder->KnownOperations();
    for (const std::string& id : ids) {
      auto* status = response.add_operation_statuses();
      status->set_operation_id(id);
      status->set_state(ToProto(holder->StateOf(id)));
    }
    return response;
  });
}

}  // namespace sluice::server
