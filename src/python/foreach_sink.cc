// The foreach sink: rows are pickled in chunks and handed to a worker task.
#include "python/foreach_sink.h"

#include <condition_variable>
#include <deque>
#include <mutex>

#include "python/row_pickler.h"
#include "python/task.h"

namespace sluice::python {
namespace {

constexpr int64_t kRowsPerFrame = 100;

/// Frames between the query's thread and the task's writer thread; holds a few, so that a slow function slows the
/// query.
class FrameQueue {
 public:
  void Push(std::string frame) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return frames_.size() < 16 || closed_; });
    if (closed_) return;
    frames_.push_back(std::move(frame));
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
  bool Pop(std::string* frame) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !frames_.empty() || ended_ || closed_; });
    if (frames_.empty() || closed_) return false;
    *frame = std::move(frames_.front());
    frames_.pop_front();
    changed_.notify_all();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> frames_;
  bool ended_ = false;
  bool closed_ = false;
};

class ForeachPartitionWriter : public connectors::PartitionWriter {
 public:
  ForeachPartitionWriter(WorkerPool* pool, const std::string& command, types::TypePtr schema, int64_t batch_id,
                         int partition)
      : schema_(std::move(schema)), cancellation_(std::make_shared<base::CancellationToken>()) {
    TaskSpec spec;
    spec.eval_type = kNonUdf;
    spec.raw_command = command;
    spec.partition_id = partition;
    spec.local_properties = {{"streaming.sql.batchId", std::to_string(batch_id)}};
    task_ = std::make_unique<Task>(pool, std::move(spec), cancellation_, [this](SocketStream& socket) {
      try {
        std::string frame;
        while (frames_.Pop(&frame)) socket.WriteString(frame);
        socket.WriteInt(-1);  // end of the data section
      } catch (...) {
        frames_.Close();
        throw;
      }
    });
  }
  ~ForeachPartitionWriter() override { frames_.Close(); }

  void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    rows_ += batch->num_rows();
    for (int64_t row = 0; row < batch->num_rows(); row += kRowsPerFrame) {
      frames_.Push(PickleRows(*batch, schema_, row, std::min(row + kRowsPerFrame, batch->num_rows())));
    }
  }

  connectors::WriterMessage Finish() override {
    frames_.End();
    task_->Finish();
    return {{}, rows_};
  }

  void Abort() override {
    frames_.Close();
    cancellation_->Cancel();
  }

 private:
  types::TypePtr schema_;
  base::CancellationPtr cancellation_;
  FrameQueue frames_;
  int64_t rows_ = 0;
  std::unique_ptr<Task> task_;  // last: its writer uses the queue
};

class ForeachSink : public connectors::StreamSink {
 public:
  ForeachSink(std::shared_ptr<WorkerPool> pool, plan::PythonFunction function, types::TypePtr schema)
      : pool_(std::move(pool)), function_(std::move(function)), schema_(std::move(schema)) {}

  std::string Description() const override {
    return "ForeachWriterTable(org.apache.spark.sql.execution.python.streaming.PythonForeachWriter)";
  }
  connectors::PartitionWriterPtr OpenPartition(const connectors::SinkBatch& batch, int partition) override {
    return std::make_unique<ForeachPartitionWriter>(pool_.get(), function_.command, schema_, batch.batch_id, partition);
  }
  void CommitBatch(const connectors::SinkBatch&, const std::vector<connectors::WriterMessage>& messages) override {
    rows_ = 0;
    for (const connectors::WriterMessage& message : messages) rows_ += message.rows;
  }
  int64_t LastOutputRows() const override { return rows_; }

 private:
  std::shared_ptr<WorkerPool> pool_;
  plan::PythonFunction function_;
  types::TypePtr schema_;
  int64_t rows_ = -1;
};

}  // namespace

std::unique_ptr<connectors::StreamSink> MakeForeachSink(std::shared_ptr<WorkerPool> pool, plan::PythonFunction function,
                                                        types::TypePtr schema) {
  return std::make_unique<ForeachSink>(std::move(pool), std::move(function), std::move(schema));
}

}  // namespace sluice::python
