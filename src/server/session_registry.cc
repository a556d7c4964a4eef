// Finds, makes and closes sessions.
#include "server/session_registry.h"

#include <algorithm>

#include "base/uuid.h"

namespace sluice::server {
namespace {

constexpr size_t kMaxClosed = 1000;

base::Error InvalidClone(const std::string& sub, const std::string& target) {
  return base::Error(base::ErrorKind::kSql, "INVALID_CLONE_SESSION_REQUEST." + sub, {{"targetSessionId", target}});
}

}  // namespace

SessionRegistry::SessionRegistry(std::shared_ptr<session::Environment> environment, const base::Clock* clock)
    : environment_(std::move(environment)), clock_(clock) {}

void SessionRegistry::CheckNotClosedLocked(const SessionKey& key) const {
  if (!base::IsUuid(key.session_id)) throw InvalidHandle("FORMAT", key.session_id);
  if (stopped_ || std::ranges::find(closed_, key) != closed_.end()) {
    throw InvalidHandle("SESSION_CLOSED", key.session_id);
  }
}

SessionHolderPtr SessionRegistry::FindLocked(const SessionKey& key, const std::string& observed) const {
  CheckNotClosedLocked(key);
  auto found = sessions_.find(key);
  if (found == sessions_.end()) return nullptr;
  if (!observed.empty() && observed != found->second->session().server_side_id()) {
    throw InvalidHandle("SESSION_CHANGED", key.session_id);
  }
  found->second->Touch();
  return found->second;
}

SessionHolderPtr SessionRegistry::GetOrCreate(const SessionKey& key, const std::string& observed) {
  std::lock_guard lock(mutex_);
  if (auto found = FindLocked(key, observed)) return found;
  // The client knows a session that this server has forgotten or never had.
  if (!observed.empty()) throw InvalidHandle("SESSION_CHANGED", key.session_id);
  auto session = std::make_shared<session::Session>(environment_, key.user_id, key.session_id);
  auto made = std::make_shared<SessionHolder>(std::move(session), clock_);
  sessions_.emplace(key, made);
  return made;
}

SessionHolderPtr SessionRegistry::Get(const SessionKey& key, const std::string& observed) {
  std::lock_guard lock(mutex_);
  if (auto found = FindLocked(key, observed)) return found;
  throw InvalidHandle("SESSION_NOT_FOUND", key.session_id);
}

SessionHolderPtr SessionRegistry::Remove(const SessionKey& key, bool allow_reconnect) {
  SessionHolderPtr removed;
  {
    std::lock_guard lock(mutex_);
    auto found = sessions_.find(key);
    if (found == sessions_.end()) return nullptr;
    removed = std::move(found->second);
    sessions_.erase(found);
    if (!allow_reconnect) RememberClosedLocked(key);
  }
  removed->Close();
  return removed;
}

void SessionRegistry::RememberClosedLocked(const SessionKey& key) {
  closed_.push_back(key);
  if (closed_.size() > kMaxClosed) closed_.pop_front();
}

SessionHolderPtr SessionRegistry::Clone(const SessionKey& key, const std::string& observed,
                                        const std::string& new_session_id) {
  SessionHolderPtr original = Get(key, observed);
  SessionKey target{key.user_id, new_session_id.empty() ? base::NewUuid() : new_session_id};
  if (!base::IsUuid(target.session_id)) throw InvalidClone("TARGET_SESSION_ID_FORMAT", target.session_id);
  std::lock_guard lock(mutex_);
  if (std::ranges::find(closed_, target) != closed_.end()) {
    throw InvalidClone("TARGET_SESSION_ID_ALREADY_CLOSED", target.session_id);
  }
  if (sessions_.contains(target)) throw InvalidClone("TARGET_SESSION_ID_ALREADY_EXISTS", target.session_id);
  auto made = std::make_shared<SessionHolder>(original->session().Clone(target.session_id), clock_);
  sessions_.emplace(target, made);
  return made;
}

std::vector<SessionHolderPtr> SessionRegistry::All() const {
  std::lock_guard lock(mutex_);
  std::vector<SessionHolderPtr> out;
  for (const auto& [key, holder] : sessions_) out.push_back(holder);
  return out;
}

void SessionRegistry::CloseIdle(int64_t idle_ms) {
  std::vector<SessionKey> idle;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, holder] : sessions_) {
      if (holder->IdleFor(idle_ms)) idle.push_back(key);
    }
  }
  for (const SessionKey& key : idle) Remove(key, false);
}

void SessionRegistry::CloseAll() {
  std::map<SessionKey, SessionHolderPtr> all;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    all.swap(sessions_);
  }
  for (auto& [key, holder] : all) holder->Close();
}

}  // namespace sluice::server
