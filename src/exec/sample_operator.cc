// df.sample: Spark's Bernoulli and Poisson samplers, drawing the same numbers.
#include "exec/operators.h"
#include "exec/row_gather.h"
#include "types/well_random.h"
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

// With replacement: each row as often as a Poisson distribution says.
class PoissonIterator final : public BatchIterator {
 public:
  PoissonIterator(BatchIteratorPtr child, double fraction, int64_t seed)
      : child_(std::move(child)), fraction_(fraction), random_(fraction > 0 ? fraction : 1, seed) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (fraction_ <= 0) return nullptr;
    auto batch = child_->Next();
    if (!batch) return nullptr;
    std::vector<int32_t> kept;
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      kept.insert(kept.end(), static_cast<size_t>(random_.Next()), static_cast<int32_t>(i));
    }
    return TakeBatch(batch, RowNumbers(std::move(kept)));
  }

 private:
  BatchIteratorPtr child_;
  double fraction_;
  types::PoissonRandom random_;
};

class SampleOperator final : public Operator {
 public:
  SampleOperator(OperatorPtr child, const logical::Sample& node)
      : Operator(child->output()),
        child_(std::move(child)),
        lower_(node.lower),
        upper_(node.upper),
        replaces_(node.with_replacement),
        seed_(node.seed) {}

  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    if (replaces_) {
      types::JavaRandom seeds(seed_);
      for (int before = 0; before < partition; ++before) seeds.NextLong();
      return std::make_unique<PoissonIterator>(child_->Open(context, partition), upper_ - lower_, seeds.NextLong());
    }
    return std::make_unique<BernoulliIterator>(child_->Open(context, partition), lower_, upper_, seed_ + partition);
  }
  std::string Describe() const override {
    return fmt::format("Sample {}, {}, {}, {}", lower_, upper_, replaces_, seed_);
  }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  double lower_, upper_;
  bool replaces_;
  int64_t seed_;
};

}  // namespace

OperatorPtr MakeSample(OperatorPtr child, const logical::Sample& node) {
  return std::make_shared<SampleOperator>(std::move(child), node);
}

}  // namespace sluice::exec
