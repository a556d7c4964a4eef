// GROUP BY session_window of a batch: rows get the session that they belong to, then they are grouped by it.
#include <arrow/array/array_primitive.h>

#include "base/error.h"
#include "exec/aggregation.h"
#include "exec/operators.h"
#include "exec/row_gather.h"
#include "exec/session_merge.h"
#include "logical/watermark_metadata.h"

namespace sluice::exec {
namespace {

constexpr int64_t kBatchRows = 16384;

class SessionAggregateOperator final : public Operator {
 public:
  SessionAggregateOperator(OperatorPtr child, std::shared_ptr<const AggregationPlan> plan,
                           const logical::Attributes& grouping, int shuffle_partitions)
      : Operator(plan->output()), plan_(std::move(plan)), finished_(logical::ArrowSchema(plan_->finished())) {
    std::vector<logical::ExprPtr> others;
    for (const logical::AttributePtr& key : grouping) {
      bool session = session_ < 0 && logical::IsSessionWindow(key->metadata);
      for (size_t c = 0; c < child->output().size(); ++c) {
        if (child->output()[c]->id != key->id) continue;
        if (session) {
          session_ = static_cast<int>(c);
        } else {
          keys_.push_back(static_cast<int>(c));
        }
        break;
      }
      if (!session) others.push_back(key);
    }
    child_ = MakeExchange(std::move(child), others.empty() ? 1 : std::max(1, shuffle_partitions), others);
  }

  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override;
  std::string Describe() const override { return plan_->Describe("Session"); }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

  const AggregationPlan& plan() const { return *plan_; }
  const std::shared_ptr<arrow::Schema>& finished() const { return finished_; }

  // The rows in order of key and time, each with the whole session.
  std::shared_ptr<arrow::RecordBatch> WithSessions(
      const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) const {
    auto rows = ConcatenateBatches(child_->schema(), batches);
    arrow::ArrayVector keys;
    for (int key : keys_) keys.push_back(rows->column(key));
    MergedSessions merged = MergeSessions(keys, *rows->column(session_), rows->num_rows());
    std::vector<int64_t> starts, ends;
    starts.reserve(merged.session.size());
    ends.reserve(merged.session.size());
    for (uint32_t session : merged.session) {
      starts.push_back(merged.starts[session]);
      ends.push_back(merged.ends[session]);
    }
    auto sorted = TakeBatch(rows, RowNumbers(std::move(merged.order)));
    auto columns = sorted->columns();
    columns[session_] = SessionWindows(columns[session_]->type(), std::move(starts), std::move(ends));
    return arrow::RecordBatch::Make(child_->schema(), sorted->num_rows(), std::move(columns));
  }

 private:
  OperatorPtr child_;
  std::shared_ptr<const AggregationPlan> plan_;
  std::shared_ptr<arrow::Schema> finished_;
  int session_ = -1;
  std::vector<int> keys_;
};

class SessionAggregateIterator final : public BatchIterator {
 public:
  SessionAggregateIterator(const SessionAggregateOperator& node, BatchIteratorPtr child, ExecContext& context,
                           int partition)
      : node_(node), child_(std::move(child)), context_(context), eval_(context.TaskEval(partition)) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (child_) Aggregate();
    if (at_ >= rows_) return nullptr;
    int64_t rows = std::min(kBatchRows, rows_ - at_);
    arrow::ArrayVector columns;
    for (const auto& column : groups_) columns.push_back(column->Slice(at_, rows));
    at_ += rows;
    auto batch = arrow::RecordBatch::Make(node_.finished(), rows, std::move(columns));
    auto results = node_.plan().results().EvaluateArrays(eval_, *batch);
    eval_.rows_before += rows;
    return arrow::RecordBatch::Make(node_.schema(), rows, std::move(results));
  }

 private:
  void Aggregate() {
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    while (auto batch = child_->Next()) {
      context_.cancellation->Check();
      if (batch->num_rows() > 0) batches.push_back(std::move(batch));
    }
    child_.reset();
    if (batches.empty()) return;
    auto rows = node_.WithSessions(batches);
    batches.clear();
    PartialAggregation groups(node_.plan());
    auto eval = eval_;
    for (int64_t at = 0; at < rows->num_rows(); at += kBatchRows) groups.Add(eval, *rows->Slice(at, kBatchRows));
    rows_ = groups.groups();
    groups_ = groups.Finish(eval);
  }

  const SessionAggregateOperator& node_;
  BatchIteratorPtr child_;  // null once it has been read
  ExecContext& context_;
  logical::EvalContext eval_;
  arrow::ArrayVector groups_;
  int64_t rows_ = 0, at_ = 0;
};

BatchIteratorPtr SessionAggregateOperator::Open(ExecContext& context, int partition) const {
  return std::make_unique<SessionAggregateIterator>(*this, child_->Open(context, partition), context, partition);
}

}  // namespace

OperatorPtr MakeSessionAggregate(OperatorPtr child, const logical::Attributes& grouping,
                                 const std::vector<logical::ExprPtr>& results, int shuffle_partitions) {
  std::vector<logical::ExprPtr> keys(grouping.begin(), grouping.end());
  auto plan = std::make_shared<AggregationPlan>(keys, results, child->output());
  return std::make_shared<SessionAggregateOperator>(std::move(child), std::move(plan), grouping, shuffle_partitions);
}

}  // namespace sluice::exec
