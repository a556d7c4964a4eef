// A queue of tasks and the thread that works it off.
#include "base/serial_worker.h"

namespace sluice::base {

SerialWorker::~SerialWorker() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  posted_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SerialWorker::Post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    if (failure_) return;
    tasks_.push_back(std::move(task));
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  }
  posted_.notify_one();
}

void SerialWorker::Drain() {
  std::unique_lock lock(mutex_);
  ran_.wait(lock, [this] { return tasks_.empty() && !running_; });
  if (failure_) std::rethrow_exception(failure_);
}

void SerialWorker::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    posted_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    running_ = true;
    lock.unlock();
    std::exception_ptr thrown;
    try {
      task();
    } catch (...) {
      thrown = std::current_exception();
    }
    task = nullptr;
    lock.lock();
    running_ = false;
    if (thrown) {
      failure_ = thrown;
      tasks_.clear();
    }
    ran_.notify_all();
  }
}

}  // namespace sluice::base
