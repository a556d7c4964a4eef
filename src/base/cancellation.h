// A flag that asks running work to end; operators look at it once a batch.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace sluice::base {

/// Thread safe.
class CancellationToken {
 public:
  /// Sets the flag and runs the callbacks, on the calling thread, once.
  void Cancel();
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  /// Throws OPERATION_CANCELED once cancelled.
  void Check() const;

  /// Registers what interrupts a blocking call (closing a socket, waking a wait). Runs at once if already cancelled.
  /// After RemoveCallback has returned the callback does not run any more.
  int AddCallback(std::function<void()> callback);
  void RemoveCallback(int number);

 private:
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::map<int, std::function<void()>> callbacks_;
  int next_ = 0;
};
using CancellationPtr = std::shared_ptr<CancellationToken>;

}  // namespace sluice::base
