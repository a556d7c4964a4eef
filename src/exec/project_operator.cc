// Computes new columns from each row.
#include "exec/input_file.h"
#include "exec/operators.h"

namespace sluice::exec {
namespace {

class ProjectIterator final : public BatchIterator {
 public:
  ProjectIterator(BatchIteratorPtr child, const CompiledProjection& projection, std::shared_ptr<arrow::Schema> schema,
                  logical::EvalContext eval)
      : child_(std::move(child)), projection_(projection), schema_(std::move(schema)), eval_(std::move(eval)) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto batch = child_->Next();
    if (!batch) return nullptr;
    if (eval_.input_file_name != CurrentInputFile()) eval_.input_file_name = CurrentInputFile();
    auto columns = projection_.EvaluateArrays(eval_, *batch);
    eval_.rows_before += batch->num_rows();
    return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
  }

 private:
  BatchIteratorPtr child_;
  const CompiledProjection& projection_;
  std::shared_ptr<arrow::Schema> schema_;
  logical::EvalContext eval_;
};

logical::Attributes Outputs(const std::vector<logical::ExprPtr>& expressions) {
  logical::Attributes output;
  for (const auto& expression : expressions) output.push_back(logical::ToAttribute(expression));
  return output;
}

class ProjectOperator final : public Operator {
 public:
  ProjectOperator(OperatorPtr child, const std::vector<logical::ExprPtr>& expressions)
      : Operator(Outputs(expressions)),
        child_(std::move(child)),
        projection_(expressions, child_->output()),
        text_("Project " + ListText(expressions)) {}

  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    return std::make_unique<ProjectIterator>(child_->Open(context, partition), projection_, schema(),
                                             context.TaskEval(partition));
  }
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  CompiledProjection projection_;
  std::string text_;
};

}  // namespace

OperatorPtr MakeProject(OperatorPtr child, std::vector<logical::ExprPtr> expressions) {
  return std::make_shared<ProjectOperator>(std::move(child), expressions);
}

}  // namespace sluice::exec
