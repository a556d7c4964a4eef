// `sluice-server serve`: a server until it is told to stop.
#pragma once

#include <optional>
#include <string>

namespace sluice::cli {

struct ServeOptions {
  std::string host = "127.0.0.1";
  int port = 15002;
  std::optional<int> ready_fd;  ///< gets the address when clients can connect; else it is printed
  std::optional<int> watch_fd;  ///< its end of file stops the server, as SIGTERM and SIGINT do
};

/// Returns the exit code.
int Serve(const ServeOptions& options);

}  // namespace sluice::cli
