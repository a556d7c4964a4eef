// Interrupt: cancels executions of a session, all, by tag or by id.
#include "server/execution.h"
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {
namespace {

using Request = spark::connect::InterruptRequest;
using Response = spark::connect::InterruptResponse;

base::Error Missing(const std::string& sub, const std::string& parameter) {
  return base::Error(base::ErrorKind::kSql, "INVALID_PARAMETER_VALUE." + sub,
                     {{"parameter", parameter}, {"functionName", "interrupt"}});
}

bool Matches(const Request& request, const Execution& execution) {
  switch (request.interrupt_type()) {
    case Request::INTERRUPT_TYPE_ALL:
      return !execution.kept_open();
    case Request::INTERRUPT_TYPE_TAG:
      return execution.HasTag(request.operation_tag());
    default:
      return execution.operation_id() == request.operation_id();
  }
}

void Check(const Request& request) {
  switch (request.interrupt_type()) {
    case Request::INTERRUPT_TYPE_ALL:
      return;
    case Request::INTERRUPT_TYPE_TAG:
      if (!request.has_operation_tag()) throw Missing("INTERRUPT_TYPE_TAG_REQUIRES_TAG", "operation_tag");
      return;
    case Request::INTERRUPT_TYPE_OPERATION_ID:
      if (!request.has_operation_id()) throw Missing("INTERRUPT_TYPE_OPERATION_ID_REQUIRES_ID", "operation_id");
      return;
    default:
      throw base::Error(base::ErrorKind::kSql, "UNSUPPORTED_FEATURE.INTERRUPT_TYPE",
                        {{"interruptType", Request::InterruptType_Name(request.interrupt_type())}});
  }
}

}  // namespace

RpcHandler InterruptHandler(ServerState& state) {
  return UnaryHandler<Request, Response>(state, [&state](const Request& request) {
    SessionHolderPtr holder = SessionOf(state, request);
    Check(request);
    Response response;
    SetSession(holder->session(), &response);
    for (const ExecutionPtr& execution : holder->Executions()) {
      if (!execution->running() || !Matches(request, *execution)) continue;
      execution->Cancel();
      response.add_interrupted_ids(execution->operation_id());
    }
    return response;
  });
}

}  // namespace sluice::server
