// What all handlers share.
#pragma once

#include <memory>

#include "base/clock.h"
#include "server/session_registry.h"
#include "server/workers.h"
#include "session/session.h"

namespace sluice::server {

struct ServerState {
  ServerState(std::shared_ptr<session::Environment> environment_, const base::Clock* clock_)
      : environment(std::move(environment_)), clock(clock_), sessions(environment, clock_) {}

  const std::shared_ptr<session::Environment> environment;
  const base::Clock* const clock;
  SessionRegistry sessions;
  Workers workers;  ///< after the sessions: its tasks use them
};

/// The session that a request of any kind names.
template <typename Request>
SessionKey KeyOf(const Request& request) {
  return {request.user_context().user_id(), request.session_id()};
}
template <typename Request>
SessionHolderPtr SessionOf(ServerState& state, const Request& request) {
  return state.sessions.GetOrCreate(KeyOf(request), request.client_observed_server_side_session_id());
}
template <typename Response>
void SetSession(session::Session& session, Response* response) {
  response->set_session_id(session.session_id());
  response->set_server_side_session_id(session.server_side_id());
}

}  // namespace sluice::server
