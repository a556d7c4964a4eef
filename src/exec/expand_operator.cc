// Grouping sets: each row once per projection.
#include "exec/operators.h"
#include "exec/row_gather.h"

namespace sluice::exec {
namespace {

class ExpandOperator final : public Operator {
 public:
  ExpandOperator(OperatorPtr child, const logical::Expand& node) : Operator(node.output), child_(std::move(child)) {
    for (const auto& projection : node.projections) {
      projections_.push_back(std::make_unique<CompiledProjection>(projection, child_->output()));
      text_ += (text_.empty() ? "" : ", ") + ListText(projection);
    }
    text_ = "Expand [" + text_ + "], " + ListText(node.output);
  }

  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override;
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

  // The rows of one input row stay together, as Spark gives them.
  std::shared_ptr<arrow::RecordBatch> Expand(logical::EvalContext& eval, const arrow::RecordBatch& batch) const {
    auto rows = static_cast<int32_t>(batch.num_rows());
    std::vector<std::shared_ptr<arrow::RecordBatch>> copies;
    for (const auto& projection : projections_) {
      copies.push_back(
          WithSchema(arrow::RecordBatch::Make(schema(), rows, projection->EvaluateArrays(eval, batch)), schema()));
    }
    auto count = static_cast<int32_t>(copies.size());
    std::vector<int32_t> order;
    order.reserve(static_cast<size_t>(rows) * count);
    for (int32_t row = 0; row < rows; ++row) {
      for (int32_t copy = 0; copy < count; ++copy) order.push_back(copy * rows + row);
    }
    return TakeBatch(ConcatenateBatches(schema(), copies), RowNumbers(std::move(order)));
  }

 private:
  OperatorPtr child_;
  std::vector<std::unique_ptr<CompiledProjection>> projections_;
  std::string text_;
};

class ExpandIterator final : public BatchIterator {
 public:
  ExpandIterator(const ExpandOperator& node, BatchIteratorPtr child, logical::EvalContext eval)
      : node_(node), child_(std::move(child)), eval_(std::move(eval)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto batch = child_->Next();
    return batch ? node_.Expand(eval_, *batch) : nullptr;
  }

 private:
  const ExpandOperator& node_;
  BatchIteratorPtr child_;
  logical::EvalContext eval_;
};

BatchIteratorPtr ExpandOperator::Open(ExecContext& context, int partition) const {
  return std::make_unique<ExpandIterator>(*this, child_->Open(context, partition), context.TaskEval(partition));
}

}  // namespace

OperatorPtr MakeExpand(OperatorPtr child, const logical::Expand& node) {
  return std::make_shared<ExpandOperator>(std::move(child), node);
}

}  // namespace sluice::exec
