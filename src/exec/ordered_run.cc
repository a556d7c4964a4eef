// RunInOrder: the consumer computes its current partition itself while pool threads work ahead on the next ones.
#include <arrow/util/byte_size.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "exec/operator.h"

namespace sluice::exec {
namespace {

constexpr int64_t kAheadBytes = 32 << 20;  // held by one partition that is ahead of the consumer

// A partition is advanced by one thread at a time; a worker gives the thread back when its queue is full.
class OrderedRun {
 public:
  OrderedRun(const Operator& root, ExecContext& context, int partitions)
      : root_(root), context_(context), parts_(partitions) {}

  ~OrderedRun() {
    std::unique_lock lock(mutex_);
    stop_ = true;
    changed_.wait(lock, [this] { return workers_ == 0; });
  }

  // The next batch of partition p, null at its end.
  std::shared_ptr<arrow::RecordBatch> Next(int p) {
    Part& part = parts_[p];
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !part.queue.empty() || part.ended || !part.running; });
    if (part.error) std::rethrow_exception(part.error);
    if (!part.queue.empty()) {
      auto batch = std::move(part.queue.front());
      part.queue.pop_front();
      return batch;
    }
    if (part.ended) return nullptr;
    part.running = true;
    lock.unlock();
    auto batch = Advance(part, p);
    lock.lock();
    part.running = false;
    part.ended = batch == nullptr;
    return batch;
  }

  void WorkAhead(int first) {
    int end = std::min<int>(first + context_.parallelism - 1, static_cast<int>(parts_.size()));
    for (int p = first; p < end; ++p) {
      {
        std::lock_guard lock(mutex_);
        Part& part = parts_[p];
        if (part.running || part.ended || part.bytes >= kAheadBytes || part.error) continue;
        part.running = true;
        ++workers_;
      }
      context_.pool->Submit([this, p] { Work(p); });
    }
  }

 private:
  struct Part {
    BatchIteratorPtr iterator;
    std::deque<std::shared_ptr<arrow::RecordBatch>> queue;
    int64_t bytes = 0;  // put into the queue altogether
    bool running = false, ended = false;
    std::exception_ptr error;
  };

  std::shared_ptr<arrow::RecordBatch> Advance(Part& part, int p) {
    context_.cancellation->Check();
    if (!part.iterator) part.iterator = root_.Open(context_, p);
    auto batch = part.iterator->Next();
    if (!batch) part.iterator.reset();
    return batch;
  }

  void Work(int p) {
    Part& part = parts_[p];
    for (bool more = true; more;) {
      std::shared_ptr<arrow::RecordBatch> batch;
      std::exception_ptr error;
      try {
        batch = Advance(part, p);
      } catch (...) {
        error = std::current_exception();
      }
      std::lock_guard lock(mutex_);
      if (batch) {
        part.bytes += arrow::util::TotalBufferSize(*batch);
        part.queue.push_back(std::move(batch));
      } else {
        part.ended = true;
        part.error = error;
      }
      more = !part.ended && !stop_ && part.bytes < kAheadBytes;
      if (!more) {
        part.running = false;
        --workers_;
      }
      changed_.notify_all();
    }
  }

  const Operator& root_;
  ExecContext& context_;
  std::deque<Part> parts_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int workers_ = 0;
  bool stop_ = false;
};

}  // namespace

void RunInOrder(const Operator& root, ExecContext& context,
                const std::function<bool(std::shared_ptr<arrow::RecordBatch>)>& consume) {
  ExecContext::RunScope scope(context);
  int partitions = root.Partitions(context);
  {
    OrderedRun run(root, context, partitions);
    bool wanted = true;
    for (int p = 0; p < partitions && wanted; ++p) {
      if (context.parallelism > 1) run.WorkAhead(p + 1);
      while (wanted) {
        auto batch = run.Next(p);
        if (!batch) break;
        wanted = consume(std::move(batch));
      }
    }
  }
  scope.Complete();
}

}  // namespace sluice::exec
