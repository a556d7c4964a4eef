// Fault injection by environment variable.
#include "base/fault_point.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "base/error.h"

namespace sluice::base {
namespace {

struct Fault {
  std::string name;
  int passage = 1;
  int signal = 0;  ///< 0: an error
};

const Fault* ConfiguredFault() {
  static const Fault* fault = []() -> const Fault* {
    const char* text = std::getenv("SLUICE_FAULT");
    if (!text) return nullptr;
    std::string setting = text;
    auto* parsed = new Fault();
    if (size_t equals = setting.find('='); equals != std::string::npos) {
      std::string action = setting.substr(equals + 1);
      parsed->signal = action == "kill" ? SIGKILL : action == "pause" ? SIGSTOP : 0;
      setting.resize(equals);
    }
    if (size_t at = setting.find('@'); at != std::string::npos) {
      parsed->passage = std::atoi(setting.c_str() + at + 1);
      setting.resize(at);
    }
    parsed->name = setting;
    return parsed;
  }();
  return fault;
}

int TraceFile() {
  static const int file = [] {
    const char* path = std::getenv("SLUICE_FAULT_TRACE");
    return path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
  }();
  return file;
}

// One write a line: passages of several threads don't mix.
void Trace(std::string_view name) {
  std::string line = std::string(name) + "\n";
  if (write(TraceFile(), line.data(), line.size()) < 0) {
    throw Error::Plain(ErrorKind::kSpark, "Cannot write to SLUICE_FAULT_TRACE");
  }
}

}  // namespace

void FaultPoint(std::string_view name) {
  if (TraceFile() >= 0) Trace(name);
  const Fault* fault = ConfiguredFault();
  if (!fault || fault->name != name) return;
  static std::atomic<int> passages{0};
  if (++passages != fault->passage) return;
  if (fault->signal == SIGKILL) kill(getpid(), SIGKILL);
  if (fault->signal == SIGSTOP) {
    kill(getpid(), SIGSTOP);  // returns when somebody has sent SIGCONT
    return;
  }
  throw Error::Plain(ErrorKind::kSpark, "Injected fault at " + std::string(name));
}

}  // namespace sluice::base
