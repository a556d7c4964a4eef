// Python worker processes for functions: one daemon a session forks them, finished ones are used again.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "python/process.h"
#include "python/socket_stream.h"

namespace sluice::python {

struct WorkerOptions {
  std::string executable = "python3";
  EnvironmentVariables environment;
  std::string folder;                     ///< for sockets; made with mode 0700
  std::string files_folder;               ///< the session's artifacts
  std::vector<std::string> python_files;  ///< names below files_folder/pyfiles that workers import from
};

/// A connected worker, between two tasks or running one.
struct Worker {
  std::unique_ptr<SocketStream> socket;
  int pid = 0;
};

/// Thread safe. The daemon starts at the first use and ends with the pool.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerOptions options);
  ~WorkerPool();

  std::unique_ptr<Worker> Acquire();
  /// Takes back a worker whose task has ended cleanly.
  void Release(std::unique_ptr<Worker> worker);
  /// Kills a worker whose task failed or was cancelled.
  void Discard(std::unique_ptr<Worker> worker);
  /// "3.11": the daemon's interpreter, asked once.
  const std::string& python_version();
  const WorkerOptions& options() const { return options_; }
  void AddPythonFile(const std::string& name);
  std::vector<std::string> python_files() const;

 private:
  void StartDaemon();
  WorkerOptions options_;
  mutable std::mutex mutex_;
  std::unique_ptr<ChildProcess> daemon_;
  std::thread forwarder_;
  std::string socket_path_;
  std::string version_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

/// The variables every Python process of the engine gets, on top of `options.environment`.
EnvironmentVariables WorkerEnvironment(const WorkerOptions& options);

}  // namespace sluice::python
