// Starts the server and waits for its end.
#include "cli/serve.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/path_uri.h"
#include "cli/log.h"
#include "server/server.h"

namespace sluice::cli {
namespace {

// Written to by the signal handler. (Blocked signals would stay blocked in the Python processes that the server
// starts.)
int stop_pipe[2] = {-1, -1};

void OnStopSignal(int) {
  int saved = errno;
  [[maybe_unused]] ssize_t ignored = write(stop_pipe[1], "x", 1);
  errno = saved;
}

void HandleSignals() {
  if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    throw base::Error::Plain(base::ErrorKind::kSpark, std::string("Cannot make a pipe: ") + std::strerror(errno));
  }
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  // A launcher that handles Ctrl-C itself starts the server with the signal ignored.
  struct sigaction inherited {};
  sigaction(SIGINT, nullptr, &inherited);
  if (inherited.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

// Takes a secret out of the environment, so that no child process and no one looking at this process sees it.
std::string TakeVariable(const char* name) {
  char* value = std::getenv(name);
  if (!value) return "";
  std::string out = value;
  explicit_bzero(value, out.size());
  unsetenv(name);
  return out;
}

// The launcher's settings, a JSON object; they may hold secrets too.
std::map<std::string, std::string> TakeConf() {
  std::string text = TakeVariable("SLUICE_CONF");
  if (text.empty()) return {};
  return nlohmann::json::parse(text).get<std::map<std::string, std::string>>();
}

std::string VariableOr(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value && *value ? value : fallback;
}

std::shared_ptr<session::Environment> MakeEnvironment() {
  auto environment = std::make_shared<session::Environment>();
  functions::RegisterAll(environment->functions);
  connectors::RegisterAll(environment->connectors);
  environment->token = TakeVariable("SLUICE_TOKEN");
  environment->conf = TakeConf();
  if (auto level = environment->conf.find("spark.log.level"); level != environment->conf.end())
    SetLogLevel(level->second);
  if (auto warehouse = environment->conf.find("spark.sql.warehouse.dir"); warehouse != environment->conf.end()) {
    environment->warehouse = base::PathFromUri(warehouse->second);
    environment->conf.erase(warehouse);
  }
  auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string millis = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  environment->conf.emplace("spark.app.id", "local-" + millis);
  environment->conf.emplace("spark.app.startTime", millis);
  environment->conf.emplace("spark.app.name", "sluice");
  environment->conf.emplace("spark.master", "local[*]");
  environment->conf.emplace("spark.submit.deployMode", "client");
  environment->python_executable = VariableOr("SLUICE_PYTHON", "python3");
  if (std::string path = VariableOr("SLUICE_PYTHONPATH", ""); !path.empty()) {
    environment->python_environment.emplace_back("PYTHONPATH", path);
  }
  environment->temporary_folder = VariableOr("TMPDIR", "/tmp");
  return environment;
}

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody waits for the address any more
    text.remove_prefix(static_cast<size_t>(written));
  }
}

void Announce(const ServeOptions& options, const std::string& url) {
  if (options.ready_fd) {
    WriteAll(*options.ready_fd, url + "\n");
    close(*options.ready_fd);
  } else {
    fmt::print("{}\n", url);
    std::fflush(stdout);
  }
}

/// What the process that started this server says over the watched descriptor: lines that name a log level.
class Owner {
 public:
  explicit Owner(std::optional<int> fd) : fd_(fd.value_or(-1)) {}
  int fd() const { return fd_; }

  /// Takes in what there is; false when the owner is gone.
  bool Listen() {
    char buffer[256];
    ssize_t got = read(fd_, buffer, sizeof buffer);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    said_.append(buffer, static_cast<size_t>(got));
    for (size_t end; (end = said_.find('\n')) != std::string::npos; said_.erase(0, end + 1)) Obey(said_.substr(0, end));
    return got > 0;
  }

 private:
  static void Obey(const std::string& level) {
    try {
      SetLogLevel(level);
    } catch (const base::Error& error) {
      spdlog::warn("{}", error.message());
    }
  }

  int fd_;
  std::string said_;
};

void WaitForStop(const ServeOptions& options) {
  Owner owner(options.watch_fd);
  pollfd waits[2] = {{stop_pipe[0], POLLIN, 0}, {owner.fd(), POLLIN, 0}};
  while (true) {
    if (poll(waits, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (waits[0].revents != 0) return;
    if (waits[1].revents != 0 && !owner.Listen()) return;
  }
}

}  // namespace

int Serve(const ServeOptions& options) {
  StartLog();
  HandleSignals();
  auto environment = MakeEnvironment();
  server::ServerOptions server_options;
  server_options.host = options.host;
  server_options.port = options.port;
  server::Server server(environment, server_options);
  server.Start();
  Announce(options, server.url());
  WaitForStop(options);
  if (!server.Stop()) {
    // Work that does not end must not keep the process alive; everything that lasts is already on disk.
    std::fflush(stdout);
    _exit(0);
  }
  return 0;
}

}  // namespace sluice::cli
