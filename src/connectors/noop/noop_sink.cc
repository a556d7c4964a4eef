// The noop sink: computes all rows and writes none; for measuring.
#include "connectors/spi/registry.h"

namespace sluice::connectors {
namespace {

class NoopWriter : public PartitionWriter {
 public:
  void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override { rows_ += batch->num_rows(); }
  WriterMessage Finish() override { return {{}, rows_}; }

 private:
  int64_t rows_ = 0;
};

class NoopSink : public StreamSink {
 public:
  std::string Description() const override { return "NoopTable"; }
  PartitionWriterPtr OpenPartition(const SinkBatch&, int) override { return std::make_unique<NoopWriter>(); }
  void CommitBatch(const SinkBatch&, const std::vector<WriterMessage>& messages) override {
    rows_ = 0;
    for (const WriterMessage& message : messages) rows_ += message.rows;
  }
  BeforeLog MayPrecedeLog() const override { return BeforeLog::kAll; }
  int64_t LastOutputRows() const override { return rows_; }

 private:
  int64_t rows_ = 0;
};

class NoopWrite : public BatchWrite {
 public:
  PartitionWriterPtr OpenPartition(int) override { return std::make_unique<NoopWriter>(); }
  void Commit(const std::vector<WriterMessage>&) override {}
};

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, Noop) {
  DataSourceEntry entry;
  entry.name = "noop";
  entry.aliases = {"org.apache.spark.sql.execution.datasources.noop.NoopDataSource"};
  entry.usage = "Computes the rows and drops them; for measuring and for queries that only feed state.";
  entry.write_stream = [](const StreamSinkContext&, const plan::Options&, const std::string&) {
    return std::make_unique<NoopSink>();
  };
  entry.write = [](const WriteSpec&) { return std::make_unique<NoopWrite>(); };
  entry.output_modes = {OutputMode::kAppend, OutputMode::kUpdate, OutputMode::kComplete};
  entry.temporary_checkpoint = true;
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
