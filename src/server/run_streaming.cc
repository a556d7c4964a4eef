// Streaming queries as the client drives them.
#include <algorithm>
#include <chrono>

#include "base/uuid.h"
#include "connect/invalid_plan.h"
#include "server/decode_plan.h"
#include "server/run_plan.h"

namespace sluice::server {
namespace {

using spark::connect::ExecutePlanResponse;
using spark::connect::StreamingQueryCommand;
using spark::connect::StreamingQueryCommandResult;
using spark::connect::StreamingQueryManagerCommand;
using streaming::StreamingQueryPtr;

// A wait for ever looks this often whether the client still wants it.
constexpr int64_t kWaitSliceMs = 250;

void CheckUuid(const std::string& text) {
  if (base::IsUuid(text)) return;
  throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "Invalid UUID string: " + text);
}

// Waits in slices, so that an interrupted or abandoned wait ends. `wait` gives true when it is over.
bool WaitInterruptibly(Execution& execution, std::optional<int64_t> timeout_ms,
                       const std::function<bool(int64_t)>& wait) {
  using Clock = std::chrono::steady_clock;
  auto start = Clock::now();
  while (true) {
    execution.cancellation()->Check();
    int64_t slice = kWaitSliceMs;
    bool last = false;
    if (timeout_ms) {
      int64_t passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
      int64_t left = std::max<int64_t>(0, *timeout_ms - passed);
      last = left <= slice;
      slice = std::min(slice, left);
    }
    if (wait(slice)) return true;
    if (last) return false;
  }
}

StreamingQueryPtr FindQuery(Execution& execution, const spark::connect::StreamingQueryInstanceId& id) {
  CheckUuid(id.id());
  CheckUuid(id.run_id());
  auto& queries = execution.session().queries();
  if (auto found = queries.Find(id.id(), id.run_id())) return found;
  if (auto active = queries.Get(id.id())) {
    throw connect::InvalidPlan("STREAMING_QUERY_RUN_ID_MISMATCH",
                               {{"id", id.id()}, {"runId", id.run_id()}, {"serverRunId", active->run_id()}});
  }
  throw connect::InvalidPlan("STREAMING_QUERY_NOT_FOUND", {{"id", id.id()}});
}

void FillStatus(const StreamingQueryPtr& query, StreamingQueryCommandResult::StatusResult* out) {
  streaming::QueryStatus status = query->Status();
  out->set_status_message(status.message);
  out->set_is_data_available(status.is_data_available);
  out->set_is_trigger_active(status.is_trigger_active);
  out->set_is_active(query->IsActive());
}

void FillException(const StreamingQueryPtr& query, StreamingQueryCommandResult::ExceptionResult* out) {
  auto error = query->Exception();
  if (!error) return;
  // What StreamingQueryException.toString gives; clients drop what is before the first ": ".
  out->set_exception_message(query->ExceptionText());
  out->set_error_class(error->condition());
  std::string trace = query->ExceptionText();
  for (const std::string& cause : error->causes()) trace += "\nCaused by: " + cause;
  out->set_stack_trace(trace);
}

void Answer(Execution& execution, const StreamingQueryPtr& query, const StreamingQueryCommand& command,
            StreamingQueryCommandResult* result) {
  switch (command.command_case()) {
    case StreamingQueryCommand::kStatus:
      FillStatus(query, result->mutable_status());
      return;
    case StreamingQueryCommand::kLastProgress:
    case StreamingQueryCommand::kRecentProgress: {
      auto* progress = result->mutable_recent_progress();
      std::vector<std::string> recent = query->RecentProgress();
      size_t first = command.has_last_progress() && !recent.empty() ? recent.size() - 1 : 0;
      for (size_t i = first; i < recent.size(); ++i) progress->add_recent_progress_json(recent[i]);
      return;
    }
    case StreamingQueryCommand::kStop:
      query->Stop();
      return;
    case StreamingQueryCommand::kProcessAllAvailable:
      query->ProcessAllAvailable(execution.cancellation());
      return;
    case StreamingQueryCommand::kExplain:
      result->mutable_explain()->set_result(query->Explain(command.explain().extended()));
      return;
    case StreamingQueryCommand::kException:
      // No exception is a result that is not set.
      if (query->Exception()) FillException(query, result->mutable_exception());
      return;
    case StreamingQueryCommand::kAwaitTermination: {
      const auto& await = command.await_termination();
      std::optional<int64_t> timeout;
      if (await.has_timeout_ms()) timeout = await.timeout_ms();
      bool terminated =
          WaitInterruptibly(execution, timeout, [&](int64_t slice) { return query->AwaitTermination(slice); });
      result->mutable_await_termination()->set_terminated(terminated);
      return;
    }
    case StreamingQueryCommand::COMMAND_NOT_SET:
      break;
  }
  throw connect::OneofNotSet(command, "command");
}

void FillInstance(const StreamingQueryPtr& query,
                  spark::connect::StreamingQueryManagerCommandResult::StreamingQueryInstance* out) {
  out->mutable_id()->set_id(query->id());
  out->mutable_id()->set_run_id(query->run_id());
  if (!query->name().empty()) out->set_name(query->name());
}

}  // namespace

void RunWriteStream(Execution& execution, const spark::connect::Command& command) {
  session::Session& session = execution.session();
  auto holder = execution.holder();
  if (holder) execution.KeepUntilRemoved(holder->listener_bus().Hold());
  auto result = session.ExecuteCommand(connect::ToPlan(command, ContextOf(session)), execution.cancellation());
  if (!result.started) throw base::Error::Internal("writeStream.start() gave no query.");
  ExecutePlanResponse response;
  auto* started = response.mutable_write_stream_operation_start_result();
  started->mutable_query_id()->set_id(result.started->id());
  started->mutable_query_id()->set_run_id(result.started->run_id());
  started->set_name(result.started->name());
  if (holder && holder->listener_bus().open()) {
    started->set_query_started_event_json(result.started->StartedEventJson());
  }
  execution.Send(std::move(response));
}

void RunStreamingQuery(Execution& execution, const StreamingQueryCommand& command) {
  ExecutePlanResponse response;
  auto* result = response.mutable_streaming_query_command_result();
  StreamingQueryPtr query = FindQuery(execution, command.query_id());
  *result->mutable_query_id() = command.query_id();
  Answer(execution, query, command, result);
  execution.Send(std::move(response));
}

void RunStreamingManager(Execution& execution, const StreamingQueryManagerCommand& command) {
  auto& queries = execution.session().queries();
  ExecutePlanResponse response;
  auto* result = response.mutable_streaming_query_manager_command_result();
  switch (command.command_case()) {
    case StreamingQueryManagerCommand::kActive:
      result->mutable_active();
      for (const auto& query : queries.Active()) FillInstance(query, result->mutable_active()->add_active_queries());
      break;
    case StreamingQueryManagerCommand::kGetQuery: {
      CheckUuid(command.get_query());
      auto query = queries.Get(command.get_query());
      if (query) FillInstance(query, result->mutable_query());
      break;
    }
    case StreamingQueryManagerCommand::kAwaitAnyTermination: {
      std::optional<int64_t> timeout;
      if (command.await_any_termination().has_timeout_ms()) timeout = command.await_any_termination().timeout_ms();
      bool terminated =
          WaitInterruptibly(execution, timeout, [&](int64_t slice) { return queries.AwaitAnyTermination(slice); });
      result->mutable_await_any_termination()->set_terminated(terminated);
      break;
    }
    case StreamingQueryManagerCommand::kResetTerminated:
      queries.ResetTerminated();
      result->set_reset_terminated(true);
      break;
    case StreamingQueryManagerCommand::kListListeners:
      result->mutable_list_listeners();
      break;
    case StreamingQueryManagerCommand::kAddListener:
    case StreamingQueryManagerCommand::kRemoveListener:
      throw base::Error::Unsupported("A streaming query listener that runs in the server",
                                     "Use spark.streams.addListener of a current client");
    case StreamingQueryManagerCommand::COMMAND_NOT_SET:
      throw connect::OneofNotSet(command, "command");
  }
  execution.Send(std::move(response));
}

void RunListenerBus(Execution& execution, const spark::connect::StreamingQueryListenerBusCommand& command) {
  auto holder = execution.holder();
  if (!holder) throw InvalidHandle("SESSION_CLOSED", execution.session().session_id());
  using Bus = spark::connect::StreamingQueryListenerBusCommand;
  switch (command.command_case()) {
    case Bus::kAddListenerBusListener: {
      execution.KeepOpen();
      std::weak_ptr<Execution> weak = execution.weak_from_this();
      // The answer that the client waits for comes before any event, and events come as soon as it is there.
      auto first = std::make_shared<std::mutex>();
      auto send = [weak, first](const spark::connect::StreamingQueryListenerEventsResult& events) {
        std::lock_guard after_first(*first);
        ExecutePlanResponse response;
        *response.mutable_streaming_query_listener_events_result() = events;
        if (auto self = weak.lock()) self->SendEvent(std::move(response));
      };
      auto end = [weak] {
        if (auto self = weak.lock()) self->Complete();
      };
      std::lock_guard lock(*first);
      holder->listener_bus().Open(std::move(send), std::move(end));
      ExecutePlanResponse response;
      response.mutable_streaming_query_listener_events_result()->set_listener_bus_listener_added(true);
      execution.Send(std::move(response));
      return;
    }
    case Bus::kRemoveListenerBusListener:
      holder->listener_bus().Close();
      return;
    case Bus::COMMAND_NOT_SET:
      break;
  }
  throw base::Error(base::ErrorKind::kSql, "INVALID_PARAMETER_VALUE.STREAMING_LISTENER_COMMAND_MISSING",
                    {{"parameter", "command"}, {"functionName", "StreamingQueryListenerBusCommand"}});
}

}  // namespace sluice::server
