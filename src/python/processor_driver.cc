// pyspark's transform_with_state_driver_worker, and the declarations that it makes.
#include "python/processor_driver.h"

#include "base/error.h"
#include "python/connected_process.h"
#include "python/state_server.h"

namespace sluice::python {
namespace {

constexpr int kPathFollows = -1;

base::Error DriverDied() {
  return base::Error::Plain(base::ErrorKind::kSpark,
                            "TransformWithStateInPySpark driver worker exited unexpectedly (crashed)")
      .WithDomain(base::ErrorDomain::kExternal, true);
}

}  // namespace

std::vector<StateVariable> LearnStateVariables(WorkerPool& pool, const plan::PythonUdf& function,
                                               const types::TypePtr& key, logical::TimeMode time_mode) {
  ConnectedProcess process(pool.options(), "pyspark.sql.streaming.transform_with_state_driver_worker");
  SocketStream* socket = process.socket();
  if (!socket) throw DriverDied();
  ProcessorState state(nullptr, key, time_mode, 0, 0);
  StateServer server(NewSocketPath(pool.options()), &state);
  try {
    socket->WriteString(function.python_version);
    socket->WriteString(function.command);
    socket->Flush();
    if (int status = socket->ReadInt(); status != 0) {
      throw base::Error(base::ErrorKind::kPython, "STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE",
                        {{"resFromPython", std::to_string(status)}, {"msg", socket->ReadString()}});
    }
    socket->WriteInt(kPathFollows);
    socket->WriteString(server.path());
    socket->WriteString(key->Json());
    socket->Flush();
    bool failed = socket->ReadInt() != 0;
    server.Stop();
    if (failed) throw DriverDied();
  } catch (const PythonWorkerGone&) {
    server.Stop();
    throw DriverDied();
  } catch (...) {
    server.Stop();
    throw;
  }
  return state.declared();
}

}  // namespace sluice::python
