// spark.range: numbers computed on demand.
#include <arrow/array/array_primitive.h>

#include "base/arrow_status.h"
#include "exec/operators.h"

namespace sluice::exec {
namespace {

constexpr int64_t kBatchRows = 16384;

class RangeIterator final : public BatchIterator {
 public:
  RangeIterator(std::shared_ptr<arrow::Schema> schema, int64_t first, int64_t step, uint64_t rows)
      : schema_(std::move(schema)),
        next_(static_cast<uint64_t>(first)),
        step_(static_cast<uint64_t>(step)),
        left_(rows) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (left_ == 0) return nullptr;
    int64_t rows = static_cast<int64_t>(std::min<uint64_t>(left_, kBatchRows));
    auto buffer = base::ValueOrThrow(arrow::AllocateBuffer(rows * sizeof(int64_t)));
    auto* out = reinterpret_cast<uint64_t*>(buffer->mutable_data());
    for (int64_t i = 0; i < rows; ++i) out[i] = next_ + static_cast<uint64_t>(i) * step_;
    next_ += static_cast<uint64_t>(rows) * step_;
    left_ -= static_cast<uint64_t>(rows);
    auto column = std::make_shared<arrow::Int64Array>(rows, std::shared_ptr<arrow::Buffer>(std::move(buffer)));
    return arrow::RecordBatch::Make(schema_, rows, {column});
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  uint64_t next_, step_;
  uint64_t left_;
};

class RangeOperator final : public Operator {
 public:
  explicit RangeOperator(const logical::RangePlan& node)
      : Operator(node.output), start_(node.start), end_(node.end), step_(node.step), partitions_(node.partitions) {
    __int128 distance = static_cast<__int128>(end_) - start_;
    __int128 step = step_;
    if ((distance > 0) == (step > 0) && distance != 0) {
      __int128 magnitude = distance < 0 ? -distance : distance, stride = step < 0 ? -step : step;
      rows_ = static_cast<uint64_t>((magnitude + stride - 1) / stride);
    }
  }

  int Partitions(ExecContext& context) const override { return partitions_ > 0 ? partitions_ : context.parallelism; }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    __int128 partitions = Partitions(context);
    auto begin = static_cast<uint64_t>(static_cast<__int128>(rows_) * partition / partitions);
    auto end = static_cast<uint64_t>(static_cast<__int128>(rows_) * (partition + 1) / partitions);
    auto first = static_cast<int64_t>(static_cast<uint64_t>(start_) + begin * static_cast<uint64_t>(step_));
    return std::make_unique<RangeIterator>(schema(), first, step_, end - begin);
  }
  std::string Describe() const override {
    return fmt::format("Range ({}, {}, step={}{})", start_, end_, step_,
                       partitions_ > 0 ? fmt::format(", splits={}", partitions_) : "");
  }

 private:
  int64_t start_, end_, step_;
  int partitions_;
  uint64_t rows_ = 0;
};

}  // namespace

OperatorPtr MakeRange(const logical::RangePlan& node) { return std::make_shared<RangeOperator>(node); }

}  // namespace sluice::exec
