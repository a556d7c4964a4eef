// Starts and drives pyspark's foreach_batch_worker.
#include "python/foreach_batch_worker.h"

#include <fmt/format.h>

#include "base/error.h"

namespace sluice::python {
namespace {

base::Error WorkerDied(const std::string& owner) {
  return base::Error::Plain(base::ErrorKind::kSpark, owner + " Python worker exited unexpectedly (crashed)")
      .WithDomain(base::ErrorDomain::kExternal, true);
}

}  // namespace

ForeachBatchWorker::ForeachBatchWorker(const WorkerOptions& options, const ForeachBatchSpec& spec)
    : owner_(fmt::format("[session: {}] [userId: {}]", spec.session_id, spec.user_id)) {
  process_ = std::make_unique<ConnectedProcess>(options, "pyspark.sql.connect.streaming.worker.foreach_batch_worker",
                                                EnvironmentVariables{{"SPARK_CONNECT_LOCAL_URL", spec.connect_url},
                                                                     {"SPARK_CONNECT_AUTHENTICATE_TOKEN", spec.token}});
  socket_ = process_->socket();
  if (!socket_) throw WorkerDied(owner_);
  try {
    socket_->WriteString(spec.function.python_version);
    socket_->WriteString(spec.session_id);
    socket_->WriteString(spec.function.command);
    socket_->Flush();
    if (int status = socket_->ReadInt(); status != 0) {
      throw base::Error(base::ErrorKind::kPython, "STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE",
                        {{"resFromPython", std::to_string(status)}, {"msg", socket_->ReadString()}});
    }
  } catch (const PythonWorkerGone&) {
    throw WorkerDied(owner_);
  }
}

ForeachBatchWorker::~ForeachBatchWorker() = default;

void ForeachBatchWorker::Run(const std::string& relation_id, int64_t batch_id,
                             const base::CancellationPtr& cancellation) {
  int callback = cancellation->AddCallback([this] { socket_->Shutdown(); });
  std::string failure;
  bool died = false;
  try {
    socket_->WriteString(relation_id);
    socket_->WriteLong(batch_id);
    socket_->Flush();
    if (socket_->ReadInt() != 0) failure = socket_->ReadString();
  } catch (const PythonWorkerGone&) {
    died = true;
  }
  cancellation->RemoveCallback(callback);
  if (died) {
    cancellation->Check();
    throw WorkerDied(owner_);
  }
  if (!failure.empty()) {
    throw base::Error(base::ErrorKind::kPython, "PYTHON_EXCEPTION",
                      {{"msg", owner_ + " Found error inside foreachBatch Python process"}, {"traceback", failure}});
  }
}

}  // namespace sluice::python
