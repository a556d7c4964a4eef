// Scans over a running query's batch.
#include "streaming/micro_batch_table.h"

#include <algorithm>

#include "base/error.h"

namespace sluice::streaming {

// One run of the batch's operators; its partitions are read by the threads of whoever scans.
struct MicroBatchTable::Execution {
  explicit Execution(MicroBatchPtr of_batch)
      : batch(std::move(of_batch)), context(batch->NewContext()), scope(*context) {}

  void PartitionEnded() {
    if (--open_partitions > 0) return;
    scope.Complete();
    batch->Finish(*context);
  }

  MicroBatchPtr batch;
  std::unique_ptr<exec::ExecContext> context;
  exec::ExecContext::RunScope scope;
  std::atomic<int> open_partitions{0};
};

struct MicroBatchTable::Partition : connectors::InputPartition {
  std::shared_ptr<Execution> execution;  // null: kept rows
  int number = 0;
};

namespace {

std::vector<int> ColumnNumbers(const std::vector<std::string>& names, const std::vector<std::string>& wanted) {
  std::vector<int> numbers;
  for (const std::string& name : wanted) {
    auto found = std::ranges::find(names, name);
    if (found == names.end()) throw base::Error::Internal("A batch's frame has no column " + name);
    numbers.push_back(static_cast<int>(found - names.begin()));
  }
  return numbers;
}

std::shared_ptr<arrow::RecordBatch> SelectColumns(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                  const std::vector<int>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (int column : columns) {
    fields.push_back(batch->schema()->field(column));
    arrays.push_back(batch->column(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(arrays));
}

}  // namespace

class MicroBatchTable::RunningReader : public connectors::BatchReader {
 public:
  RunningReader(std::shared_ptr<Execution> execution, int partition, std::vector<int> columns)
      : execution_(std::move(execution)),
        rows_(execution_->batch->root().Open(*execution_->context, partition)),
        columns_(std::move(columns)) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (!rows_) return nullptr;
    execution_->context->cancellation->Check();
    if (auto batch = rows_->Next()) return SelectColumns(batch, columns_);
    rows_.reset();
    execution_->PartitionEnded();
    return nullptr;
  }

 private:
  std::shared_ptr<Execution> execution_;
  exec::BatchIteratorPtr rows_;
  std::vector<int> columns_;
};

class MicroBatchTable::KeptReader : public connectors::BatchReader {
 public:
  KeptReader(std::shared_ptr<MicroBatchTable> table, const Rows& rows, std::vector<int> columns)
      : table_(std::move(table)), rows_(rows), columns_(std::move(columns)) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    return next_ < rows_.size() ? SelectColumns(rows_[next_++], columns_) : nullptr;
  }

 private:
  std::shared_ptr<MicroBatchTable> table_;
  const Rows& rows_;
  std::vector<int> columns_;
  size_t next_ = 0;
};

MicroBatchTable::MicroBatchTable(MicroBatchPtr batch) : batch_(std::move(batch)) {
  std::vector<types::StructField> fields;
  for (const logical::AttributePtr& column : batch_->root().output()) {
    fields.push_back({column->name, column->type, column->nullable, column->metadata});
    std::string name = column->name;
    while (std::ranges::find(names_, name) != names_.end()) name += "'";
    names_.push_back(std::move(name));
  }
  schema_ = types::Struct(std::move(fields));
}

logical::PlanPtr MicroBatchTable::Plan() {
  logical::Attributes output;
  for (const logical::AttributePtr& column : batch_->root().output()) {
    output.push_back(column->WithNewId()->WithQualifier({}));
  }
  return std::make_shared<logical::Scan>(shared_from_this(), std::move(output), names_);
}

void MicroBatchTable::KeepRows() {
  std::lock_guard lock(keep_mutex_);
  if (kept_) return;
  auto context = batch_->NewContext();
  exec::ExecContext::RunScope scope(*context);
  std::vector<Rows> rows(batch_->root().Partitions(*context));
  exec::Run(batch_->root(), *context, [&](int partition, std::shared_ptr<arrow::RecordBatch> batch) {
    if (batch->num_rows() > 0) rows[partition].push_back(std::move(batch));
  });
  scope.Complete();
  batch_->Finish(*context);
  kept_ = std::move(rows);
}

std::vector<connectors::InputPartitionPtr> MicroBatchTable::Partitions(const connectors::ScanRequest&, int) {
  if (batch_->runtime().ended) {
    throw base::Error::Plain(base::ErrorKind::kIllegalState,
                             "The streaming query of this micro-batch has ended; its rows cannot be read any more");
  }
  executed_ = true;
  std::vector<connectors::InputPartitionPtr> partitions;
  auto add = [&](std::shared_ptr<Execution> execution, int number) {
    auto partition = std::make_shared<Partition>();
    partition->execution = std::move(execution);
    partition->number = number;
    partitions.push_back(std::move(partition));
  };
  if (batch_->is_stateful()) {
    KeepRows();
    for (size_t p = 0; p < kept_->size(); ++p) add(nullptr, static_cast<int>(p));
    return partitions;
  }
  auto execution = std::make_shared<Execution>(batch_);
  int count = batch_->root().Partitions(*execution->context);
  execution->open_partitions = count;
  for (int p = 0; p < count; ++p) add(execution, p);
  if (count == 0) {
    execution->open_partitions = 1;
    execution->PartitionEnded();
  }
  return partitions;
}

connectors::BatchReaderPtr MicroBatchTable::Open(const connectors::InputPartitionPtr& partition,
                                                 const connectors::ScanRequest& request) {
  const auto& part = static_cast<const Partition&>(*partition);
  std::vector<int> columns = ColumnNumbers(names_, request.columns);
  if (!part.execution) {
    return std::make_unique<KeptReader>(shared_from_this(), (*kept_)[part.number], std::move(columns));
  }
  return std::make_unique<RunningReader>(part.execution, part.number, std::move(columns));
}

}  // namespace sluice::streaming
