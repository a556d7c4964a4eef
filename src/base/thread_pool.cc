// Worker threads with caller-helps ParallelFor.
#include "base/thread_pool.h"

#include <atomic>
#include <exception>
#include <memory>

namespace sluice::base {

ThreadPool::ThreadPool(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

ThreadPool& ThreadPool::Default() {
  static ThreadPool* pool = new ThreadPool(std::max(1u, std::thread::hardware_concurrency()));
  return *pool;
}

void ThreadPool::Submit(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void ThreadPool::Work() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

namespace {

// Indexes are claimed from one counter by whoever is free; the caller waits only for claimed ones.
struct Loop {
  const std::function<void(int)>* body;
  int count;
  std::atomic<int> next{0};
  std::mutex mutex;
  std::condition_variable done;
  int ended = 0;
  std::exception_ptr error;

  void Run() {
    for (;;) {
      int index = next.fetch_add(1);
      if (index >= count) return;
      std::exception_ptr thrown;
      bool skip;
      {
        std::lock_guard lock(mutex);
        skip = error != nullptr;
      }
      if (!skip) {
        try {
          (*body)(index);
        } catch (...) {
          thrown = std::current_exception();
        }
      }
      std::lock_guard lock(mutex);
      if (thrown && !error) error = thrown;
      if (++ended == count) done.notify_all();
    }
  }
};

}  // namespace

void ThreadPool::ParallelFor(int count, const std::function<void(int)>& body) {
  if (count <= 0) return;
  if (count == 1 || threads_.empty()) {
    for (int i = 0; i < count; ++i) body(i);
    return;
  }
  auto loop = std::make_shared<Loop>();
  loop->body = &body;
  loop->count = count;
  int helpers = std::min<int>(count - 1, size());
  for (int i = 0; i < helpers; ++i) Submit([loop] { loop->Run(); });
  loop->Run();
  std::unique_lock lock(loop->mutex);
  loop->done.wait(lock, [&] { return loop->ended == loop->count; });
  if (loop->error) std::rethrow_exception(loop->error);
}

}  // namespace sluice::base
