// df.sample: Spark's Bernoulli sampler, drawing the same numbers.
#include "base/error.h"
#include "exec/operators.h"
#include "exec/row_gather.h"
#include "types/xor_shift_random.h"

namespace sluice::exec {
namespace {

class BernoulliIterator final : public BatchIterator {
 public:
  BernoulliIterator(BatchIteratorPtr child, double lower, double upper, int64_t seed)
      : child_(std::move(child)), lower_(lower), upper_(upper), random_(seed) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (upper_ - lower_ <= 0) return nullptr;
    auto batch = child_->Next();
    if (!batch) return nullptr;
    std::vector<int32_t> kept;
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      double x = random_.NextDouble();
      if (x >= lower_ && x < upper_) kept.push_back(static_cast<int32_t>(i));
    }
    return TakeBatch(batch, RowNumbers(std::move(kept)));
  }

 private:
  BatchIteratorPtr child_;
  double lower_, upper_;
  types::XorShiftRandom random_;
};

class SampleOperator final : public Operator {
 public:
  SampleOperator(OperatorPtr child, const logical::Sample& node)
      : Operator(child->output()), child_(std::move(child)), lower_(node.lower), upper_(node.upper), seed_(node.seed) {}

  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    return std::make_unique<BernoulliIterator>(child_->Open(context, partition), lower_, upper_, seed_ + partition);
  }
  std::string Describe() const override { return fmt::format("Sample {}, {}, false, {}", lower_, upper_, seed_); }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  double lower_, upper_;
  int64_t seed_;
};

}  // namespace

OperatorPtr MakeSample(OperatorPtr child, const logical::Sample& node) {
  if (node.with_replacement) throw base::Error::Unsupported("Sampling with replacement");
  return std::make_shared<SampleOperator>(std::move(child), node);
}

}  // namespace sluice::exec
