// What the server keeps for one session.
#include "server/session_holder.h"

#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include "base/uuid.h"
#include "connect/error_wire.h"
#include "server/execution.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {
namespace {

constexpr size_t kMaxRemoved = 1000;
constexpr size_t kMaxErrors = 20;  // as many as Spark keeps

}  // namespace

base::Error InvalidHandle(const std::string& sub, const std::string& handle) {
  return base::Error(base::ErrorKind::kSql, "INVALID_HANDLE." + sub, {{"handle", handle}});
}

SessionHolder::SessionHolder(std::shared_ptr<session::Session> session, const base::Clock* clock)
    : session_(std::move(session)), clock_(clock), listener_bus_(session_), last_use_(clock->NowMillis()) {}

SessionHolder::~SessionHolder() = default;

bool SessionHolder::IdleFor(int64_t millis) const {
  if (clock_->NowMillis() - last_use_ < millis) return false;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, execution] : executions_) {
      if (execution->running()) return false;
    }
  }
  return session_->queries().Active().empty();
}

void SessionHolder::AddExecution(const ExecutionPtr& execution) {
  std::lock_guard lock(mutex_);
  if (closed_) throw InvalidHandle("SESSION_CLOSED", session_->session_id());
  const std::string& id = execution->operation_id();
  for (const auto& [removed, state] : removed_) {
    if (removed == id) throw InvalidHandle("OPERATION_ABANDONED", id);
  }
  if (!executions_.emplace(id, execution).second) throw InvalidHandle("OPERATION_ALREADY_EXISTS", id);
}

ExecutionPtr SessionHolder::FindExecution(const std::string& operation_id) const {
  std::lock_guard lock(mutex_);
  auto found = executions_.find(operation_id);
  return found == executions_.end() ? nullptr : found->second;
}

std::vector<ExecutionPtr> SessionHolder::Executions() const {
  std::lock_guard lock(mutex_);
  std::vector<ExecutionPtr> out;
  for (const auto& [id, execution] : executions_) out.push_back(execution);
  return out;
}

void SessionHolder::RemoveExecution(const std::string& operation_id) {
  ExecutionPtr removed;
  {
    std::lock_guard lock(mutex_);
    auto found = executions_.find(operation_id);
    if (found == executions_.end()) return;
    removed = std::move(found->second);
    executions_.erase(found);
  }
  removed->Cancel();
  removed->Removed();
  if (removed->kept_open() && removed->running()) listener_bus_.Close();
  std::lock_guard lock(mutex_);
  Remember(operation_id, removed->state());
}

void SessionHolder::Remember(const std::string& operation_id, OperationState state) {
  removed_.emplace_back(operation_id, state);
  if (removed_.size() > kMaxRemoved) removed_.pop_front();
}

OperationState SessionHolder::StateOf(const std::string& operation_id) const {
  std::lock_guard lock(mutex_);
  auto found = executions_.find(operation_id);
  if (found != executions_.end()) return found->second->state();
  for (const auto& [id, state] : removed_) {
    if (id == operation_id) return state;
  }
  return OperationState::kUnknown;
}

std::vector<std::string> SessionHolder::KnownOperations() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [id, state] : removed_) out.push_back(id);
  for (const auto& [id, execution] : executions_) out.push_back(id);
  return out;
}

grpc::Status SessionHolder::StatusOf(const base::Error& error) {
  std::string id = base::NewUuid();
  google::rpc::Status status = connect::ToStatus(error, id);
  {
    std::lock_guard lock(mutex_);
    errors_.emplace_back(id, error);
    if (errors_.size() > kMaxErrors) errors_.pop_front();
  }
  return {static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString()};
}

spark::connect::FetchErrorDetailsResponse SessionHolder::TakeErrorDetails(const std::string& error_id) {
  std::lock_guard lock(mutex_);
  for (auto it = errors_.begin(); it != errors_.end(); ++it) {
    if (it->first != error_id) continue;
    auto details = connect::ToDetails(it->second);
    errors_.erase(it);
    return details;
  }
  return {};
}

void SessionHolder::Close() {
  std::vector<ExecutionPtr> running;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    for (auto& [id, execution] : executions_) running.push_back(execution);
  }
  for (const ExecutionPtr& execution : running) execution->Cancel();
  session_->queries().StopAll();
  listener_bus_.Close();
  session_->Close();
  // The executions themselves stay until their answers are sent: senders hold them.
  std::lock_guard lock(mutex_);
  executions_.clear();
}

}  // namespace sluice::server
