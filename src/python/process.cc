// posix_spawn of Python processes.
#include "python/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "base/error.h"

extern char** environ;

namespace sluice::python {
namespace {

std::vector<std::string> MergedEnvironment(const EnvironmentVariables& variables) {
  std::map<std::string, std::string> merged;
  for (char** entry = environ; *entry; ++entry) {
    std::string text = *entry;
    if (size_t equals = text.find('='); equals != std::string::npos) {
      merged[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  for (const auto& [name, value] : variables) {
    if (value.empty()) {
      merged.erase(name);
    } else {
      merged[name] = value;
    }
  }
  std::vector<std::string> out;
  for (const auto& [name, value] : merged) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, const EnvironmentVariables& variables,
                           Options options) {
  int in[2] = {-1, -1}, out[2] = {-1, -1};
  if (options.pipe_stdin && pipe2(in, O_CLOEXEC) != 0) throw base::Error::Internal("No pipe for a Python worker");
  if (options.pipe_stdout && pipe2(out, O_CLOEXEC) != 0) throw base::Error::Internal("No pipe for a Python worker");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (options.pipe_stdin) {
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  if (options.pipe_stdout) posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  // The server blocks signals in its worker threads; a child must not inherit that.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (int number : {SIGINT, SIGTERM, SIGPIPE, SIGCHLD}) sigaddset(&defaults, number);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<std::string> program = arguments;
  std::vector<std::string> environment = MergedEnvironment(variables);
  int status = posix_spawnp(&pid_, program[0].c_str(), &actions, &attributes, Pointers(program).data(),
                            Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (in[0] >= 0) close(in[0]);
  if (out[1] >= 0) close(out[1]);
  stdin_fd_ = in[1];
  stdout_fd_ = out[0];
  if (status != 0) {
    pid_ = -1;
    throw base::Error::Plain(base::ErrorKind::kSpark,
                             fmt::format("Cannot run program \"{}\": {}", arguments[0], std::strerror(status)));
  }
}

ChildProcess::~ChildProcess() {
  Stop(0);
  if (stdout_fd_ >= 0) close(stdout_fd_);
}

void ChildProcess::CloseStdin() {
  if (stdin_fd_ >= 0) close(stdin_fd_);
  stdin_fd_ = -1;
}

bool ChildProcess::Running() {
  if (pid_ < 0) return false;
  int status;
  if (waitpid(pid_, &status, WNOHANG) == pid_) pid_ = -1;
  return pid_ >= 0;
}

void ChildProcess::Stop(int patience_ms) {
  CloseStdin();
  if (!Running()) return;
  if (patience_ms > 0) {
    int handle = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    if (handle >= 0) {
      pollfd wait{handle, POLLIN, 0};
      poll(&wait, 1, patience_ms);
      close(handle);
    }
    if (!Running()) return;
  }
  kill(pid_, SIGKILL);
  int status;
  waitpid(pid_, &status, 0);
  pid_ = -1;
}

}  // namespace sluice::python
