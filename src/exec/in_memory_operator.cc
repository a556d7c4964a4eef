// Rows that are in memory already: local relations, memory-sink tables, cached frames, foreachBatch input.
#include "exec/operators.h"

namespace sluice::exec {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

std::shared_ptr<arrow::RecordBatch> WithSchema(const std::shared_ptr<arrow::RecordBatch>& batch,
                                               const std::shared_ptr<arrow::Schema>& schema) {
  if (batch->schema() == schema) return batch;
  return arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
}

std::string ListText(const std::vector<logical::ExprPtr>& expressions) {
  std::string text = "[";
  for (const auto& expression : expressions) {
    if (text.size() > 1) text += ", ";
    text += expression->ToString();
  }
  return text + "]";
}

std::string ListText(const logical::Attributes& attributes) {
  return ListText(std::vector<logical::ExprPtr>(attributes.begin(), attributes.end()));
}

namespace {

constexpr int64_t kBatchRows = 16384;
constexpr int64_t kRowsPerPartition = 32768;  // below that a second thread costs more than it gives

class SliceIterator final : public BatchIterator {
 public:
  SliceIterator(std::shared_ptr<const Batches> batches, std::shared_ptr<arrow::Schema> schema, int64_t begin,
                int64_t end)
      : batches_(std::move(batches)), schema_(std::move(schema)), skip_(begin), left_(end - begin) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    while (left_ > 0 && index_ < batches_->size()) {
      const auto& batch = (*batches_)[index_];
      if (skip_ >= batch->num_rows()) {
        skip_ -= batch->num_rows();
        ++index_;
        continue;
      }
      int64_t rows = std::min({left_, kBatchRows, batch->num_rows() - skip_});
      auto slice = rows == batch->num_rows() ? batch : batch->Slice(skip_, rows);
      skip_ += rows;
      left_ -= rows;
      return WithSchema(slice, schema_);
    }
    return nullptr;
  }

 private:
  std::shared_ptr<const Batches> batches_;
  std::shared_ptr<arrow::Schema> schema_;
  size_t index_ = 0;
  int64_t skip_, left_;
};

// The rows are split evenly, in order, as Spark's parallelize does.
class InMemoryOperator final : public Operator {
 public:
  InMemoryOperator(logical::Attributes output, std::function<Batches()> snapshot, std::string text)
      : Operator(std::move(output)), snapshot_(std::move(snapshot)), text_(std::move(text)) {}

  int Partitions(ExecContext& context) const override {
    auto data = Data(context);
    return static_cast<int>(
        std::clamp<int64_t>(data->rows / kRowsPerPartition, data->rows > 0 ? 1 : 0, context.parallelism));
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    auto data = Data(context);
    int64_t partitions = Partitions(context);
    int64_t begin = data->rows * partition / partitions, end = data->rows * (partition + 1) / partitions;
    return std::make_unique<SliceIterator>(std::shared_ptr<const Batches>(data, &data->batches), schema(), begin, end);
  }
  std::string Describe() const override { return text_; }

 private:
  struct Snapshot {
    Batches batches;
    int64_t rows = 0;
  };
  std::shared_ptr<Snapshot> Data(ExecContext& context) const {
    return context.Shared<Snapshot>(this, [&] {
      auto data = std::make_shared<Snapshot>();
      data->batches = snapshot_();
      for (const auto& batch : data->batches) data->rows += batch->num_rows();
      return data;
    });
  }
  std::function<Batches()> snapshot_;
  std::string text_;
};

// Another operator's rows, split into as many partitions as there can be.
class SplitOperator final : public Operator {
 public:
  explicit SplitOperator(OperatorPtr child) : Operator(child->output()), child_(std::move(child)) {}

  int Partitions(ExecContext& context) const override {
    return static_cast<int>(std::clamp<int64_t>(Rows(context)->rows, 1, context.parallelism));
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    auto data = Rows(context);
    int64_t partitions = Partitions(context);
    int64_t begin = data->rows * partition / partitions, end = data->rows * (partition + 1) / partitions;
    return std::make_unique<SliceIterator>(std::shared_ptr<const Batches>(data, &data->batches), schema(), begin, end);
  }
  std::string Describe() const override { return child_->Describe(); }
  std::vector<const Operator*> Children() const override { return child_->Children(); }

 private:
  struct Snapshot {
    Batches batches;
    int64_t rows = 0;
  };
  std::shared_ptr<Snapshot> Rows(ExecContext& context) const {
    return context.Shared<Snapshot>(this, [&] {
      auto data = std::make_shared<Snapshot>();
      for (int partition = 0, end = child_->Partitions(context); partition < end; ++partition) {
        auto iterator = child_->Open(context, partition);
        while (auto batch = iterator->Next()) {
          data->rows += batch->num_rows();
          data->batches.push_back(std::move(batch));
        }
      }
      return data;
    });
  }
  OperatorPtr child_;
};

}  // namespace

OperatorPtr MakeLocalData(const logical::LocalData& node) {
  bool empty = node.batches.empty();
  std::string text = "LocalTableScan " + std::string(empty ? "<empty>, " : "") + ListText(node.output);
  return std::make_shared<InMemoryOperator>(
      node.output, [batches = node.batches] { return batches; }, text);
}

OperatorPtr MakeSplit(OperatorPtr child) { return std::make_shared<SplitOperator>(std::move(child)); }

OperatorPtr MakeInMemory(const logical::InMemory& node) {
  std::string text = "Scan " + (node.name.empty() ? "InMemoryRelation" : node.name) + ListText(node.output);
  return std::make_shared<InMemoryOperator>(
      node.output, [source = node.source] { return source->Snapshot(); }, text);
}

}  // namespace sluice::exec
