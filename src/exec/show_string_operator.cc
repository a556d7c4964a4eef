// df.show(): one row with the whole table as text.
#include <arrow/array/builder_binary.h>

#include "base/arrow_status.h"
#include "exec/operators.h"
#include "exec/show_table.h"

namespace sluice::exec {
namespace {

class OneBatchIterator final : public BatchIterator {
 public:
  explicit OneBatchIterator(std::shared_ptr<arrow::RecordBatch> batch) : batch_(std::move(batch)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override { return std::move(batch_); }

 private:
  std::shared_ptr<arrow::RecordBatch> batch_;
};

class ShowStringOperator final : public Operator {
 public:
  ShowStringOperator(OperatorPtr child, const logical::ShowString& node)
      : Operator(node.output),
        options_{node.num_rows, node.truncate, node.vertical, node.html},
        columns_(node.child()->Schema()),
        child_(MakeLimit(std::move(child), 0, std::max<int64_t>(node.num_rows, 0) + 1)) {}

  int Partitions(ExecContext& context) const override {
    child_->Partitions(context);
    return 1;
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    auto rows = child_->Open(context, 0);
    while (auto batch = rows->Next()) batches.push_back(std::move(batch));
    auto eval = context.TaskEval(partition);
    arrow::StringBuilder builder;
    base::ThrowIfError(builder.Append(ShowTable(eval, *columns_, batches, options_)));
    auto text = base::ValueOrThrow(builder.Finish());
    return std::make_unique<OneBatchIterator>(arrow::RecordBatch::Make(schema(), 1, {text}));
  }
  std::string Describe() const override { return "ShowString"; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  ShowOptions options_;
  types::TypePtr columns_;
  OperatorPtr child_;
};

}  // namespace

OperatorPtr MakeShowString(OperatorPtr child, const logical::ShowString& node) {
  return std::make_shared<ShowStringOperator>(std::move(child), node);
}

}  // namespace sluice::exec
