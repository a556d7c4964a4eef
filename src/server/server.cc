// Starting and stopping the server in order.
#include "server/server.h"

#include <fmt/format.h>

#include "server/handlers/handlers.h"
#include "server/rpc/transport.h"
#include "server/server_state.h"

namespace sluice::server {
namespace {

constexpr int64_t kCallGraceMs = 200;
constexpr int64_t kWorkGraceMs = 10'000;

// Clients talk plain text with a token only to the very name "localhost".
std::string UrlHost(const std::string& host) {
  bool local = host == "127.0.0.1" || host == "::1" || host == "0.0.0.0" || host == "::";
  if (local) return "localhost";
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

struct Server::Parts {
  explicit Parts(std::shared_ptr<session::Environment> environment) : state(std::move(environment), &clock) {}

  base::SystemClock clock;
  ServerState state;
  std::unique_ptr<Transport> transport;
  std::unique_ptr<Housekeeping> housekeeping;
};

Server::Server(std::shared_ptr<session::Environment> environment, ServerOptions options)
    : environment_(std::move(environment)), options_(std::move(options)) {}

Server::~Server() { Stop(); }

const std::string& Server::url() const { return environment_->connect_url; }

void Server::Start() {
  parts_ = std::make_unique<Parts>(environment_);
  parts_->transport = std::make_unique<Transport>(AllHandlers(parts_->state), environment_->token);
  port_ = parts_->transport->Listen(options_.host, options_.port);
  environment_->connect_url = fmt::format("sc://{}:{}/", UrlHost(options_.host), port_);
  parts_->housekeeping = std::make_unique<Housekeeping>(parts_->state, options_.housekeeping);
}

bool Server::Stop() {
  if (!parts_) return true;
  parts_->housekeeping.reset();
  // While queries stop they may still need their Python workers' calls; so the transport goes last.
  parts_->state.sessions.CloseAll();
  parts_->transport->Shutdown(kCallGraceMs);
  bool idle = parts_->state.workers.WaitIdle(kWorkGraceMs);
  if (!idle) return false;
  parts_->transport->Close();
  parts_.reset();
  return true;
}

}  // namespace sluice::server
