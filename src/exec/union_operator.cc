// UNION ALL: the children's partitions one after the other.
#include "base/error.h"
#include "exec/operators.h"

namespace sluice::exec {
namespace {

class RenamingIterator final : public BatchIterator {
 public:
  RenamingIterator(BatchIteratorPtr child, std::shared_ptr<arrow::Schema> schema)
      : child_(std::move(child)), schema_(std::move(schema)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto batch = child_->Next();
    return batch ? WithSchema(batch, schema_) : nullptr;
  }

 private:
  BatchIteratorPtr child_;
  std::shared_ptr<arrow::Schema> schema_;
};

class UnionOperator final : public Operator {
 public:
  UnionOperator(std::vector<OperatorPtr> children, logical::Attributes output)
      : Operator(std::move(output)), children_(std::move(children)) {}

  int Partitions(ExecContext& context) const override {
    int total = 0;
    for (const OperatorPtr& child : children_) total += child->Partitions(context);
    return total;
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    for (const OperatorPtr& child : children_) {
      int partitions = child->Partitions(context);
      if (partition < partitions) {
        return std::make_unique<RenamingIterator>(child->Open(context, partition), schema());
      }
      partition -= partitions;
    }
    throw base::Error::Internal("no such partition of a union");
  }
  std::string Describe() const override { return "Union"; }
  std::vector<const Operator*> Children() const override {
    std::vector<const Operator*> children;
    for (const OperatorPtr& child : children_) children.push_back(child.get());
    return children;
  }

 private:
  std::vector<OperatorPtr> children_;
};

}  // namespace

OperatorPtr MakeUnion(std::vector<OperatorPtr> children, logical::Attributes output) {
  return std::make_shared<UnionOperator>(std::move(children), std::move(output));
}

}  // namespace sluice::exec
