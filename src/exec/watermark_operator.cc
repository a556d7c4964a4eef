// withWatermark: notes the event times of the rows that pass.
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>

#include "base/error.h"
#include "exec/operators.h"
#include "exec/stateful/stateful_operator.h"

namespace sluice::exec {
namespace {

class WatermarkIterator final : public BatchIterator {
 public:
  WatermarkIterator(BatchIteratorPtr child, int column, logical::ExprId id, ExecContext& context)
      : child_(std::move(child)), column_(column), id_(id), context_(context) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto batch = child_->Next();
    if (batch) {
      Add(*batch->column(column_));
    } else {
      std::lock_guard lock(context_.metrics_mutex);
      context_.event_times[id_].Merge(stats_);
    }
    return batch;
  }

 private:
  // As EventTimeWatermarkExec: of a window its end, milliseconds rounded down, null as 0.
  void Add(const arrow::Array& values) {
    if (values.type_id() == arrow::Type::STRUCT) {
      auto ends = static_cast<const arrow::StructArray&>(values).field(1);
      return AddTimes(values, static_cast<const arrow::TimestampArray&>(*ends));
    }
    AddTimes(values, static_cast<const arrow::TimestampArray&>(values));
  }
  void AddTimes(const arrow::Array& values, const arrow::TimestampArray& times) {
    if (values.length() == 0) return;
    EventTimeStats part;
    part.min = INT64_MAX;
    part.max = INT64_MIN;
    double sum = 0;
    for (int64_t i = 0; i < values.length(); ++i) {
      int64_t us = values.IsNull(i) || times.IsNull(i) ? 0 : times.Value(i);
      int64_t ms = us / 1000 - (us % 1000 < 0);
      part.min = std::min(part.min, ms);
      part.max = std::max(part.max, ms);
      sum += static_cast<double>(ms);
    }
    part.count = values.length();
    part.average = sum / static_cast<double>(part.count);
    stats_.Merge(part);
  }

  BatchIteratorPtr child_;
  int column_;
  logical::ExprId id_;
  ExecContext& context_;
  EventTimeStats stats_;
};

class WatermarkOperator final : public Operator, public WatermarkDefinition {
 public:
  WatermarkOperator(OperatorPtr child, const logical::Watermark& node)
      : Operator(node.output),
        child_(std::move(child)),
        id_(node.event_time->id),
        text_("EventTimeWatermark " + node.event_time->ToString() + ", " + node.delay_text) {
    for (size_t c = 0; c < output().size(); ++c) {
      if (output()[c]->id == id_) column_ = static_cast<int>(c);
    }
    if (column_ < 0) throw base::Error::Internal("no event-time column " + node.event_time->ToString());
  }

  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    return std::make_unique<WatermarkIterator>(child_->Open(context, partition), column_, id_, context);
  }
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  logical::ExprId id_;
  int column_ = -1;
  std::string text_;
};

}  // namespace

OperatorPtr MakeWatermark(OperatorPtr child, const logical::Watermark& node) {
  return std::make_shared<WatermarkOperator>(std::move(child), node);
}

}  // namespace sluice::exec
