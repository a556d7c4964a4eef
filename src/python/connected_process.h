// Python processes of one query that connect back to the server, as pyspark's streaming workers do.
#pragma once

#include <memory>
#include <string>

#include "python/process.h"
#include "python/socket_stream.h"
#include "python/worker_pool.h"

namespace sluice::python {

/// A path for a socket in the session's folder. In lower case, as pyspark.worker makes of what it is told.
std::string NewSocketPath(const WorkerOptions& options);

class ConnectedProcess {
 public:
  /// Runs `module`'s main over the connection, without the messages that the module itself prints.
  ConnectedProcess(const WorkerOptions& options, const std::string& module, const EnvironmentVariables& variables = {});
  /// Kills it.
  ~ConnectedProcess();
  /// Null if the process ended before it connected.
  SocketStream* socket() { return socket_.get(); }

 private:
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<SocketStream> socket_;
};

}  // namespace sluice::python
