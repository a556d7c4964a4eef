// Starts and drives pyspark's foreach_batch_worker.
#include "python/foreach_batch_worker.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "base/uuid.h"

namespace sluice::python {
namespace {

// The module's own progress messages are taken out, what the user's function prints stays.
constexpr const char* kWorkerProgram =
    "import pyspark.sql.connect.streaming.worker.foreach_batch_worker as worker\n"
    "from pyspark.worker_util import get_sock_file_to_executor\n"
    "worker.print = lambda *args, **named: None\n"
    "with get_sock_file_to_executor(timeout=None) as stream:\n"
    "    worker.main(stream, stream)\n";

/// A listening socket in the workers' folder, for one connection.
class Listener {
 public:
  explicit Listener(const std::string& path) : path_(path), fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (fd_ < 0 || path.size() >= sizeof address.sun_path) throw base::Error::Internal("Bad socket path: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd_, 1) != 0) {
      throw base::Error::Internal("Cannot listen on " + path);
    }
  }
  ~Listener() {
    close(fd_);
    unlink(path_.c_str());
  }
  /// The connection, or -1 if the process ends before it connects.
  int Accept(int pid) {
    int child = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    pollfd wait[2] = {{fd_, POLLIN, 0}, {child, POLLIN, 0}};
    int connection = -1;
    if (poll(wait, 2, -1) > 0 && (wait[0].revents & POLLIN)) connection = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (child >= 0) close(child);
    return connection;
  }

 private:
  std::string path_;
  int fd_;
};

base::Error WorkerDied(const std::string& owner) {
  return base::Error::Plain(base::ErrorKind::kSpark, owner + " Python worker exited unexpectedly (crashed)")
      .WithDomain(base::ErrorDomain::kExternal, true);
}

}  // namespace

ForeachBatchWorker::ForeachBatchWorker(const WorkerOptions& options, const ForeachBatchSpec& spec)
    : owner_(fmt::format("[session: {}] [userId: {}]", spec.session_id, spec.user_id)) {
  mkdir(options.folder.c_str(), 0700);
  std::string path = fmt::format("{}/{}.sock", options.folder, base::NewUuid().substr(0, 8));
  Listener listener(path);
  EnvironmentVariables variables = WorkerEnvironment(options);
  variables.insert(variables.end(), {{"PYTHON_WORKER_FACTORY_SOCK_PATH", path},
                                     {"PYTHON_UNIX_DOMAIN_ENABLED", "true"},
                                     {"PYTHON_WORKER_FACTORY_PORT", ""},
                                     {"PYTHON_WORKER_FACTORY_SECRET", ""},
                                     {"SPARK_CONNECT_LOCAL_URL", spec.connect_url},
                                     {"SPARK_CONNECT_AUTHENTICATE_TOKEN", spec.token}});
  process_ = std::make_unique<ChildProcess>(std::vector<std::string>{options.executable, "-c", kWorkerProgram},
                                            variables, ChildProcess::Options{});
  int connection = listener.Accept(process_->pid());
  if (connection < 0) throw WorkerDied(owner_);
  socket_ = std::make_unique<SocketStream>(connection);
  try {
    socket_->ReadInt();  // its pid
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

ForeachBatchWorker::~ForeachBatchWorker() {
  // Killed before its socket closes: between batches it has nothing to lose, and it would take the end of the stream
  // for an error and print a traceback.
  if (process_) process_->Stop(0);
}

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
