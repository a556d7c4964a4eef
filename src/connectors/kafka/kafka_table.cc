// A batch query's view of topics: the records between two positions of each partition.
#include "connectors/kafka/kafka_errors.h"
#include "connectors/kafka/kafka_source.h"
#include "connectors/kafka/record_columns.h"
#include "connectors/kafka/record_reader.h"

namespace sluice::connectors::kafka {
namespace {

// What one look at the brokers gave; its readers keep it.
struct Reading {
  SourceOptions options;
  ConsumerPtr consumer;
  FeedPoolPtr feeds;
};

struct ReadingPartition : RecordPartition {
  ReadingPartition(std::shared_ptr<Reading> of_reading, OffsetRange of_range)
      : RecordPartition(std::move(of_range)), reading(std::move(of_reading)) {}
  std::shared_ptr<Reading> reading;
};

class ReadingReader : public BatchReader {
 public:
  ReadingReader(const ReadingPartition& partition, const ScanRequest& request)
      : reading_(partition.reading),
        reader_(OpenRecords(reading_->feeds, reading_->consumer, reading_->options, partition.range, request)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override { return reader_->Next(); }

 private:
  std::shared_ptr<Reading> reading_;
  BatchReaderPtr reader_;
};

class KafkaTable : public BatchTable {
 public:
  explicit KafkaTable(const ReadSpec& spec)
      : options_(ParseSourceOptions(spec.options, spec.conf, false)), schema_(RecordSchema(options_.include_headers)) {}
  std::string Describe() const override {
    return "Scan KafkaRelation(strategy=" + options_.subscription.Describe() + ")";
  }
  types::TypePtr schema() const override { return schema_; }
  std::vector<InputPartitionPtr> Partitions(const ScanRequest& request, int) override {
    auto reading = std::make_shared<Reading>();
    reading->options = options_;
    reading->consumer = std::make_shared<Consumer>(reading->options, request.cancellation);
    reading->feeds = std::make_shared<FeedPool>(reading->consumer, reading->options, nullptr);
    OffsetFetcher fetcher(reading->options, reading->consumer);
    std::vector<InputPartitionPtr> partitions;
    for (OffsetRange& range : fetcher.BatchRanges()) {
      partitions.push_back(std::make_shared<ReadingPartition>(reading, std::move(range)));
    }
    return partitions;
  }
  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return std::make_unique<ReadingReader>(static_cast<const ReadingPartition&>(*partition), request);
  }

 private:
  SourceOptions options_;
  types::TypePtr schema_;
};

}  // namespace

BatchTablePtr ReadKafkaBatch(const ReadSpec& spec) {
  if (spec.schema)
    throw IllegalArgument("requirement failed: Kafka source has a fixed schema and cannot be set with a custom one");
  CheckBatchSourceOptions(spec.options);
  return std::make_shared<KafkaTable>(spec);
}

}  // namespace sluice::connectors::kafka
