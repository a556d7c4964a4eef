// Child processes: spawned without a shell, killed with their owner.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sluice::python {

using EnvironmentVariables = std::vector<std::pair<std::string, std::string>>;

/// A running child. Its stderr is the server's; its stdout is `stdout_fd` (a pipe) or the server's.
class ChildProcess {
 public:
  struct Options {
    bool pipe_stdin = false;   ///< else /dev/null
    bool pipe_stdout = false;  ///< else the server's stdout
  };
  /// Starts `arguments` (found on PATH) with the server's environment plus `variables`; names mapped to an empty text
  /// are removed. Throws PYTHON_WORKER_NOT_STARTED-like kSpark errors naming the program.
  ChildProcess(const std::vector<std::string>& arguments, const EnvironmentVariables& variables, Options options);
  /// Kills and reaps it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int pid() const { return pid_; }
  int stdin_fd() const { return stdin_fd_; }
  int stdout_fd() const { return stdout_fd_; }
  void CloseStdin();
  /// Gives the child some time to end on its own, then kills it.
  void Stop(int patience_ms);
  /// True while it has not been reaped and is running.
  bool Running();

 private:
  int pid_ = -1;
  int stdin_fd_ = -1;
  int stdout_fd_ = -1;
};

}  // namespace sluice::python
