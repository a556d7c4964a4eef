// The Kafka sink: rows of a batch are in Kafka before the batch commits; a batch that runs again writes them again.
#include "connectors/kafka/kafka_sink.h"

#include <fmt/format.h>

#include "base/error.h"
#include "connectors/kafka/producer.h"

namespace sluice::connectors::kafka {
namespace {

// One producer for all partitions and batches of a write.
class Output {
 public:
  Output(const types::DataType& schema, SinkOptions options)
      : layout_(schema, options), producer_(std::move(options)) {}
  void Write(const arrow::RecordBatch& rows) { producer_.Send(rows, layout_); }
  void Flush() { producer_.Flush(); }
  void Reset() { producer_.Reset(); }

 private:
  RecordLayout layout_;
  Producer producer_;
};

class KafkaWriter : public PartitionWriter {
 public:
  explicit KafkaWriter(Output& output) : output_(output) {}
  void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    output_.Write(*batch);
    rows_ += batch->num_rows();
  }
  WriterMessage Finish() override { return {{}, rows_}; }

 private:
  Output& output_;
  int64_t rows_ = 0;
};

class KafkaSink : public StreamSink {
 public:
  explicit KafkaSink(plan::Options options) : options_(std::move(options)) {}

  std::string Description() const override {
    return fmt::format("org.apache.spark.sql.kafka010.KafkaSourceProvider$KafkaTable@{:x}",
                       reinterpret_cast<uintptr_t>(this) & 0x7fffffff);
  }
  bool BeginBatch(const SinkBatch& batch) override {
    if (!output_) output_ = std::make_unique<Output>(*batch.schema, ParseSinkOptions(options_));
    return true;
  }
  PartitionWriterPtr OpenPartition(const SinkBatch&, int) override { return std::make_unique<KafkaWriter>(*output_); }
  void CommitBatch(const SinkBatch&, const std::vector<WriterMessage>& messages) override {
    output_->Flush();
    rows_ = 0;
    for (const WriterMessage& message : messages) rows_ += message.rows;
  }
  void AbortBatch(const SinkBatch&) override {
    if (output_) output_->Reset();
  }
  int64_t LastOutputRows() const override { return rows_; }

 private:
  plan::Options options_;
  std::unique_ptr<Output> output_;
  int64_t rows_ = 0;
};

class KafkaWrite : public BatchWrite {
 public:
  explicit KafkaWrite(const WriteSpec& spec) : output_(*spec.schema, ParseSinkOptions(spec.options)) {}
  PartitionWriterPtr OpenPartition(int) override { return std::make_unique<KafkaWriter>(output_); }
  void Commit(const std::vector<WriterMessage>&) override { output_.Flush(); }
  void Abort() override { output_.Reset(); }

 private:
  Output output_;
};

void CheckMode(plan::SaveMode mode) {
  if (mode != plan::SaveMode::kOverwrite && mode != plan::SaveMode::kIgnore) return;
  throw base::Error::Plain(
      base::ErrorKind::kAnalysis,
      fmt::format("Save mode {} not allowed for Kafka. Allowed save modes are Append and ErrorIfExists (default).",
                  mode == plan::SaveMode::kOverwrite ? "Overwrite" : "Ignore"),
      "_LEGACY_ERROR_TEMP_3081");
}

}  // namespace

std::unique_ptr<StreamSink> MakeKafkaSink(const StreamSinkContext&, const plan::Options& options, const std::string&) {
  return std::make_unique<KafkaSink>(options);
}

BatchWritePtr WriteKafkaBatch(const WriteSpec& spec) {
  CheckMode(spec.mode);
  return std::make_unique<KafkaWrite>(spec);
}

}  // namespace sluice::connectors::kafka
