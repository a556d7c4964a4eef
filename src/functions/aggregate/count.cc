// count, count_if.
#include "functions/aggregate/group_values.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {
namespace {

class CountAccumulator : public logical::GroupedAccumulator {
 public:
  /// `only_true` counts the rows whose boolean argument is true.
  explicit CountAccumulator(bool only_true) : only_true_(only_true) {}
  void Resize(int64_t groups) override { counts_.resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    if (only_true_) {
      ForEachValue<bool>(arguments[0], group_ids, rows, [&](uint32_t group, bool value) { counts_[group] += value; });
      return;
    }
    bool any_nulls = false;
    for (const auto& argument : arguments) any_nulls |= argument->null_count() > 0;
    for (int64_t row = 0; row < rows; ++row) {
      bool counted = true;
      if (any_nulls) {
        for (const auto& argument : arguments) counted &= argument->IsValid(row);
      }
      counts_[group_ids[row]] += counted;
    }
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    ForEachValue<int64_t>(buffers[0], group_ids, rows, [&](uint32_t group, int64_t value) { counts_[group] += value; });
  }
  arrow::ArrayVector Buffers() const override { return {DenseArray(arrow::int64(), counts_)}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    return DenseArray(arrow::int64(), counts_);
  }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(counts_.capacity() * sizeof(int64_t)); }

 private:
  bool only_true_;
  std::vector<int64_t> counts_;
};

std::shared_ptr<logical::AggregateBinding> CountBinding(bool only_true) {
  auto binding = std::make_shared<logical::AggregateBinding>();
  binding->name = only_true ? "count_if" : "count";
  binding->type = types::Long();
  binding->nullable = false;
  binding->buffers = {{"count", types::Long(), false}};
  binding->make = [only_true] { return std::make_unique<CountAccumulator>(only_true); };
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Count) {
  registry.Add({.name = "count",
                .usage = "The number of rows in which no argument is null; count(*) counts all rows.",
                .example = "SELECT count(*), count(a) FROM VALUES (1), (NULL) AS t(a)",
                .since = "1.0.0",
                .bind = BindAggregate([](const BindContext& context, const Arguments& arguments, bool) {
                  CheckCount(context, arguments, 1, kUnlimited);
                  auto binding = CountBinding(false);
                  for (const Argument& argument : arguments) binding->argument_types.push_back(argument.type);
                  return binding;
                })});
  registry.Add({.name = "count_if",
                .usage = "The number of rows for which the condition is true.",
                .example = "SELECT count_if(a % 2 = 0) FROM VALUES (1), (2) AS t(a)",
                .since = "3.0.0",
                .bind = BindAggregate([](const BindContext& context, const Arguments& arguments, bool) {
                  CheckCount(context, arguments, 1, 1);
                  auto binding = CountBinding(true);
                  binding->argument_types = Coerce(context, arguments, {types::Boolean()});
                  return binding;
                })});
}

}  // namespace sluice::functions
