// Keeps the rows for which a condition is true.
#include <arrow/table.h>

#include "base/arrow_status.h"
#include "exec/input_file.h"
#include "exec/operators.h"

namespace sluice::exec {
namespace {

constexpr int64_t kSmallRows = 1024;  // batches below that are put together
constexpr int64_t kPendingRows = 8192;

class FilterIterator final : public BatchIterator {
 public:
  FilterIterator(BatchIteratorPtr child, const CompiledExpression& condition, logical::EvalContext eval)
      : child_(std::move(child)), condition_(condition), eval_(std::move(eval)) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (ready_) return std::move(ready_);
    while (auto batch = child_->Next()) {
      if (eval_.input_file_name != CurrentInputFile()) eval_.input_file_name = CurrentInputFile();
      auto kept = FilterBatch(batch, condition_.Evaluate(eval_, *batch));
      eval_.rows_before += batch->num_rows();
      if (kept->num_rows() == 0) continue;
      if (kept->num_rows() >= kSmallRows || (!pending_.empty() && pending_file_ != CurrentInputFile())) {
        if (pending_.empty()) return kept;
        ready_ = std::move(kept);
        return Flush();
      }
      if (pending_.empty()) pending_file_ = CurrentInputFile();
      pending_rows_ += kept->num_rows();
      pending_.push_back(std::move(kept));
      if (pending_rows_ >= kPendingRows) return Flush();
    }
    return pending_.empty() ? nullptr : Flush();
  }

 private:
  std::shared_ptr<arrow::RecordBatch> Flush() {
    auto merged = pending_.size() == 1 ? pending_[0] : base::ValueOrThrow(arrow::ConcatenateRecordBatches(pending_));
    pending_.clear();
    pending_rows_ = 0;
    SetCurrentInputFile(pending_file_);
    return merged;
  }

  BatchIteratorPtr child_;
  const CompiledExpression& condition_;
  logical::EvalContext eval_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> pending_;
  int64_t pending_rows_ = 0;
  std::string pending_file_;
  std::shared_ptr<arrow::RecordBatch> ready_;
};

class FilterOperator final : public Operator {
 public:
  FilterOperator(OperatorPtr child, const logical::ExprPtr& condition)
      : Operator(child->output()),
        child_(std::move(child)),
        condition_(Compile(condition, child_->output())),
        text_("Filter " + condition->ToString()) {}

  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    return std::make_unique<FilterIterator>(child_->Open(context, partition), *condition_, context.TaskEval(partition));
  }
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  CompiledExpressionPtr condition_;
  std::string text_;
};

}  // namespace

OperatorPtr MakeFilter(OperatorPtr child, logical::ExprPtr condition) {
  return std::make_shared<FilterOperator>(std::move(child), condition);
}

}  // namespace sluice::exec
