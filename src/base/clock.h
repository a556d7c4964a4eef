// Time as the streaming loop sees it: the system's clock, or one that a test moves by hand.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace sluice::base {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since the epoch.
  virtual int64_t NowMillis() const = 0;
};

class SystemClock : public Clock {
 public:
  int64_t NowMillis() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }
};

class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t now = 0) : now_(now) {}
  int64_t NowMillis() const override { return now_; }
  void Set(int64_t now) { now_ = now; }

 private:
  std::atomic<int64_t> now_;
};

}  // namespace sluice::base
