// ExecutePlan: runs a plan and streams what it gives.
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "server/response_sender.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {
namespace {

using spark::connect::ExecutePlanRequest;

// A client that did not see the answer to its request sends it again; it gets the answer from the beginning.
bool AttachToSame(SessionHolder& holder, const CallPtr& call, const ExecutePlanRequest& request) {
  if (!request.has_operation_id()) return false;
  ExecutionPtr same = holder.FindExecution(request.operation_id());
  if (!same || !same->reattachable() || !same->SameRequest(request)) return false;
  ResponseSender::Attach(call, same, 1);
  return true;
}

}  // namespace

RpcHandler ExecutePlanHandler(ServerState& state) {
  return RequestHandler<ExecutePlanRequest>(state, [&state](const CallPtr& call, ExecutePlanRequest request) {
    SessionHolderPtr holder = SessionOf(state, request);
    if (AttachToSame(*holder, call, request)) return;
    auto execution = std::make_shared<Execution>(holder, holder->shared_session(), std::move(request), state.clock);
    holder->AddExecution(execution);
    ResponseSender::Attach(call, execution, 1);
    // This worker is the runner; the responses leave through the sender meanwhile.
    execution->Run();
    holder->Touch();
  });
}

}  // namespace sluice::server
