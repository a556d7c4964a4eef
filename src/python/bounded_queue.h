// A queue between a query's thread and the thread that writes to a worker.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

namespace sluice::python {

/// Holds a few items, so that a slow function slows the query.
template <typename Item>
class BoundedQueue {
 public:
  void Push(Item item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return items_.size() < kCapacity || closed_; });
    if (closed_) return;
    items_.push_back(std::move(item));
    changed_.notify_all();
  }
  void End() {
    std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  /// Nobody reads any more.
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  /// False at the end.
  bool Pop(Item* item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !items_.empty() || ended_ || closed_; });
    if (items_.empty() || closed_) return false;
    *item = std::move(items_.front());
    items_.pop_front();
    changed_.notify_all();
    return true;
  }

 private:
  static constexpr size_t kCapacity = 16;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace sluice::python
