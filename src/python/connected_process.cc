// Starts such processes.
#include "python/connected_process.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/uuid.h"
#include "python/unix_listener.h"

namespace sluice::python {
namespace {

// Standard input ends with the server: a worker that waits for an answer of a server that was killed would go on for
// minutes. What the user's code prints stays.
constexpr const char* kProgram =
    "import importlib, os, sys, threading\n"
    "threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()\n"
    "from pyspark.worker_util import get_sock_file_to_executor\n"
    "worker = importlib.import_module(sys.argv[1])\n"
    "worker.print = lambda *args, **named: None\n"
    "with get_sock_file_to_executor(timeout=None) as stream:\n"
    "    worker.main(stream, stream)\n";

bool IsLower(const std::string& text) {
  return std::ranges::none_of(text, [](unsigned char c) { return std::isupper(c); });
}

}  // namespace

std::string NewSocketPath(const WorkerOptions& options) {
  std::string name = base::NewUuid().substr(0, 8);
  mkdir(options.folder.c_str(), 0700);
  if (IsLower(options.folder)) return fmt::format("{}/{}.sock", options.folder, name);
  return fmt::format("/tmp/sluice-{}.sock", base::NewUuid());
}

ConnectedProcess::ConnectedProcess(const WorkerOptions& options, const std::string& module,
                                   const EnvironmentVariables& more) {
  UnixListener listener(NewSocketPath(options));
  EnvironmentVariables variables = WorkerEnvironment(options);
  variables.insert(variables.end(), {{"PYTHON_WORKER_FACTORY_SOCK_PATH", listener.path()},
                                     {"PYTHON_UNIX_DOMAIN_ENABLED", "true"},
                                     {"PYTHON_WORKER_FACTORY_PORT", ""},
                                     {"PYTHON_WORKER_FACTORY_SECRET", ""}});
  variables.insert(variables.end(), more.begin(), more.end());
  process_ = std::make_unique<ChildProcess>(std::vector<std::string>{options.executable, "-c", kProgram, module},
                                            variables, ChildProcess::Options{.pipe_stdin = true});
  int connection = listener.AcceptFrom(process_->pid());
  if (connection < 0) return;
  socket_ = std::make_unique<SocketStream>(connection);
  try {
    socket_->ReadInt();  // its pid
  } catch (const PythonWorkerGone&) {
    socket_.reset();
  }
}

ConnectedProcess::~ConnectedProcess() {
  // Killed before its socket closes: it would take the end of the stream for an error and print a traceback.
  if (process_) process_->Stop(0);
}

}  // namespace sluice::python
