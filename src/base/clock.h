// Time as the streaming loop sees it: the system's clock, or one that a test moves by hand.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

namespace sluice::base {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since the epoch.
  virtual int64_t NowMillis() const = 0;
  /// Waits on `wake`, whose mutex `lock` holds, until it is notified or the time has come; may return early.
  virtual void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake, int64_t millis) = 0;
};

class SystemClock : public Clock {
 public:
  int64_t NowMillis() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }
  void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake, int64_t millis) override {
    int64_t left = millis - NowMillis();
    // A wait of an hour at a time never overflows and follows a clock that is set.
    if (left > 0) wake.wait_for(lock, std::chrono::milliseconds(std::min<int64_t>(left, 3'600'000)));
  }
};

/// Threads that wait see each Set.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t now = 0) : now_(now) {}
  int64_t NowMillis() const override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  void WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& wake, int64_t millis) override {
    {
      std::lock_guard own(mutex_);
      if (now_ >= millis) return;
      waiters_.push_back({lock.mutex(), &wake});
    }
    wake.wait(lock);
    std::lock_guard own(mutex_);
    waiters_.erase(
        std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) { return waiter.wake == &wake; }));
  }
  /// Not while holding the mutex of a waiter.
  void Set(int64_t now) {
    std::vector<Waiter> waiters;
    {
      std::lock_guard lock(mutex_);
      now_ = now;
      waiters = waiters_;
    }
    for (const Waiter& waiter : waiters) {
      // Between its look at the time and its wait a waiter holds its mutex.
      std::lock_guard lock(*waiter.mutex);
      waiter.wake->notify_all();
    }
  }

 private:
  struct Waiter {
    std::mutex* mutex;
    std::condition_variable* wake;
  };
  mutable std::mutex mutex_;
  int64_t now_;
  std::vector<Waiter> waiters_;
};

}  // namespace sluice::base
