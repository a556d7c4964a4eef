// stddev, variance, skewness, kurtosis, covariance, correlation: Spark's numerically stable updates and buffers.
#include <cmath>

#include "base/error.h"
#include "functions/aggregate/group_values.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {
namespace {

enum class Moment { kStddevPop, kStddevSamp, kVarPop, kVarSamp, kSkewness, kKurtosis };

int Order(Moment moment) { return moment == Moment::kSkewness ? 3 : moment == Moment::kKurtosis ? 4 : 2; }

/// Central moments (CentralMomentAgg): n, avg, m2 and, where needed, m3 and m4.
class CentralMoments : public logical::GroupedAccumulator {
 public:
  explicit CentralMoments(Moment moment) : moment_(moment), order_(Order(moment)) {}
  void Resize(int64_t groups) override { states_.resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<double>(arguments[0], group_ids, rows, [&](uint32_t group, double x) {
      State& s = states_[group];
      double n = s.n + 1, delta = x - s.avg, delta_n = delta / n;
      double m2 = s.m2 + delta * (delta - delta_n);
      double delta2 = delta * delta, delta_n2 = delta_n * delta_n;
      double m3 = s.m3 - 3.0 * delta_n * m2 + delta * (delta2 - delta_n2);
      double m4 = s.m4 - 4.0 * delta_n * m3 - 6.0 * delta_n2 * m2 + delta * (delta * delta2 - delta_n * delta_n2);
      s = {n, s.avg + delta_n, m2, m3, m4};
    });
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    std::vector<Column<double>> columns;
    for (const auto& buffer : buffers) columns.emplace_back(buffer);
    for (int64_t row = 0; row < rows; ++row) {
      State& a = states_[group_ids[row]];
      State b{columns[0][row], columns[1][row], columns[2][row], order_ > 2 ? columns[3][row] : 0,
              order_ > 3 ? columns[4][row] : 0};
      double n = a.n + b.n, delta = b.avg - a.avg, delta_n = n == 0 ? 0 : delta / n;
      double m2 = a.m2 + b.m2 + delta * delta_n * a.n * b.n;
      double m3 =
          a.m3 + b.m3 + delta_n * delta_n * delta * a.n * b.n * (a.n - b.n) + 3.0 * delta_n * (a.n * b.m2 - b.n * a.m2);
      double m4 = a.m4 + b.m4 + delta_n * delta_n * delta_n * delta * a.n * b.n * (a.n * a.n - a.n * b.n + b.n * b.n) +
                  6.0 * delta_n * delta_n * (a.n * a.n * b.m2 + b.n * b.n * a.m2) +
                  4.0 * delta_n * (a.n * b.m3 - b.n * a.m3);
      a = {n, a.avg + delta_n * b.n, m2, m3, m4};
    }
  }
  arrow::ArrayVector Buffers() const override {
    arrow::ArrayVector out;
    for (int field = 0; field <= order_; ++field) {
      Writer<double> writer(arrow::float64(), static_cast<int64_t>(states_.size()));
      for (size_t group = 0; group < states_.size(); ++group) {
        const State& s = states_[group];
        const double fields[] = {s.n, s.avg, s.m2, s.m3, s.m4};
        writer.Set(static_cast<int64_t>(group), fields[field]);
      }
      out.push_back(writer.Finish());
    }
    return out;
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    GroupValues<double> out;
    out.Resize(static_cast<int64_t>(states_.size()));
    for (size_t group = 0; group < states_.size(); ++group) {
      if (auto value = Result(states_[group])) out.Set(static_cast<uint32_t>(group), *value);
    }
    return out.ToArray(arrow::float64());
  }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(states_.capacity() * sizeof(State)); }

 private:
  struct State {
    double n = 0, avg = 0, m2 = 0, m3 = 0, m4 = 0;
  };
  std::optional<double> Result(const State& s) const {
    if (s.n == 0) return std::nullopt;
    switch (moment_) {
      case Moment::kVarPop:
        return s.m2 / s.n;
      case Moment::kStddevPop:
        return std::sqrt(s.m2 / s.n);
      case Moment::kVarSamp:
        return s.n == 1 ? std::optional<double>() : s.m2 / (s.n - 1);
      case Moment::kStddevSamp:
        return s.n == 1 ? std::optional<double>() : std::sqrt(s.m2 / (s.n - 1));
      case Moment::kSkewness:
        return s.m2 == 0 ? std::optional<double>() : std::sqrt(s.n) * s.m3 / std::sqrt(s.m2 * s.m2 * s.m2);
      case Moment::kKurtosis:
        return s.m2 == 0 ? std::optional<double>() : s.n * s.m4 / (s.m2 * s.m2) - 3.0;
    }
    return std::nullopt;
  }
  Moment moment_;
  int order_;
  std::vector<State> states_;
};

enum class Pair { kCovarPop, kCovarSamp, kCorr };

/// Covariance and PearsonCorrelation: n, xAvg, yAvg, ck and, for corr, xMk and yMk.
class PairMoments : public logical::GroupedAccumulator {
 public:
  PairMoments(Pair pair, bool ansi) : pair_(pair), ansi_(ansi) {}
  void Resize(int64_t groups) override { states_.resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    Column<double> xs(arguments[0]), ys(arguments[1]);
    for (int64_t row = 0; row < rows; ++row) {
      if (!xs.valid(row) || !ys.valid(row)) continue;
      State& s = states_[group_ids[row]];
      double x = xs[row], y = ys[row], n = s.n + 1;
      double dx = x - s.x, dy = y - s.y, dx_n = dx / n, dy_n = dy / n;
      double new_x = s.x + dx_n, new_y = s.y + dy_n;
      s = {n, new_x, new_y, s.ck + dx * (y - new_y), s.xm + dx * (x - new_x), s.ym + dy * (y - new_y)};
    }
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    std::vector<Column<double>> c;
    for (const auto& buffer : buffers) c.emplace_back(buffer);
    bool corr = pair_ == Pair::kCorr;
    for (int64_t row = 0; row < rows; ++row) {
      State& a = states_[group_ids[row]];
      State b{c[0][row], c[1][row], c[2][row], c[3][row], corr ? c[4][row] : 0, corr ? c[5][row] : 0};
      double n = a.n + b.n;
      double dx = b.x - a.x, dx_n = n == 0 ? 0 : dx / n, dy = b.y - a.y, dy_n = n == 0 ? 0 : dy / n;
      a = {n,
           a.x + dx_n * b.n,
           a.y + dy_n * b.n,
           a.ck + b.ck + dx * dy_n * a.n * b.n,
           a.xm + b.xm + dx * dx_n * a.n * b.n,
           a.ym + b.ym + dy * dy_n * a.n * b.n};
    }
  }
  arrow::ArrayVector Buffers() const override {
    arrow::ArrayVector out;
    for (int field = 0; field < (pair_ == Pair::kCorr ? 6 : 4); ++field) {
      Writer<double> writer(arrow::float64(), static_cast<int64_t>(states_.size()));
      for (size_t group = 0; group < states_.size(); ++group) {
        const State& s = states_[group];
        const double fields[] = {s.n, s.x, s.y, s.ck, s.xm, s.ym};
        writer.Set(static_cast<int64_t>(group), fields[field]);
      }
      out.push_back(writer.Finish());
    }
    return out;
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    GroupValues<double> out;
    out.Resize(static_cast<int64_t>(states_.size()));
    for (size_t group = 0; group < states_.size(); ++group) {
      const State& s = states_[group];
      if (s.n == 0 || (s.n == 1 && pair_ != Pair::kCovarPop)) continue;
      double divisor = pair_ == Pair::kCovarPop ? s.n : pair_ == Pair::kCovarSamp ? s.n - 1 : std::sqrt(s.xm * s.ym);
      if (divisor == 0) {
        if (!ansi_) continue;
        throw base::Error(base::ErrorKind::kArithmetic, "DIVIDE_BY_ZERO", {{"config", "\"spark.sql.ansi.enabled\""}});
      }
      out.Set(static_cast<uint32_t>(group), s.ck / divisor);
    }
    return out.ToArray(arrow::float64());
  }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(states_.capacity() * sizeof(State)); }

 private:
  struct State {
    double n = 0, x = 0, y = 0, ck = 0, xm = 0, ym = 0;
  };
  Pair pair_;
  bool ansi_;
  std::vector<State> states_;
};

std::vector<types::StructField> DoubleFields(std::initializer_list<const char*> names) {
  std::vector<types::StructField> out;
  for (const char* name : names) out.push_back({name, types::Double(), false});
  return out;
}

BindAggregate BindMoment(Moment moment) {
  return [moment](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 1);
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = types::Double();
    binding->argument_types = Coerce(context, arguments, {types::Double()});
    binding->buffers = DoubleFields({"n", "avg", "m2"});
    if (Order(moment) > 2) binding->buffers.push_back({"m3", types::Double(), false});
    if (Order(moment) > 3) binding->buffers.push_back({"m4", types::Double(), false});
    binding->make = [moment] { return std::make_unique<CentralMoments>(moment); };
    return binding;
  };
}

BindAggregate BindPair(Pair pair) {
  return [pair](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 2, 2);
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = types::Double();
    binding->argument_types = Coerce(context, arguments, {types::Double(), types::Double()});
    binding->buffers = pair == Pair::kCorr ? DoubleFields({"n", "xAvg", "yAvg", "ck", "xMk", "yMk"})
                                           : DoubleFields({"n", "xAvg", "yAvg", "ck"});
    binding->make = [pair, ansi = context.ansi] { return std::make_unique<PairMoments>(pair, ansi); };
    return binding;
  };
}

void AddMoment(FunctionRegistry& registry, const char* name, std::vector<std::string> aliases, const char* usage,
               Moment moment) {
  registry.Add({.name = name,
                .aliases = std::move(aliases),
                .usage = usage,
                .example = std::string("SELECT ") + name + "(a) FROM VALUES (1), (2), (4) AS t(a)",
                .since = "1.6.0",
                .bind = BindMoment(moment)});
}

void AddPair(FunctionRegistry& registry, const char* name, const char* usage, Pair pair) {
  registry.Add({.name = name,
                .usage = usage,
                .example = std::string("SELECT ") + name + "(a, b) FROM VALUES (1, 2), (2, 3), (4, 4) AS t(a, b)",
                .since = "1.6.0",
                .bind = BindPair(pair)});
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Moments) {
  AddMoment(registry, "stddev_samp", {"stddev", "std"}, "The standard deviation of a sample.", Moment::kStddevSamp);
  AddMoment(registry, "stddev_pop", {}, "The standard deviation of a population.", Moment::kStddevPop);
  AddMoment(registry, "var_samp", {"variance"}, "The variance of a sample.", Moment::kVarSamp);
  AddMoment(registry, "var_pop", {}, "The variance of a population.", Moment::kVarPop);
  AddMoment(registry, "skewness", {}, "The skewness of the values.", Moment::kSkewness);
  AddMoment(registry, "kurtosis", {}, "The excess kurtosis of the values.", Moment::kKurtosis);
  AddPair(registry, "covar_pop", "The covariance of a population of pairs.", Pair::kCovarPop);
  AddPair(registry, "covar_samp", "The covariance of a sample of pairs.", Pair::kCovarSamp);
  AddPair(registry, "corr", "Pearson's correlation of pairs of numbers.", Pair::kCorr);
}

}  // namespace sluice::functions
