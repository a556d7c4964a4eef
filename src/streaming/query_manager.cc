// Starting queries, and keeping track of them.
#include "streaming/query_manager.h"

#include <fmt/format.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>

#include "base/uuid.h"
#include "streaming/micro_batch_query.h"
#include "streaming/trigger.h"

namespace sluice::streaming {
namespace {

constexpr size_t kEndedKept = 1000;  // Spark keeps ended queries for an hour

// The active queries of all sessions of this process, by id: a checkpoint has one query.
class ActiveQueries {
 public:
  static ActiveQueries& Instance() {
    static auto* instance = new ActiveQueries();
    return *instance;
  }
  StreamingQueryPtr Find(const std::string& id) {
    std::lock_guard lock(mutex_);
    auto found = queries_.find(id);
    return found == queries_.end() ? nullptr : found->second;
  }
  bool Add(const StreamingQueryPtr& query) {
    std::lock_guard lock(mutex_);
    return queries_.emplace(query->id(), query).second;
  }
  void Remove(const StreamingQueryPtr& query) {
    std::lock_guard lock(mutex_);
    auto found = queries_.find(query->id());
    if (found != queries_.end() && found->second == query) queries_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, StreamingQueryPtr> queries_;
};

}  // namespace

struct QueryManager::State : std::enable_shared_from_this<QueryManager::State> {
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<StreamingQueryPtr> active, ended;
  bool any_terminated = false;
  std::optional<base::Error> last_exception;
  std::map<int, std::function<void(const QueryEvent&)>> listeners;
  int next_listener = 1;
  std::shared_ptr<base::Clock> clock = std::make_shared<base::SystemClock>();

  void CheckName(const std::string& name) const {
    if (name.empty()) return;
    std::lock_guard lock(mutex);
    for (const StreamingQueryPtr& query : active) {
      if (query->name() != name) continue;
      throw base::Error::Plain(base::ErrorKind::kIllegalArgument,
                               fmt::format("Cannot start query with name {} as a query with that "
                                           "name is already active in this SparkSession",
                                           name));
    }
  }

  void Post(const QueryEvent& event) {
    std::vector<std::function<void(const QueryEvent&)>> all;
    {
      std::lock_guard lock(mutex);
      for (const auto& [number, listener] : listeners) all.push_back(listener);
    }
    for (const auto& listener : all) listener(event);
  }

  void Ended(const StreamingQueryPtr& query) {
    ActiveQueries::Instance().Remove(query);
    {
      std::lock_guard lock(mutex);
      std::erase(active, query);
      ended.push_back(query);
      if (ended.size() > kEndedKept) ended.erase(ended.begin());
      auto exception = query->Exception();
      if (!any_terminated || exception) last_exception = exception;
      any_terminated = true;
    }
    changed.notify_all();
  }
};

QueryManager::QueryManager() : state_(std::make_shared<State>()) {}
QueryManager::~QueryManager() { StopAll(); }

void QueryManager::UseClock(std::shared_ptr<base::Clock> clock) { state_->clock = std::move(clock); }

StreamingQueryPtr QueryManager::Start(QueryDefinition definition) {
  CheckTrigger(definition.trigger, *definition.conf, definition.plan, *definition.sink);
  std::error_code failed;
  std::filesystem::create_directories(definition.checkpoint, failed);
  bool stop_active = definition.conf->GetBool("spark.sql.streaming.stopActiveRunOnRestart");
  QueryHooks hooks;
  hooks.clock = state_->clock;
  // The state outlives the manager as long as a query may still post.
  hooks.post = [state = state_](const QueryEvent& event) { state->Post(event); };
  hooks.listening = [state = state_] {
    std::lock_guard lock(state->mutex);
    return !state->listeners.empty();
  };
  hooks.ended = [state = state_](const StreamingQueryPtr& query) { state->Ended(query); };
  auto query = std::make_shared<MicroBatchQuery>(std::move(definition), std::move(hooks));
  state_->CheckName(query->name());
  if (StreamingQueryPtr running = ActiveQueries::Instance().Find(query->id())) {
    if (!stop_active) {
      throw base::Error::Plain(
          base::ErrorKind::kIllegalState,
          fmt::format("Cannot start query with id {} as another query with same id is already active. "
                      "Perhaps you are "
                      "attempting to restart a query from checkpoint that is already active. You may stop "
                      "the old "
                      "query by setting the SQL configuration: "
                      "spark.conf.set(\"spark.sql.streaming.stopActiveRunOnRestart\", true) and retry.",
                      query->id()));
    }
    running->Stop();
  }
  if (!ActiveQueries::Instance().Add(query)) {
    throw base::Error(base::ErrorKind::kConcurrentModification, "CONCURRENT_QUERY");
  }
  {
    std::lock_guard lock(state_->mutex);
    state_->active.push_back(query);
  }
  try {
    query->Start();
  } catch (...) {
    ActiveQueries::Instance().Remove(query);
    std::lock_guard lock(state_->mutex);
    std::erase(state_->active, query);
    throw;
  }
  return query;
}

std::vector<StreamingQueryPtr> QueryManager::Active() const {
  std::lock_guard lock(state_->mutex);
  return state_->active;
}

StreamingQueryPtr QueryManager::Get(const std::string& id) const {
  if (!base::IsUuid(id)) {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "Invalid UUID string: " + id);
  }
  std::lock_guard lock(state_->mutex);
  for (const StreamingQueryPtr& query : state_->active) {
    if (query->id() == id) return query;
  }
  return nullptr;
}

StreamingQueryPtr QueryManager::Find(const std::string& id, const std::string& run_id) const {
  std::lock_guard lock(state_->mutex);
  for (const auto* queries : {&state_->active, &state_->ended}) {
    for (const StreamingQueryPtr& query : *queries) {
      if (query->id() == id && query->run_id() == run_id) return query;
    }
  }
  return nullptr;
}

bool QueryManager::AwaitAnyTermination(std::optional<int64_t> timeout_ms) {
  std::unique_lock lock(state_->mutex);
  auto terminated = [this] { return state_->any_terminated; };
  if (timeout_ms) {
    state_->changed.wait_for(lock, std::chrono::milliseconds(*timeout_ms), terminated);
  } else {
    state_->changed.wait(lock, terminated);
  }
  if (state_->any_terminated && state_->last_exception) throw *state_->last_exception;
  return state_->any_terminated;
}

void QueryManager::ResetTerminated() {
  std::lock_guard lock(state_->mutex);
  state_->any_terminated = false;
  state_->last_exception.reset();
}

void QueryManager::StopAll() {
  for (const StreamingQueryPtr& query : Active()) query->Stop();
}

int QueryManager::AddListener(std::function<void(const QueryEvent&)> listener) {
  std::lock_guard lock(state_->mutex);
  int number = state_->next_listener++;
  state_->listeners[number] = std::move(listener);
  return number;
}

void QueryManager::RemoveListener(int number) {
  std::lock_guard lock(state_->mutex);
  state_->listeners.erase(number);
}

}  // namespace sluice::streaming
