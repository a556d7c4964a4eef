// The Kafka sink: rows of a batch are in Kafka before the batch commits. One that runs again is written again, or, with
// exactly-once delivery, is one transaction that is not repeated.
#include "connectors/kafka/kafka_sink.h"

#include <fmt/format.h>

#include <atomic>

#include "base/error.h"
#include "connectors/kafka/batch_transactions.h"
#include "connectors/kafka/dead_letters.h"
#include "connectors/kafka/kafka_errors.h"
#include "connectors/kafka/producer.h"

namespace sluice::connectors::kafka {
namespace {

// One producer for all partitions and batches of a write.
class Output {
 public:
  Output(const types::DataType& schema, SinkOptions options, base::CancellationPtr cancellation)
      : layout_(schema, options), producer_(std::move(options), std::move(cancellation)) {}
  void Write(const arrow::RecordBatch& rows) { producer_.Send(rows, layout_); }
  void Flush() { producer_.Flush(); }
  void Reset() { producer_.Reset(); }
  Producer& producer() { return producer_; }

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

class KafkaSink : public StreamSink, public SharedTransactions {
 public:
  KafkaSink(types::TypePtr schema, plan::Options options) : schema_(std::move(schema)), options_(std::move(options)) {}

  std::string Description() const override {
    return fmt::format("org.apache.spark.sql.kafka010.KafkaSourceProvider$KafkaTable@{:x}",
                       reinterpret_cast<uintptr_t>(this) & 0x7fffffff);
  }
  void Start(const SinkRun& run) override { run_ = run; }
  bool BeginBatch(const SinkBatch& batch) override {
    if (!output_) Open();
    rows_ = 0;
    shared_ = false;
    output_->producer().SetSubject(fmt::format("batch {}", batch.batch_id));
    return !transactions_ || transactions_->Begin(batch);
  }
  PartitionWriterPtr OpenPartition(const SinkBatch&, int) override { return std::make_unique<KafkaWriter>(*output_); }
  void CommitBatch(const SinkBatch&, const std::vector<WriterMessage>& messages) override {
    for (const WriterMessage& message : messages) rows_ += message.rows;
    transactions_ ? transactions_->Commit(rows_ > 0 || shared_) : output_->Flush();
  }
  void AbortBatch(const SinkBatch&) override {
    if (transactions_) transactions_->Abort();
    output_->Reset();
  }
  BeforeLog MayPrecedeLog() const override { return IsExactlyOnce(options_) ? BeforeLog::kRows : BeforeLog::kAll; }
  Producer* transaction() override { return transactions_ ? &output_->producer() : nullptr; }
  void NoteShared() override { shared_ = true; }
  int64_t LastOutputRows() const override { return rows_; }
  void Stop() override {
    transactions_.reset();
    output_.reset();
  }

 private:
  void Open() {
    SinkOptions options = ParseSinkOptions(options_);
    bool exactly_once = options.exactly_once;
    if (exactly_once) options.client.emplace("transactional.id", BatchTransactions::NameOf(run_.query_id));
    output_ = std::make_unique<Output>(*schema_, std::move(options), run_.cancellation);
    if (exactly_once) transactions_ = std::make_unique<BatchTransactions>(output_->producer(), run_.query_id);
  }

  types::TypePtr schema_;
  plan::Options options_;
  SinkRun run_;
  std::unique_ptr<Output> output_;
  std::unique_ptr<BatchTransactions> transactions_;  ///< null: at least once
  int64_t rows_ = 0;
  std::atomic<bool> shared_{false};  ///< the transaction has records that are no rows of the sink
};

class KafkaWrite : public BatchWrite {
 public:
  explicit KafkaWrite(const WriteSpec& spec)
      : output_(*spec.schema, ParseSinkOptions(spec.options), spec.cancellation) {}
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

// A restart can only find the transactions of a query that it recognizes. A query without a checkpoint is refused by
// the session, in Spark's words.
void CheckIdentity(const StreamSinkContext& context, const plan::Options& options) {
  if (context.checkpoint.empty() || plan::FindOption(options, "checkpointLocation") || !context.query_name.empty())
    return;
  throw IllegalArgument(
      "Option 'sluice.delivery' can be 'exactly-once' only for a query that goes on after a restart: set the option "
      "checkpointLocation, or a query name below spark.sql.streaming.checkpointLocation");
}

}  // namespace

std::unique_ptr<StreamSink> MakeKafkaSink(const StreamSinkContext& context, const plan::Options& options,
                                          const std::string&) {
  CheckStreamSinkOptions(options);
  if (IsExactlyOnce(options)) CheckIdentity(context, options);
  return std::make_unique<KafkaSink>(context.schema, options);
}

BatchWritePtr WriteKafkaBatch(const WriteSpec& spec) {
  CheckMode(spec.mode);
  if (IsExactlyOnce(spec.options)) {
    throw IllegalArgument("Option 'sluice.delivery' can be 'exactly-once' only for a stream");
  }
  return std::make_unique<KafkaWrite>(spec);
}

}  // namespace sluice::connectors::kafka
