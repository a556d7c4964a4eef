// Reads batch tables and the ranges of stream sources.
#include "base/error.h"
#include "connectors/spi/batch.h"
#include "connectors/spi/stream.h"
#include "exec/input_file.h"
#include "exec/operators.h"

namespace sluice::exec {
namespace {

connectors::ScanRequest MakeRequest(const logical::Attributes& output, const std::vector<std::string>& columns,
                                    const std::vector<logical::ExprPtr>& pushed, const std::string& time_zone) {
  connectors::ScanRequest request;
  request.columns = columns;
  std::vector<types::StructField> fields;
  for (size_t i = 0; i < output.size(); ++i) {
    fields.push_back({columns[i], output[i]->type, output[i]->nullable, output[i]->metadata});
  }
  request.schema = types::Struct(std::move(fields));
  request.filters = pushed;
  request.time_zone = time_zone;
  return request;
}

class ScanIterator final : public BatchIterator {
 public:
  ScanIterator(connectors::BatchReaderPtr reader, std::shared_ptr<arrow::Schema> schema,
               std::atomic<int64_t>* rows_read)
      : reader_(std::move(reader)), schema_(std::move(schema)), rows_read_(rows_read) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto batch = reader_->Next();
    if (!batch) {
      SetCurrentInputFile("");
      return nullptr;
    }
    SetCurrentInputFile(reader_->CurrentFile());
    if (rows_read_) rows_read_->fetch_add(batch->num_rows(), std::memory_order_relaxed);
    return WithSchema(batch, schema_);
  }

 private:
  connectors::BatchReaderPtr reader_;
  std::shared_ptr<arrow::Schema> schema_;
  std::atomic<int64_t>* rows_read_;
};

connectors::ScanRequest RequestIn(const ExecContext& context, const connectors::ScanRequest& request) {
  connectors::ScanRequest out = request;
  out.cancellation = context.cancellation;
  return out;
}

struct ScanPartitions {
  std::vector<connectors::InputPartitionPtr> partitions;
};

class TableScanOperator final : public Operator {
 public:
  TableScanOperator(const logical::Scan& node, const std::string& time_zone)
      : Operator(node.output),
        table_(std::dynamic_pointer_cast<connectors::BatchTable>(node.table)),
        request_(MakeRequest(node.output, node.columns, node.pushed, time_zone)),
        text_(node.table->Describe() + ListText(node.output)) {
    if (!table_) throw base::Error::Internal("not a batch table: " + node.table->Describe());
  }

  int Partitions(ExecContext& context) const override { return static_cast<int>(Plan(context)->partitions.size()); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    return std::make_unique<ScanIterator>(
        table_->Open(Plan(context)->partitions[partition], RequestIn(context, request_)), schema(), nullptr);
  }
  std::string Describe() const override { return text_; }

 private:
  std::shared_ptr<ScanPartitions> Plan(ExecContext& context) const {
    return context.Shared<ScanPartitions>(this, [&] {
      return std::make_shared<ScanPartitions>(
          ScanPartitions{table_->Partitions(RequestIn(context, request_), context.parallelism)});
    });
  }
  connectors::BatchTablePtr table_;
  connectors::ScanRequest request_;
  std::string text_;
};

class StreamScanOperator final : public Operator {
 public:
  StreamScanOperator(const logical::StreamScan& node, const std::string& time_zone)
      : Operator(node.output),
        stream_(node.stream),
        request_(MakeRequest(node.output, node.columns, node.pushed, time_zone)),
        text_("StreamingRelation " + node.stream->Describe() + ListText(node.output)) {}

  int Partitions(ExecContext& context) const override { return static_cast<int>(Plan(context)->partitions.size()); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    const SourceRange& range = Range(context);
    auto counter = context.rows_read.find(stream_.get());
    return std::make_unique<ScanIterator>(range.source->Open(Plan(context)->partitions[partition], request_), schema(),
                                          counter == context.rows_read.end() ? nullptr : counter->second);
  }
  std::string Describe() const override { return text_; }

 private:
  const SourceRange& Range(ExecContext& context) const {
    auto found = context.sources.find(stream_.get());
    if (found == context.sources.end()) {
      throw base::Error::Internal("the micro-batch has no range of " + stream_->Describe());
    }
    return found->second;
  }
  std::shared_ptr<ScanPartitions> Plan(ExecContext& context) const {
    return context.Shared<ScanPartitions>(this, [&] {
      auto plan = std::make_shared<ScanPartitions>();
      const SourceRange& range = Range(context);
      if (!range.empty) plan->partitions = range.source->Partitions(range.start, range.end, request_);
      return plan;
    });
  }
  std::shared_ptr<logical::StreamHandle> stream_;
  connectors::ScanRequest request_;
  std::string text_;
};

}  // namespace

OperatorPtr MakeTableScan(const logical::Scan& node, const std::string& time_zone) {
  return std::make_shared<TableScanOperator>(node, time_zone);
}

OperatorPtr MakeStreamScan(const logical::StreamScan& node, const std::string& time_zone) {
  return std::make_shared<StreamScanOperator>(node, time_zone);
}

}  // namespace sluice::exec
