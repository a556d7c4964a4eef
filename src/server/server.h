// The Spark Connect server: from a port to sessions.
#pragma once

#include <memory>
#include <string>

#include "server/housekeeping.h"
#include "session/session.h"

namespace sluice::server {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  ///< 0 = any free one
  HousekeepingOptions housekeeping;
};

class Server {
 public:
  /// `environment` holds the registries, the token and how to start Python; its connect_url is set by Start.
  Server(std::shared_ptr<session::Environment> environment, ServerOptions options);
  ~Server();

  /// Listens. Throws base::Error if the address is not to be had.
  void Start();
  int port() const { return port_; }
  /// The address that clients connect to: "sc://localhost:15002/".
  const std::string& url() const;

  /// Stops queries in order, ends sessions and calls. False if some work did not end in time.
  bool Stop();

 private:
  struct Parts;
  const std::shared_ptr<session::Environment> environment_;
  const ServerOptions options_;
  int port_ = 0;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::server
