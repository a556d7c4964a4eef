// Running the plan of an execution: rows and results become its responses.
#pragma once

#include "server/execution.h"

namespace sluice::server {

/// Runs the query or command of the request; throws what goes wrong.
void RunPlan(Execution& execution);

/// run_query.cc: a relation's rows.
void RunQuery(Execution& execution, const spark::connect::Relation& relation);
/// run_command.cc: any command.
void RunCommand(Execution& execution, const spark::connect::Command& command);
/// run_sql.cc: spark.sql().
void RunSql(Execution& execution, const spark::connect::SqlCommand& command);
/// run_streaming.cc: streaming queries, their manager and their listeners.
void RunWriteStream(Execution& execution, const spark::connect::Command& command);
void RunStreamingQuery(Execution& execution, const spark::connect::StreamingQueryCommand& command);
void RunStreamingManager(Execution& execution, const spark::connect::StreamingQueryManagerCommand& command);
void RunListenerBus(Execution& execution, const spark::connect::StreamingQueryListenerBusCommand& command);

}  // namespace sluice::server
