// df.observe: aggregates of the rows that pass, given to the query's observer at its end.
#include "exec/aggregation.h"
#include "exec/operators.h"

namespace sluice::exec {
namespace {

// The partial aggregates of the partitions opened in one execution, by partition.
struct Observed {
  std::mutex mutex;
  std::map<int, std::shared_ptr<PartialAggregation>> parts;
};

class MetricsIterator final : public BatchIterator {
 public:
  MetricsIterator(BatchIteratorPtr child, std::shared_ptr<PartialAggregation> part, logical::EvalContext eval)
      : child_(std::move(child)), part_(std::move(part)), eval_(std::move(eval)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto batch = child_->Next();
    if (batch) part_->Add(eval_, *batch);
    return batch;
  }

 private:
  BatchIteratorPtr child_;
  std::shared_ptr<PartialAggregation> part_;
  logical::EvalContext eval_;
};

class CollectMetricsOperator final : public Operator {
 public:
  CollectMetricsOperator(OperatorPtr child, const logical::CollectMetrics& node)
      : Operator(node.output),
        child_(std::move(child)),
        name_(node.name),
        plan_({}, node.metrics, child_->output()),
        finished_(logical::ArrowSchema(plan_.finished())),
        result_(logical::ArrowSchema(plan_.output())),
        text_("CollectMetrics " + node.name + ", " + ListText(node.metrics)) {}

  int Partitions(ExecContext& context) const override {
    Parts(context);
    return child_->Partitions(context);
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    auto parts = Parts(context);
    auto part = std::make_shared<PartialAggregation>(plan_);
    {
      std::lock_guard lock(parts->mutex);
      parts->parts[partition] = part;
    }
    return std::make_unique<MetricsIterator>(child_->Open(context, partition), std::move(part),
                                             context.TaskEval(partition));
  }
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  std::shared_ptr<Observed> Parts(ExecContext& context) const {
    return context.Shared<Observed>(this, [&] {
      auto observed = std::make_shared<Observed>();
      context.AtEnd(this, [this, &context, observed] { Finish(context, *observed); });
      return observed;
    });
  }
  void Finish(ExecContext& context, Observed& observed) const {
    auto eval = context.TaskEval(0);
    PartialAggregation total(plan_);
    for (auto& [partition, part] : observed.parts) {
      if (part->groups() > 0) total.Merge(eval, part->Rows());
    }
    auto row = arrow::RecordBatch::Make(finished_, 1, total.Finish(eval));
    auto values = arrow::RecordBatch::Make(result_, 1, plan_.results().EvaluateArrays(eval, *row));
    std::lock_guard lock(context.metrics_mutex);
    context.observed[name_] = std::move(values);
  }

  OperatorPtr child_;
  std::string name_;
  AggregationPlan plan_;
  std::shared_ptr<arrow::Schema> finished_, result_;
  std::string text_;
};

}  // namespace

OperatorPtr MakeCollectMetrics(OperatorPtr child, const logical::CollectMetrics& node) {
  return std::make_shared<CollectMetricsOperator>(std::move(child), node);
}

}  // namespace sluice::exec
