// Threads for work that may block: every task runs at once, on an idle thread or on a new one.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace sluice::server {

/// Tasks never wait for each other: a query that waits for a Python worker, which calls back into the same server, must
/// find a thread for that call. Idle threads end after a while.
class Workers {
 public:
  explicit Workers(int max_threads = 1024);
  ~Workers();  ///< waits for all tasks

  /// False if the limit of threads is reached: the caller answers that the server is busy.
  [[nodiscard]] bool Run(std::function<void()> task);
  /// Waits until no task runs; false if some still do after the time.
  bool WaitIdle(int64_t timeout_ms);

 private:
  void Work();

  const int max_threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable quiet_;
  std::deque<std::function<void()>> tasks_;
  int threads_ = 0;
  int idle_ = 0;
  bool stop_ = false;
};

}  // namespace sluice::server
