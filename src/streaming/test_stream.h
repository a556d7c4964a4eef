// A source and a sink for tests of the loop.
#pragma once

#include <arrow/api.h>

#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "connectors/spi/stream.h"

namespace sluice::streaming {

/// A stream of numbers that a test adds to; offsets count them. Survives restarts of the query.
class NumberStream : public connectors::StreamDefinition {
 public:
  explicit NumberStream(bool wakes = true) : wakes_(wakes) {}

  void Add(std::vector<int64_t> values) {
    std::function<void()> wake;
    {
      std::lock_guard lock(mutex_);
      values_.insert(values_.end(), values.begin(), values.end());
      wake = wake_;
    }
    if (wake && wakes_) wake();
  }
  /// At most so many a batch; 0 = all.
  void Limit(int64_t rows) { limit_ = rows; }
  std::vector<std::string> Committed() const {
    std::lock_guard lock(mutex_);
    return committed_;
  }
  int64_t Looks() const {
    std::lock_guard lock(mutex_);
    return looks_;
  }

  std::string Describe() const override { return "numbers"; }
  std::string short_name() const override { return "numbers"; }
  types::TypePtr schema() const override { return types::Struct({{"v", types::Long()}}); }
  std::unique_ptr<connectors::StreamSource> Create(const connectors::StreamSourceContext& context) override {
    std::lock_guard lock(mutex_);
    wake_ = context.wake;
    return std::make_unique<Source>(*this);
  }

 private:
  struct Range : connectors::InputPartition {
    int64_t from = 0, to = 0;
  };
  class Reader : public connectors::BatchReader {
   public:
    explicit Reader(std::shared_ptr<arrow::RecordBatch> batch) : batch_(std::move(batch)) {}
    std::shared_ptr<arrow::RecordBatch> Next() override { return std::exchange(batch_, nullptr); }

   private:
    std::shared_ptr<arrow::RecordBatch> batch_;
  };
  class Source : public connectors::StreamSource {
   public:
    explicit Source(NumberStream& stream) : stream_(stream) {}
    std::string Description() const override { return "Numbers[]"; }
    std::optional<connectors::Offset> LatestOffset(const std::optional<connectors::Offset>& start,
                                                   const connectors::ReadLimit& limit) override {
      std::lock_guard lock(stream_.mutex_);
      ++stream_.looks_;
      int64_t from = start ? std::stoll(*start) : 0;
      int64_t end = fixed_ >= 0 ? fixed_ : static_cast<int64_t>(stream_.values_.size());
      if (stream_.limit_ > 0 && !limit.all_available) end = std::min(end, from + stream_.limit_);
      if (end == 0) return std::nullopt;
      return std::to_string(end);
    }
    void PrepareForTriggerAvailableNow() override {
      std::lock_guard lock(stream_.mutex_);
      fixed_ = static_cast<int64_t>(stream_.values_.size());
    }
    std::vector<connectors::InputPartitionPtr> Partitions(const std::optional<connectors::Offset>& start,
                                                          const connectors::Offset& end,
                                                          const connectors::ScanRequest&) override {
      int64_t from = start ? std::stoll(*start) : 0, to = std::stoll(end), middle = (from + to) / 2;
      std::vector<connectors::InputPartitionPtr> parts;
      for (auto [first, last] : {std::pair(from, middle), std::pair(middle, to)}) {
        auto range = std::make_shared<Range>();
        range->from = first;
        range->to = last;
        parts.push_back(range);
      }
      return parts;
    }
    connectors::BatchReaderPtr Open(const connectors::InputPartitionPtr& partition,
                                    const connectors::ScanRequest& request) override {
      const auto& range = static_cast<const Range&>(*partition);
      std::lock_guard lock(stream_.mutex_);
      arrow::Int64Builder values;
      for (int64_t i = range.from; i < range.to; ++i) {
        if (stream_.values_[i] == kPoison) {
          throw base::Error::Plain(base::ErrorKind::kRuntime, "poison");
        }
        (void)values.Append(stream_.values_[i]);
      }
      arrow::ArrayVector columns(request.columns.size(), values.Finish().ValueOrDie());
      arrow::FieldVector fields(request.columns.size(), arrow::field("v", arrow::int64()));
      return std::make_unique<Reader>(arrow::RecordBatch::Make(arrow::schema(fields), range.to - range.from, columns));
    }
    void Commit(const connectors::Offset& end) override {
      std::lock_guard lock(stream_.mutex_);
      stream_.committed_.push_back(end);
    }
    bool WakesOnData() const override { return stream_.wakes_; }

   private:
    NumberStream& stream_;
    int64_t fixed_ = -1;
  };

 public:
  static constexpr int64_t kPoison = -666;

 private:
  const bool wakes_;
  std::atomic<int64_t> limit_{0};
  mutable std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<int64_t> values_;
  std::vector<std::string> committed_;
  int64_t looks_ = 0;
};

/// Keeps what each batch wrote; several runs may share one record.
struct SinkRecord {
  std::mutex mutex;
  std::vector<std::pair<int64_t, std::vector<int64_t>>> batches;  ///< id and sorted first column
  std::string Text() {
    std::lock_guard lock(mutex);
    std::string out;
    for (const auto& [id, rows] : batches) {
      out += (out.empty() ? "" : " ") + std::to_string(id) + ":";
      for (size_t i = 0; i < rows.size(); ++i) out += (i ? "," : "") + std::to_string(rows[i]);
    }
    return out;
  }
};

class RecordingSink : public connectors::StreamSink {
 public:
  explicit RecordingSink(std::shared_ptr<SinkRecord> record,
                         connectors::BeforeLog before_log = connectors::BeforeLog::kNothing,
                         std::function<void(int64_t batch)> on_commit = nullptr)
      : record_(std::move(record)), before_log_(before_log), on_commit_(std::move(on_commit)) {}
  std::string Description() const override { return "RecordingSink"; }
  connectors::BeforeLog MayPrecedeLog() const override { return before_log_; }
  bool BeginBatch(const connectors::SinkBatch&) override {
    rows_.clear();
    return true;
  }
  connectors::PartitionWriterPtr OpenPartition(const connectors::SinkBatch&, int) override {
    return std::make_unique<Writer>(*this);
  }
  void CommitBatch(const connectors::SinkBatch& batch, const std::vector<connectors::WriterMessage>&) override {
    if (on_commit_) on_commit_(batch.batch_id);
    std::sort(rows_.begin(), rows_.end());
    output_rows_ = static_cast<int64_t>(rows_.size());
    std::lock_guard lock(record_->mutex);
    record_->batches.emplace_back(batch.batch_id, rows_);
  }
  int64_t LastOutputRows() const override { return output_rows_; }

 private:
  class Writer : public connectors::PartitionWriter {
   public:
    explicit Writer(RecordingSink& sink) : sink_(sink) {}
    void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
      const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(0));
      std::lock_guard lock(sink_.mutex_);
      for (int64_t i = 0; i < values.length(); ++i) sink_.rows_.push_back(values.Value(i));
    }
    connectors::WriterMessage Finish() override { return {}; }

   private:
    RecordingSink& sink_;
  };
  std::shared_ptr<SinkRecord> record_;
  const connectors::BeforeLog before_log_;
  const std::function<void(int64_t)> on_commit_;
  std::mutex mutex_;
  std::vector<int64_t> rows_;
  int64_t output_rows_ = 0;
};

}  // namespace sluice::streaming
