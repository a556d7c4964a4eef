// The engine's worker threads; a task that waits for others helps to run them, so nesting can't deadlock.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::base {

class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();

  /// Runs body(0) … body(count-1), on the pool and on the calling thread, and returns when all have ended. The first
  /// exception is rethrown after the others have ended; indexes not yet started are then skipped. With count 1 it
  /// runs on the caller without touching the pool.
  void ParallelFor(int count, const std::function<void(int)>& body);
  /// Runs a task some time on a pool thread.
  void Submit(std::function<void()> task);
  int size() const { return static_cast<int>(threads_.size()); }

  /// The process-wide pool, one thread a core.
  static ThreadPool& Default();

 private:
  void Work();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  bool stop_ = false;
};

}  // namespace sluice::base
