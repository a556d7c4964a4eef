// Answers the state calls of a stateful processor that runs in a Python worker.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "python/processor_state.h"
#include "python/unix_listener.h"

namespace sluice::python {

/// Takes one connection at `path` and answers on a thread of its own until it is closed; only that thread touches
/// `state` meanwhile.
class StateServer {
 public:
  StateServer(const std::string& path, ProcessorState* state);
  /// Waits for the worker to close its connection, unless it never came or Stop was called.
  ~StateServer();
  const std::string& path() const { return listener_.path(); }
  void Stop();

 private:
  void Run();
  ProcessorState* state_;
  UnixListener listener_;
  std::atomic<int> connection_{-1};
  std::thread thread_;
};

}  // namespace sluice::python
