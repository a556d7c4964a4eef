// Threads that come and go with the load.
#include "server/workers.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace sluice::server {
namespace {

constexpr auto kIdleTime = std::chrono::seconds(10);

void RunGuarded(const std::function<void()>& task) {
  try {
    task();
  } catch (const std::exception& error) {
    // Tasks turn their errors into answers; what arrives here has no one to be told.
    fmt::print(stderr, "sluice-server: unexpected error: {}\n", error.what());
  }
}

}  // namespace

Workers::Workers(int max_threads) : max_threads_(max_threads) {}

Workers::~Workers() {
  std::unique_lock lock(mutex_);
  stop_ = true;
  wake_.notify_all();
  quiet_.wait(lock, [&] { return threads_ == 0; });
}

bool Workers::Run(std::function<void()> task) {
  std::lock_guard lock(mutex_);
  if (stop_) return false;
  if (idle_ <= static_cast<int>(tasks_.size())) {
    if (threads_ >= max_threads_) return false;
    try {
      std::thread([this] { Work(); }).detach();
    } catch (const std::system_error&) {
      return false;
    }
    ++threads_;
  }
  tasks_.push_back(std::move(task));
  wake_.notify_one();
  return true;
}

bool Workers::WaitIdle(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  return quiet_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                         [&] { return tasks_.empty() && idle_ == threads_; });
}

void Workers::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    quiet_.notify_all();
    bool woken = wake_.wait_for(lock, kIdleTime, [&] { return !tasks_.empty() || stop_; });
    --idle_;
    if (tasks_.empty() && (!woken || stop_)) break;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    RunGuarded(task);
    task = nullptr;
    lock.lock();
  }
  --threads_;
  // Under the lock: the destructor may run as soon as it is released.
  quiet_.notify_all();
}

}  // namespace sluice::server
