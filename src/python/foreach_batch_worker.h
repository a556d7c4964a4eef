// The Python process that runs a query's foreachBatch function, connected back to this server as a client.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/cancellation.h"
#include "plan/command.h"
#include "python/connected_process.h"
#include "python/worker_pool.h"

namespace sluice::python {

struct ForeachBatchSpec {
  plan::PythonFunction function;
  std::string connect_url;  ///< "sc://localhost:PORT/;user_id=…"
  std::string session_id, user_id;
  std::string token;  ///< empty = none
};

/// One process a query run, started at construction; not thread safe but for Interrupt.
class ForeachBatchWorker {
 public:
  /// Throws STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE if the function cannot be loaded.
  ForeachBatchWorker(const WorkerOptions& options, const ForeachBatchSpec& spec);
  ~ForeachBatchWorker();

  /// Runs the function on the frame that the session keeps as `relation_id`. Throws PYTHON_EXCEPTION with the
  /// traceback, or that the process died.
  void Run(const std::string& relation_id, int64_t batch_id, const base::CancellationPtr& cancellation);

 private:
  std::string owner_;  ///< as Spark's messages name it
  std::unique_ptr<ConnectedProcess> process_;
  SocketStream* socket_ = nullptr;
};

}  // namespace sluice::python
