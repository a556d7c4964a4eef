// Linear regression of pairs: regr_slope and its relatives.
#include <fmt/format.h>

#include "functions/aggregate/group_values.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {

using types::Double;
using types::Long;

namespace {

enum class Regression { kCount, kAvgX, kAvgY, kSxx, kSyy, kSxy, kSlope, kIntercept, kR2 };

/// Means and central moments of the pairs without nulls, updated one pair at a time.
struct PairState {
  double n = 0, x = 0, y = 0, xy = 0, xx = 0, yy = 0;

  void Add(double px, double py) {
    n += 1;
    double dx = px - x, dy = py - y;
    x += dx / n;
    y += dy / n;
    xy += dx * (py - y);
    xx += dx * (px - x);
    yy += dy * (py - y);
  }
  void Add(const PairState& other) {
    if (other.n == 0) return;
    double total = n + other.n, dx = other.x - x, dy = other.y - y, weight = n * other.n / total;
    xy += other.xy + dx * dy * weight;
    xx += other.xx + dx * dx * weight;
    yy += other.yy + dy * dy * weight;
    x += dx * other.n / total;
    y += dy * other.n / total;
    n = total;
  }
};

class RegressionAccumulator : public logical::GroupedAccumulator {
 public:
  explicit RegressionAccumulator(Regression kind) : kind_(kind) {}
  void Resize(int64_t groups) override { states_.resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    Column<double> y(arguments[0]), x(arguments[1]);
    for (int64_t row = 0; row < rows; ++row) {
      if (x.valid(row) && y.valid(row)) states_[group_ids[row]].Add(x[row], y[row]);
    }
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    std::vector<Column<double>> parts(buffers.begin(), buffers.end());
    for (int64_t row = 0; row < rows; ++row) {
      states_[group_ids[row]].Add(
          PairState{parts[0][row], parts[1][row], parts[2][row], parts[3][row], parts[4][row], parts[5][row]});
    }
  }
  arrow::ArrayVector Buffers() const override {
    arrow::ArrayVector out;
    for (double PairState::*member :
         {&PairState::n, &PairState::x, &PairState::y, &PairState::xy, &PairState::xx, &PairState::yy}) {
      std::vector<double> values;
      for (const PairState& state : states_) values.push_back(state.*member);
      out.push_back(DenseArray(arrow::float64(), values));
    }
    return out;
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    auto count = static_cast<int64_t>(states_.size());
    if (kind_ == Regression::kCount) {
      std::vector<int64_t> counts;
      for (const PairState& state : states_) counts.push_back(static_cast<int64_t>(state.n));
      return DenseArray(arrow::int64(), counts);
    }
    Writer<double> out(arrow::float64(), count);
    for (int64_t group = 0; group < count; ++group) {
      auto value = Result(states_[group]);
      if (value) {
        out.Set(group, *value);
      } else {
        out.SetNull(group);
      }
    }
    return out.Finish();
  }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(states_.capacity() * sizeof(PairState)); }

 private:
  std::optional<double> Result(const PairState& s) const {
    if (s.n == 0) return std::nullopt;
    switch (kind_) {
      case Regression::kAvgX:
        return s.x;
      case Regression::kAvgY:
        return s.y;
      case Regression::kSxx:
        return s.xx;
      case Regression::kSyy:
        return s.yy;
      case Regression::kSxy:
        return s.xy;
      case Regression::kSlope:
        if (s.xx == 0) return std::nullopt;
        return s.xy / s.xx;
      case Regression::kIntercept:
        if (s.xx == 0) return std::nullopt;
        return s.y - s.xy / s.xx * s.x;
      case Regression::kR2:
        if (s.xx == 0) return std::nullopt;
        if (s.yy == 0) return 1.0;
        return s.xy / s.xx * (s.xy / s.yy);
      case Regression::kCount:
        break;
    }
    return std::nullopt;
  }
  Regression kind_;
  std::vector<PairState> states_;
};

void AddRegression(FunctionRegistry& registry, const char* name, const char* usage, const char* since,
                   Regression kind) {
  auto bind = [kind](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 2, 2);
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = kind == Regression::kCount ? Long() : Double();
    binding->nullable = kind != Regression::kCount;
    binding->argument_types = Coerce(context, arguments, {Double()});
    for (const char* field : {"n", "xAvg", "yAvg", "ck", "xMk", "yMk"})
      binding->buffers.push_back({field, Double(), false});
    binding->make = [kind] { return std::make_unique<RegressionAccumulator>(kind); };
    return binding;
  };
  registry.Add({.name = name,
                .usage = usage,
                .example = fmt::format("SELECT {}(y, x) FROM VALUES (1, 2), (2, 2), (2, 3), (2, 4) AS t(y, x)", name),
                .since = since,
                .bind = BindAggregate(bind)});
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, RegressionFunctions) {
  AddRegression(registry, "regr_count", "The number of pairs without nulls.", "3.3.0", Regression::kCount);
  AddRegression(registry, "regr_avgx", "The average of the second numbers of the pairs.", "3.3.0", Regression::kAvgX);
  AddRegression(registry, "regr_avgy", "The average of the first numbers of the pairs.", "3.3.0", Regression::kAvgY);
  AddRegression(registry, "regr_sxx", "The squared deviations of the second numbers.", "3.4.0", Regression::kSxx);
  AddRegression(registry, "regr_syy", "The squared deviations of the first numbers.", "3.4.0", Regression::kSyy);
  AddRegression(registry, "regr_sxy", "The products of the deviations of both numbers.", "3.4.0", Regression::kSxy);
  AddRegression(registry, "regr_slope", "The slope of the regression line.", "3.4.0", Regression::kSlope);
  AddRegression(registry, "regr_intercept", "Where the regression line meets the first axis.", "3.4.0",
                Regression::kIntercept);
  AddRegression(registry, "regr_r2", "The coefficient of determination.", "3.3.0", Regression::kR2);
}

}  // namespace sluice::functions
