// The sessions of all clients, by user and session id.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "server/session_holder.h"

namespace sluice::server {

/// Which session a request is for.
struct SessionKey {
  std::string user_id;
  std::string session_id;
  auto operator<=>(const SessionKey&) const = default;
};

/// Thread safe.
class SessionRegistry {
 public:
  SessionRegistry(std::shared_ptr<session::Environment> environment, const base::Clock* clock);

  /// The session, made at its first request. `observed` is the server side id that the client knows, empty if none.
  /// Throws INVALID_HANDLE.FORMAT, SESSION_CLOSED or SESSION_CHANGED.
  SessionHolderPtr GetOrCreate(const SessionKey& key, const std::string& observed);
  /// Throws INVALID_HANDLE.SESSION_NOT_FOUND too.
  SessionHolderPtr Get(const SessionKey& key, const std::string& observed);
  /// Closes the session. `allow_reconnect`: its id may be used again. Null if there is none.
  SessionHolderPtr Remove(const SessionKey& key, bool allow_reconnect);
  /// A copy of a session under a new id (a random one if empty). Throws INVALID_CLONE_SESSION_REQUEST.*.
  SessionHolderPtr Clone(const SessionKey& key, const std::string& observed, const std::string& new_session_id);

  std::vector<SessionHolderPtr> All() const;
  /// Closes the sessions that were not used for that long.
  void CloseIdle(int64_t idle_ms);
  /// Closes all sessions; no new ones are made.
  void CloseAll();

 private:
  SessionHolderPtr FindLocked(const SessionKey& key, const std::string& observed) const;
  void CheckNotClosedLocked(const SessionKey& key) const;
  void RememberClosedLocked(const SessionKey& key);

  const std::shared_ptr<session::Environment> environment_;
  const base::Clock* const clock_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
  std::map<SessionKey, SessionHolderPtr> sessions_;
  std::list<SessionKey> closed_;  ///< the oldest first; bounded
};

}  // namespace sluice::server
