// explode and its like: several rows out of one.
#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_primitive.h>

#include "base/arrow_status.h"
#include "exec/expression_frame.h"
#include "exec/operators.h"
#include "exec/row_gather.h"

namespace sluice::exec {
namespace {

// Adds a row of nulls for each input row that generated none.
void AddMissingParents(int64_t rows, logical::GeneratedRows* generated) {
  std::vector<int64_t> parents;
  arrow::Int32Builder sources;
  size_t next = 0;
  bool missing = false;
  for (int64_t row = 0; row < rows; ++row) {
    if (next == generated->parents.size() || generated->parents[next] != row) {
      parents.push_back(row);
      base::ThrowIfError(sources.AppendNull());
      missing = true;
    }
    for (; next < generated->parents.size() && generated->parents[next] == row; ++next) {
      parents.push_back(row);
      base::ThrowIfError(sources.Append(static_cast<int32_t>(next)));
    }
  }
  if (!missing) return;
  auto indices = base::ValueOrThrow(sources.Finish());
  for (auto& output : generated->outputs) output = TakeRows(output, indices);
  generated->parents = std::move(parents);
}

class GenerateOperator final : public Operator {
 public:
  GenerateOperator(OperatorPtr child, const logical::Generate& node)
      : Operator(node.output),
        child_(std::move(child)),
        binding_(node.generator->binding),
        outer_(node.outer || binding_->outer),
        arguments_(node.generator->children, child_->output()),
        text_("Generate " + node.generator->ToString() + ", " + ListText(child_->output()) + ", " +
              (node.outer ? "true" : "false") + ", " + ListText(node.generated)) {}

  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override;
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

  std::shared_ptr<arrow::RecordBatch> Generate(logical::EvalContext& eval, const arrow::RecordBatch& batch) const {
    auto generated = binding_->kernel(eval, arguments_.EvaluateArrays(eval, batch), batch.num_rows());
    if (outer_) AddMissingParents(batch.num_rows(), &generated);
    auto rows = static_cast<int64_t>(generated.parents.size());
    auto parents = RowNumbers({generated.parents.begin(), generated.parents.end()});
    arrow::ArrayVector columns;
    for (const auto& column : batch.columns()) columns.push_back(TakeRows(column, parents));
    columns.insert(columns.end(), generated.outputs.begin(), generated.outputs.end());
    return arrow::RecordBatch::Make(schema(), rows, std::move(columns));
  }

 private:
  OperatorPtr child_;
  logical::GeneratorBindingPtr binding_;
  bool outer_;
  CompiledProjection arguments_;
  std::string text_;
};

class GenerateIterator final : public BatchIterator {
 public:
  GenerateIterator(const GenerateOperator& node, BatchIteratorPtr child, logical::EvalContext eval)
      : node_(node), child_(std::move(child)), eval_(std::move(eval)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto batch = child_->Next();
    if (!batch) return nullptr;
    auto rows = node_.Generate(eval_, *batch);
    eval_.rows_before += batch->num_rows();
    return rows;
  }

 private:
  const GenerateOperator& node_;
  BatchIteratorPtr child_;
  logical::EvalContext eval_;
};

BatchIteratorPtr GenerateOperator::Open(ExecContext& context, int partition) const {
  return std::make_unique<GenerateIterator>(*this, child_->Open(context, partition), context.TaskEval(partition));
}

}  // namespace

OperatorPtr MakeGenerate(OperatorPtr child, const logical::Generate& node) {
  return std::make_shared<GenerateOperator>(std::move(child), node);
}

}  // namespace sluice::exec
