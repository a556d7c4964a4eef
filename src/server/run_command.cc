// Commands: those of the protocol itself are answered here, the others by the session.
#include "connect/invalid_plan.h"
#include "server/decode_plan.h"
#include "server/run_plan.h"

namespace sluice::server {
namespace {

using spark::connect::Command;
using spark::connect::ExecutePlanResponse;

// Models are not supported, so the cache of models is empty; the client empties it when it ends.
void RunMl(Execution& execution, const spark::connect::MlCommand& command) {
  ExecutePlanResponse response;
  auto* result = response.mutable_ml_command_result();
  switch (command.command_case()) {
    case spark::connect::MlCommand::kCleanCache:
      result->mutable_param()->set_integer(0);
      break;
    case spark::connect::MlCommand::kDelete:
      result->mutable_operator_info()->mutable_obj_ref();
      break;
    case spark::connect::MlCommand::kGetCacheInfo:
      result->mutable_param()->mutable_array()->mutable_element_type()->mutable_string();
      break;
    default:
      throw base::Error::Unsupported("Machine learning (pyspark.ml)");
  }
  execution.Send(std::move(response));
}

void RunCheckpoint(Execution& execution, const Command& command) {
  session::Session& session = execution.session();
  auto result = session.ExecuteCommand(connect::ToPlan(command, ContextOf(session)), execution.cancellation());
  ExecutePlanResponse response;
  response.mutable_checkpoint_command_result()->mutable_relation()->set_relation_id(
      result.cached_relation_id.value_or(""));
  execution.Send(std::move(response));
}

}  // namespace

void RunCommand(Execution& execution, const Command& command) {
  session::Session& session = execution.session();
  switch (command.command_type_case()) {
    case Command::kSqlCommand:
      RunSql(execution, command.sql_command());
      return;
    case Command::kWriteStreamOperationStart:
      RunWriteStream(execution, command);
      return;
    case Command::kStreamingQueryCommand:
      RunStreamingQuery(execution, command.streaming_query_command());
      return;
    case Command::kStreamingQueryManagerCommand:
      RunStreamingManager(execution, command.streaming_query_manager_command());
      return;
    case Command::kStreamingQueryListenerBusCommand:
      RunListenerBus(execution, command.streaming_query_listener_bus_command());
      return;
    case Command::kGetResourcesCommand: {
      ExecutePlanResponse response;
      response.mutable_get_resources_command_result();
      execution.Send(std::move(response));
      return;
    }
    case Command::kCheckpointCommand:
      RunCheckpoint(execution, command);
      return;
    case Command::kRemoveCachedRemoteRelationCommand:
      session.RemoveCachedRelation(command.remove_cached_remote_relation_command().relation().relation_id());
      // Clients send this as a call with exactly one answer.
      if (!execution.reattachable()) execution.Send(ExecutePlanResponse());
      return;
    case Command::kMlCommand:
      RunMl(execution, command.ml_command());
      return;
    default:
      session.ExecuteCommand(connect::ToPlan(command, ContextOf(session)), execution.cancellation());
  }
}

}  // namespace sluice::server
