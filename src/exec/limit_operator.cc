// LIMIT, OFFSET and tail.
#include <deque>

#include "exec/operators.h"

namespace sluice::exec {
namespace {

// Pulls the child's partitions one after the other, and no more of them than needed.
class LimitIterator final : public BatchIterator {
 public:
  LimitIterator(const Operator& child, ExecContext& context, int64_t offset, int64_t count)
      : child_(child), context_(context), partitions_(child.Partitions(context)), skip_(offset), left_(count) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    while (left_ != 0) {
      if (!current_) {
        if (partition_ == partitions_) break;
        current_ = child_.Open(context_, partition_++);
      }
      context_.cancellation->Check();
      auto batch = current_->Next();
      if (!batch) {
        current_.reset();
        continue;
      }
      if (skip_ >= batch->num_rows()) {
        skip_ -= batch->num_rows();
        continue;
      }
      int64_t rows = batch->num_rows() - skip_;
      if (left_ > 0) rows = std::min(rows, left_);
      if (rows < batch->num_rows()) batch = batch->Slice(skip_, rows);
      skip_ = 0;
      if (left_ > 0) left_ -= rows;
      if (left_ == 0) current_.reset();
      return batch;
    }
    return nullptr;
  }

 private:
  const Operator& child_;
  ExecContext& context_;
  int partitions_, partition_ = 0;
  int64_t skip_, left_;
  BatchIteratorPtr current_;
};

class LimitOperator final : public Operator {
 public:
  LimitOperator(OperatorPtr child, int64_t offset, int64_t count)
      : Operator(child->output()), child_(std::move(child)), offset_(offset), count_(count) {}

  int Partitions(ExecContext& context) const override {
    if (count_ != 0) child_->Partitions(context);
    return 1;
  }
  BatchIteratorPtr Open(ExecContext& context, int) const override {
    return std::make_unique<LimitIterator>(*child_, context, offset_, count_);
  }
  std::string Describe() const override {
    if (count_ < 0) return fmt::format("GlobalLimit {}, {}", -1, offset_);
    return offset_ > 0 ? fmt::format("GlobalLimit {}, {}", count_ + offset_, offset_)
                       : fmt::format("CollectLimit {}", count_);
  }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  int64_t offset_, count_;
};

class QueueIterator final : public BatchIterator {
 public:
  explicit QueueIterator(std::deque<std::shared_ptr<arrow::RecordBatch>> batches) : batches_(std::move(batches)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (batches_.empty()) return nullptr;
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    return batch;
  }

 private:
  std::deque<std::shared_ptr<arrow::RecordBatch>> batches_;
};

class TailOperator final : public Operator {
 public:
  TailOperator(OperatorPtr child, int64_t count) : Operator(child->output()), child_(std::move(child)), count_(count) {}

  int Partitions(ExecContext& context) const override {
    child_->Partitions(context);
    return 1;
  }
  // Goes from the last partition to the first, and no further than needed.
  BatchIteratorPtr Open(ExecContext& context, int) const override {
    std::deque<std::shared_ptr<arrow::RecordBatch>> result;
    int64_t wanted = std::max<int64_t>(count_, 0);
    for (int partition = child_->Partitions(context) - 1; partition >= 0 && wanted > 0; --partition) {
      auto part = LastRows(context, partition, wanted);
      for (auto batch = part.rbegin(); batch != part.rend(); ++batch) {
        wanted -= (*batch)->num_rows();
        result.push_front(*batch);
      }
    }
    return std::make_unique<QueueIterator>(std::move(result));
  }
  std::string Describe() const override { return fmt::format("CollectTail {}", count_); }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  std::deque<std::shared_ptr<arrow::RecordBatch>> LastRows(ExecContext& context, int partition, int64_t wanted) const {
    std::deque<std::shared_ptr<arrow::RecordBatch>> kept;
    int64_t rows = 0;
    auto iterator = child_->Open(context, partition);
    while (auto batch = iterator->Next()) {
      context.cancellation->Check();
      if (batch->num_rows() == 0) continue;
      rows += batch->num_rows();
      kept.push_back(std::move(batch));
      while (rows - kept.front()->num_rows() >= wanted) {
        rows -= kept.front()->num_rows();
        kept.pop_front();
      }
    }
    if (rows > wanted) kept.front() = kept.front()->Slice(rows - wanted);
    return kept;
  }
  OperatorPtr child_;
  int64_t count_;
};

}  // namespace

OperatorPtr MakeLimit(OperatorPtr child, int64_t offset, int64_t count) {
  return std::make_shared<LimitOperator>(std::move(child), offset, count);
}

OperatorPtr MakeTail(OperatorPtr child, int64_t count) {
  return std::make_shared<TailOperator>(std::move(child), count);
}

}  // namespace sluice::exec
