// Steps that run one after the other on a thread of their own.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace sluice::base {

/// Thread safe. The thread starts with the first task and ends with the worker.
class SerialWorker {
 public:
  SerialWorker() = default;
  ~SerialWorker();  ///< waits for the tasks
  SerialWorker(const SerialWorker&) = delete;
  SerialWorker& operator=(const SerialWorker&) = delete;

  /// After one that threw no other task runs.
  void Post(std::function<void()> task);
  /// Waits until everything posted has run; throws what a task threw, every time.
  void Drain();

 private:
  void Run();
  std::mutex mutex_;
  std::condition_variable posted_, ran_;
  std::deque<std::function<void()>> tasks_;
  bool running_ = false, ending_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace sluice::base
