// ORDER BY and SORT BY: sorted runs, merged while they are read.
#include <arrow/util/byte_size.h>

#include <deque>

#include "exec/operators.h"
#include "exec/row_gather.h"
#include "exec/sort_key.h"

namespace sluice::exec {
namespace {

constexpr int64_t kBatchRows = 16384;
constexpr int64_t kRunBytes = 256 << 20;  // keeps a run's string offsets below 2^31

// The order of a sort, compiled.
struct SortOrder {
  std::unique_ptr<CompiledProjection> keys;
  std::vector<SortDirection> directions;
  std::string text;

  SortOrder(const std::vector<std::shared_ptr<const logical::SortOrderExpr>>& order, const logical::Attributes& input) {
    std::vector<logical::ExprPtr> expressions;
    for (const auto& key : order) {
      expressions.push_back(key->children[0]);
      directions.push_back({key->ascending, key->nulls_first});
      text += (text.empty() ? "" : ", ") + key->ToString();
    }
    keys = std::make_unique<CompiledProjection>(expressions, input);
  }
};

struct Run {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::unique_ptr<SortKeys> keys;
  std::vector<int32_t> order;
};

// Collects the rows of one partition and sorts them; with a limit it keeps only the first rows.
class RunBuilder {
 public:
  RunBuilder(const SortOrder& order, std::shared_ptr<arrow::Schema> schema, logical::EvalContext eval, int64_t limit)
      : order_(order), schema_(std::move(schema)), eval_(std::move(eval)), limit_(limit) {}

  void Add(std::shared_ptr<arrow::RecordBatch> batch) {
    if (batch->num_rows() == 0) return;
    rows_ += batch->num_rows();
    bytes_ += arrow::util::TotalBufferSize(*batch);
    batches_.push_back(std::move(batch));
    if (limit_ >= 0 && rows_ >= std::max<int64_t>(65536, 4 * limit_)) {
      Run run = Sort();
      run.rows = TakeBatch(run.rows, RowNumbers(std::move(run.order)));
      rows_ = run.rows->num_rows();
      bytes_ = arrow::util::TotalBufferSize(*run.rows);
      batches_.push_back(std::move(run.rows));
    } else if (limit_ < 0 && bytes_ >= kRunBytes) {
      Finish();
    }
  }
  std::vector<Run> Take() {
    Finish();
    return std::move(runs_);
  }

 private:
  void Finish() {
    if (batches_.empty()) return;
    runs_.push_back(Sort());
    rows_ = bytes_ = 0;
  }
  Run Sort() {
    Run run;
    run.rows = ConcatenateBatches(schema_, batches_);
    batches_.clear();
    run.keys = std::make_unique<SortKeys>(order_.keys->EvaluateArrays(eval_, *run.rows), order_.directions,
                                          run.rows->num_rows());
    run.order = SortedRows(*run.keys, limit_);
    return run;
  }

  const SortOrder& order_;
  std::shared_ptr<arrow::Schema> schema_;
  logical::EvalContext eval_;
  int64_t limit_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  int64_t rows_ = 0, bytes_ = 0;
  std::vector<Run> runs_;
};

// Merges runs; equal rows come in the order of the runs.
class MergeIterator final : public BatchIterator {
 public:
  MergeIterator(std::shared_ptr<std::vector<Run>> runs, std::shared_ptr<arrow::Schema> schema)
      : runs_(std::move(runs)), schema_(std::move(schema)), position_(runs_->size(), 0) {
    for (size_t r = 0; r < runs_->size(); ++r) Push(r);
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (runs_->size() == 1) return NextOfOne();
    std::vector<std::vector<int32_t>> taken(runs_->size());
    std::vector<int32_t> sources;
    while (!heap_.empty() && sources.size() < kBatchRows) {
      std::pop_heap(heap_.begin(), heap_.end(), Greater);
      Head head = heap_.back();
      heap_.pop_back();
      taken[head.run].push_back((*runs_)[head.run].order[position_[head.run]++]);
      sources.push_back(static_cast<int32_t>(head.run));
      Push(head.run);
    }
    if (sources.empty()) return nullptr;
    return Interleave(std::move(taken), sources);
  }

 private:
  struct Head {
    uint64_t prefix;
    std::string_view key;
    size_t run;
  };
  static bool Greater(const Head& a, const Head& b) {
    if (a.prefix != b.prefix) return a.prefix > b.prefix;
    int order = a.key.compare(b.key);
    return order != 0 ? order > 0 : a.run > b.run;
  }
  void Push(size_t run) {
    const Run& source = (*runs_)[run];
    if (position_[run] == source.order.size()) return;
    int32_t row = source.order[position_[run]];
    heap_.push_back({source.keys->prefix(row), source.keys->row(row), run});
    std::push_heap(heap_.begin(), heap_.end(), Greater);
  }
  std::shared_ptr<arrow::RecordBatch> NextOfOne() {
    const Run& run = (*runs_)[0];
    size_t begin = position_[0], end = std::min(run.order.size(), begin + kBatchRows);
    if (begin == end) return nullptr;
    position_[0] = end;
    return TakeBatch(run.rows, RowNumbers({run.order.begin() + static_cast<std::ptrdiff_t>(begin),
                                           run.order.begin() + static_cast<std::ptrdiff_t>(end)}));
  }
  // The pieces of each run one after the other, then put into merged order.
  std::shared_ptr<arrow::RecordBatch> Interleave(std::vector<std::vector<int32_t>> taken,
                                                 const std::vector<int32_t>& sources) {
    std::vector<std::shared_ptr<arrow::RecordBatch>> pieces;
    std::vector<int32_t> next(taken.size(), 0);
    int32_t start = 0;
    for (size_t r = 0; r < taken.size(); ++r) {
      next[r] = start;
      start += static_cast<int32_t>(taken[r].size());
      if (!taken[r].empty()) pieces.push_back(TakeBatch((*runs_)[r].rows, RowNumbers(std::move(taken[r]))));
    }
    auto all = ConcatenateBatches(schema_, pieces);
    if (pieces.size() == 1) return all;
    std::vector<int32_t> order;
    order.reserve(sources.size());
    for (int32_t source : sources) order.push_back(next[source]++);
    return TakeBatch(all, RowNumbers(std::move(order)));
  }

  std::shared_ptr<std::vector<Run>> runs_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<size_t> position_;
  std::vector<Head> heap_;
};

class EmptyIterator final : public BatchIterator {
 public:
  std::shared_ptr<arrow::RecordBatch> Next() override { return nullptr; }
};

BatchIteratorPtr MergeRuns(std::shared_ptr<std::vector<Run>> runs, const std::shared_ptr<arrow::Schema>& schema) {
  if (runs->empty()) return std::make_unique<EmptyIterator>();
  return std::make_unique<MergeIterator>(std::move(runs), schema);
}

class SortOperator final : public Operator {
 public:
  SortOperator(OperatorPtr child, const std::vector<std::shared_ptr<const logical::SortOrderExpr>>& order, bool global,
               int64_t limit)
      : Operator(child->output()),
        child_(std::move(child)),
        order_(order, child_->output()),
        global_(global),
        limit_(limit) {}

  int Partitions(ExecContext& context) const override {
    if (!global_) return child_->Partitions(context);
    Sorted(context);
    return 1;
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    if (global_) return MergeRuns(Sorted(context), schema());
    return MergeRuns(std::make_shared<std::vector<Run>>(SortPartition(context, partition)), schema());
  }
  std::string Describe() const override {
    if (limit_ >= 0) return fmt::format("TakeOrdered(limit={}, orderBy=[{}])", limit_, order_.text);
    return fmt::format("Sort [{}], {}, 0", order_.text, global_ ? "true" : "false");
  }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  std::vector<Run> SortPartition(ExecContext& context, int partition) const {
    RunBuilder builder(order_, schema(), context.TaskEval(partition), limit_);
    auto rows = child_->Open(context, partition);
    while (auto batch = rows->Next()) {
      context.cancellation->Check();
      builder.Add(std::move(batch));
    }
    return builder.Take();
  }
  std::shared_ptr<std::vector<Run>> Sorted(ExecContext& context) const {
    return context.Shared<std::vector<Run>>(this, [&] {
      std::vector<std::vector<Run>> parts(child_->Partitions(context));
      ForEachPartition(*child_, context, [&](int partition) { parts[partition] = SortPartition(context, partition); });
      auto runs = std::make_shared<std::vector<Run>>();
      for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(*runs));
      return runs;
    });
  }

  OperatorPtr child_;
  SortOrder order_;
  bool global_;
  int64_t limit_;
};

}  // namespace

OperatorPtr MakeSort(OperatorPtr child, const std::vector<std::shared_ptr<const logical::SortOrderExpr>>& order,
                     bool global, int64_t limit) {
  return std::make_shared<SortOperator>(std::move(child), order, global, limit);
}

}  // namespace sluice::exec
