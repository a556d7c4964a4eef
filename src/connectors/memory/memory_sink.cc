// The memory sink: a table of the session that lives as long as the session.
#include "connectors/memory/memory_sink.h"

#include <arrow/api.h>

#include <mutex>

#include "base/arrow_status.h"
#include "base/error.h"

namespace sluice::connectors {
namespace {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

// Rows of all batches. Small batches are joined now and then, so that reading a table of many
// micro-batches stays cheap.
class MemoryTable : public logical::BatchSource {
 public:
  Batches Snapshot() const override {
    std::lock_guard lock(mutex_);
    Batches all = joined_;
    all.insert(all.end(), recent_.begin(), recent_.end());
    return all;
  }
  void Append(const Batches& rows) {
    std::lock_guard lock(mutex_);
    recent_.insert(recent_.end(), rows.begin(), rows.end());
    if (recent_.size() >= kJoinAfter) Join();
  }
  void Replace(Batches rows) {
    std::lock_guard lock(mutex_);
    joined_.clear();
    recent_ = std::move(rows);
  }

 private:
  static constexpr size_t kJoinAfter = 256;
  static constexpr int64_t kLargeRows = 16384;

  void Join() {
    Batches small;
    auto flush = [&] {
      if (!small.empty()) joined_.push_back(base::ValueOrThrow(arrow::ConcatenateRecordBatches(small)));
      small.clear();
    };
    for (auto& batch : recent_) {
      if (batch->num_rows() < kLargeRows) {
        small.push_back(std::move(batch));
      } else {
        flush();
        joined_.push_back(std::move(batch));
      }
    }
    flush();
    recent_.clear();
  }

  mutable std::mutex mutex_;
  Batches joined_, recent_;
};

class MemorySink : public StreamSink, public TableSink {
 public:
  std::string Description() const override { return "MemorySink"; }
  std::shared_ptr<logical::BatchSource> rows() const override { return table_; }

  bool BeginBatch(const SinkBatch& batch) override {
    parts_.clear();
    rows_written_ = 0;
    return batch.batch_id > last_batch_;
  }
  PartitionWriterPtr OpenPartition(const SinkBatch&, int partition) override {
    std::lock_guard lock(mutex_);
    if (parts_.size() <= static_cast<size_t>(partition)) parts_.resize(partition + 1);
    return std::make_unique<Writer>(*this, partition);
  }
  void CommitBatch(const SinkBatch& batch, const std::vector<WriterMessage>& messages) override {
    Batches rows;
    for (Batches& part : parts_) {
      for (auto& of_part : part) rows.push_back(std::move(of_part));
    }
    parts_.clear();
    for (const WriterMessage& message : messages) rows_written_ += message.rows;
    if (batch.mode == OutputMode::kComplete) {
      table_->Replace(std::move(rows));
    } else {
      table_->Append(rows);
    }
    last_batch_ = batch.batch_id;
  }
  void AbortBatch(const SinkBatch&) override { parts_.clear(); }
  int64_t LastOutputRows() const override { return rows_written_; }

 private:
  class Writer : public PartitionWriter {
   public:
    Writer(MemorySink& sink, int partition) : sink_(sink), partition_(partition) {}
    void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
      rows_ += batch->num_rows();
      batches_.push_back(batch);
    }
    WriterMessage Finish() override {
      std::lock_guard lock(sink_.mutex_);
      sink_.parts_[partition_] = std::move(batches_);
      return {{}, rows_};
    }

   private:
    MemorySink& sink_;
    int partition_;
    Batches batches_;
    int64_t rows_ = 0;
  };

  std::shared_ptr<MemoryTable> table_ = std::make_shared<MemoryTable>();
  std::mutex mutex_;
  std::vector<Batches> parts_;
  int64_t last_batch_ = -1, rows_written_ = 0;
};

}  // namespace

std::unique_ptr<StreamSink> MakeMemorySink(const StreamSinkContext& context, const plan::Options&, const std::string&) {
  if (context.query_name.empty()) throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1194");
  // Only in complete mode does the state hold the whole table.
  if (context.recovered && context.mode != OutputMode::kComplete) {
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1299",
                      {{"checkpointPath", context.checkpoint + "/offsets"}});
  }
  return std::make_unique<MemorySink>();
}

}  // namespace sluice::connectors
