// The Python process that runs a query's foreachBatch function, connected back to this server as a client.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/cancellation.h"
#include "plan/command.h"
#include "python/worker_pool.h"

namespace sluice::python {

struct ForeachBatchSpec {
  plan::PythonFunction function;
  std::string connect_url;  ///< "sc://localhost:PORT/;user_id=…"
  std::string session_id;
  std::string token;        ///< empty = none
};

/// One process a query run, started at construction; not thread safe but for Interrupt.
class ForeachBatchWorker {
 public:
  /// Throws StreamingPythonRunnerInitializationException-like errors if the function cannot be loaded.
  ForeachBatchWorker(const WorkerOptions& options, ForeachBatchSpec spec);
  ~ForeachBatchWorker();

  /// Runs the function on the frame that the session keeps as `relation_id`. Throws kPython with the traceback
  /// ("Found error inside foreachBatch Python process: …"), or that the process died.
  void Run(const std::string& relation_id, int64_t batch_id, const base::CancellationPtr& cancellation);

 private:
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<SocketStream> socket_;
};

}  // namespace sluice::python
