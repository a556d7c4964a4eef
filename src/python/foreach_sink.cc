// The foreach sink: rows are pickled in chunks and handed to a worker task.
#include "python/foreach_sink.h"

#include "python/bounded_queue.h"
#include "python/row_pickler.h"
#include "python/task.h"

namespace sluice::python {
namespace {

constexpr int64_t kRowsPerFrame = 100;

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
  BoundedQueue<std::string> frames_;
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
