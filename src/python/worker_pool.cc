// The daemon that forks workers, and the list of idle ones.
#include "python/worker_pool.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace sluice::python {
namespace {

// With what the client lacks of pyspark, where the package is there. Prints the version first, so that a task can tell
// its worker which one the server expects.
constexpr const char* kDaemonProgram =
    "import sys, runpy\n"
    "try:\n"
    "  from sluice.classic import worker\n"
    "  worker.install()\n"
    "except ImportError:\n"
    "  pass\n"
    "v = ('%d.%d' % sys.version_info[:2]).encode()\n"
    "sys.stdout.buffer.write(len(v).to_bytes(4, 'big') + v)\n"
    "sys.stdout.buffer.flush()\n"
    "sys.argv = ['pyspark.daemon', 'pyspark.worker']\n"
    "runpy.run_module('pyspark.daemon', run_name='__main__', alter_sys=True)\n";

bool ReadPipe(int fd, void* out, size_t size) {
  char* at = static_cast<char*>(out);
  while (size > 0) {
    ssize_t got = read(fd, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= got;
  }
  return true;
}

std::string ReadPipeText(int fd) {
  uint32_t length = 0;
  if (!ReadPipe(fd, &length, 4)) return "";
  length = ntohl(length);
  if (length > 4096) return "";
  std::string text(length, '\0');
  return ReadPipe(fd, text.data(), length) ? text : "";
}

// What functions print reaches the user's terminal through the server's stdout.
void ForwardOutput(int fd) {
  char buffer[4096];
  for (;;) {
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    for (ssize_t at = 0; at < got;) {
      ssize_t wrote = write(STDOUT_FILENO, buffer + at, got - at);
      if (wrote < 0 && errno != EINTR) return;
      if (wrote > 0) at += wrote;
    }
  }
}

}  // namespace

EnvironmentVariables WorkerEnvironment(const WorkerOptions& options) {
  EnvironmentVariables out = options.environment;
  out.insert(out.end(), {{"PYTHONUNBUFFERED", "YES"},
                         {"SPARK_HOME", options.folder},
                         {"SLUICE_ARTIFACTS", options.folder},
                         {"SPARK_SIMPLIFIED_TRACEBACK", "1"},
                         {"SPARK_AUTH_SOCKET_TIMEOUT", "31536000"},
                         {"PYTHON_UDF_BATCH_SIZE", "100"},
                         {"PYSPARK_SPARK_SESSION_UUID", ""},
                         {"SPARK_REMOTE", ""},
                         {"SLUICE_TOKEN", ""}});
  return out;
}

WorkerPool::WorkerPool(WorkerOptions options) : options_(std::move(options)) {}

WorkerPool::~WorkerPool() {
  idle_.clear();
  if (daemon_) daemon_->Stop(2000);
  if (forwarder_.joinable()) forwarder_.join();
}

void WorkerPool::StartDaemon() {
  mkdir(options_.folder.c_str(), 0700);
  EnvironmentVariables variables = WorkerEnvironment(options_);
  variables.insert(variables.end(), {{"PYTHON_UNIX_DOMAIN_ENABLED", "true"},
                                     {"PYTHON_WORKER_FACTORY_SOCK_DIR", options_.folder},
                                     {"SPARK_REUSE_WORKER", "1"}});
  if (forwarder_.joinable()) forwarder_.join();
  daemon_ = std::make_unique<ChildProcess>(std::vector<std::string>{options_.executable, "-c", kDaemonProgram},
                                           variables, ChildProcess::Options{true, true});
  version_ = ReadPipeText(daemon_->stdout_fd());
  socket_path_ = version_.empty() ? "" : ReadPipeText(daemon_->stdout_fd());
  if (socket_path_.empty()) {
    daemon_.reset();
    throw base::Error::Plain(
        base::ErrorKind::kSpark,
        fmt::format("The Python worker daemon ({}) did not start; see its messages on the server's standard error. Is "
                    "pyspark-client installed for that interpreter?",
                    options_.executable));
  }
  int fd = dup(daemon_->stdout_fd());
  forwarder_ = std::thread([fd] {
    ForwardOutput(fd);
    close(fd);
  });
}

std::unique_ptr<Worker> WorkerPool::Acquire() {
  std::lock_guard lock(mutex_);
  if (!idle_.empty()) {
    auto worker = std::move(idle_.back());
    idle_.pop_back();
    return worker;
  }
  if (!daemon_ || !daemon_->Running()) StartDaemon();
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (fd < 0 || socket_path_.size() >= sizeof address.sun_path) {
    if (fd >= 0) close(fd);
    throw base::Error::Internal("The Python workers' socket path is too long: " + socket_path_);
  }
  std::memcpy(address.sun_path, socket_path_.c_str(), socket_path_.size() + 1);
  auto worker = std::make_unique<Worker>();
  worker->socket = std::make_unique<SocketStream>(fd);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw base::Error::Plain(base::ErrorKind::kSpark,
                             fmt::format("No connection to the Python worker daemon: {}", std::strerror(errno)));
  }
  try {
    worker->pid = worker->socket->ReadInt();
  } catch (const PythonWorkerGone&) {
    throw base::Error::Plain(base::ErrorKind::kSpark, "The Python worker daemon ended unexpectedly");
  }
  return worker;
}

void WorkerPool::Release(std::unique_ptr<Worker> worker) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

void WorkerPool::Discard(std::unique_ptr<Worker> worker) {
  std::lock_guard lock(mutex_);
  if (!daemon_ || daemon_->stdin_fd() < 0) return;
  uint32_t pid = htonl(static_cast<uint32_t>(worker->pid));
  // The daemon kills the worker; should the daemon be gone, so are its workers.
  [[maybe_unused]] ssize_t wrote = write(daemon_->stdin_fd(), &pid, sizeof pid);
}

const std::string& WorkerPool::python_version() {
  std::lock_guard lock(mutex_);
  if (!daemon_ || !daemon_->Running()) StartDaemon();
  return version_;
}

void WorkerPool::AddPythonFile(const std::string& name) {
  std::lock_guard lock(mutex_);
  options_.python_files.push_back(name);
  idle_.clear();  // they have their import path already
}

std::vector<std::string> WorkerPool::python_files() const {
  std::lock_guard lock(mutex_);
  return options_.python_files;
}

}  // namespace sluice::python
