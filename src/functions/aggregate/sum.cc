// sum, avg and their try_ forms, with Spark's buffers and overflow rules.
#include <arrow/util/decimal.h>

#include <cmath>

#include "base/error.h"
#include "functions/aggregate/group_values.h"
#include "functions/cast.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {
namespace {

using types::TypeId;
using types::TypePtr;

// Spark's DecimalAggregates: up to so many digits of the argument sums fit a long, and averages a double.
constexpr int kSmallSumDigits = 8, kSmallAverageDigits = 11;

base::Error SumOverflow(const char* what, const char* function) {
  return base::Error(
      base::ErrorKind::kArithmetic, "ARITHMETIC_OVERFLOW",
      {{"message", what},
       {"alternative", std::string(" Use '") + function + "' to tolerate overflow and return NULL instead."},
       {"config", "\"spark.sql.ansi.enabled\""}});
}

/// Sums of integers (and day-time and year-month intervals) in one 64-bit field, null until a value comes.
template <typename In>
class LongSum : public logical::GroupedAccumulator {
 public:
  LongSum(std::shared_ptr<arrow::DataType> type, bool ansi, bool try_sum)
      : type_(std::move(type)), ansi_(ansi), try_(try_sum) {}
  void Resize(int64_t groups) override {
    sums_.Resize(groups);
    overflowed_.resize(groups);
  }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<In>(arguments[0], group_ids, rows, [&](uint32_t group, In value) { Add(group, value); });
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    ForEachValue<int64_t>(buffers[0], group_ids, rows, [&](uint32_t group, int64_t value) { Add(group, value); });
  }
  arrow::ArrayVector Buffers() const override { return {Result()}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return Result(); }
  int64_t MemoryUsed() const override { return sums_.MemoryUsed() + static_cast<int64_t>(overflowed_.capacity()); }

 private:
  void Add(uint32_t group, int64_t value) {
    if (__builtin_add_overflow(sums_.values[group], value, &sums_.values[group])) {
      if (try_) {
        overflowed_[group] = 1;
      } else if (ansi_) {
        throw SumOverflow("overflow", "try_add");
      }
    }
    sums_.set[group] = 1;
  }
  std::shared_ptr<arrow::Array> Result() const {
    if (!try_) return sums_.ToArray(type_);
    GroupValues<int64_t> out = sums_;
    for (size_t group = 0; group < overflowed_.size(); ++group) out.set[group] &= !overflowed_[group];
    return out.ToArray(type_);
  }
  std::shared_ptr<arrow::DataType> type_;
  bool ansi_, try_;
  GroupValues<int64_t> sums_;
  std::vector<uint8_t> overflowed_;
};

class DoubleSum : public logical::GroupedAccumulator {
 public:
  void Resize(int64_t groups) override { sums_.Resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<double>(arguments[0], group_ids, rows,
                         [&](uint32_t group, double value) { sums_.Set(group, sums_.values[group] + value); });
  }
  void Merge(logical::EvalContext& context, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Update(context, buffers, group_ids, rows);
  }
  arrow::ArrayVector Buffers() const override { return {sums_.ToArray(arrow::float64())}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return sums_.ToArray(arrow::float64()); }
  int64_t MemoryUsed() const override { return sums_.MemoryUsed(); }

 private:
  GroupValues<double> sums_;
};

/// Decimal sums: buffers (sum, isEmpty); an overflowed sum is null with isEmpty false.
class DecimalSum : public logical::GroupedAccumulator {
 public:
  DecimalSum(TypePtr result, bool ansi) : result_(std::move(result)), ansi_(ansi) {}
  void Resize(int64_t groups) override {
    sums_.resize(groups);
    empty_.resize(groups, 1);
    overflowed_.resize(groups);
  }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<Int128>(arguments[0], group_ids, rows, [&](uint32_t group, Int128 value) { Add(group, value); });
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Column<Int128> sums(buffers[0]);
    Column<bool> empty(buffers[1]);
    for (int64_t row = 0; row < rows; ++row) {
      if (empty[row]) continue;
      if (sums.valid(row)) {
        Add(group_ids[row], sums[row]);
      } else {
        empty_[group_ids[row]] = 0;
        overflowed_[group_ids[row]] = 1;
      }
    }
  }
  arrow::ArrayVector Buffers() const override {
    Writer<bool> empty(arrow::boolean(), static_cast<int64_t>(empty_.size()));
    for (size_t group = 0; group < empty_.size(); ++group) empty.Set(static_cast<int64_t>(group), empty_[group]);
    return {Sums(/*empty_is_zero=*/true), empty.Finish()};
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    if (ansi_) {
      for (size_t group = 0; group < sums_.size(); ++group) {
        if (!empty_[group] && TooLarge(group)) {
          throw base::Error(base::ErrorKind::kArithmetic, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
                            {{"value", arrow::Decimal128(Value(group)).ToString(result_->scale())},
                             {"precision", std::to_string(result_->precision())},
                             {"scale", std::to_string(result_->scale())},
                             {"config", "\"spark.sql.ansi.enabled\""}});
        }
      }
    }
    return Sums(false);
  }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(sums_.capacity() * (sizeof(Int128) + 2)); }

 private:
  void Add(uint32_t group, Int128 value) {
    empty_[group] = 0;
    if (__builtin_add_overflow(sums_[group], value, &sums_[group])) overflowed_[group] = 1;
  }
  arrow::Decimal128 Value(size_t group) const {
    return arrow::Decimal128(static_cast<int64_t>(sums_[group] >> 64), static_cast<uint64_t>(sums_[group]));
  }
  bool TooLarge(size_t group) const {
    return overflowed_[group] || !Value(group).FitsInPrecision(result_->precision());
  }
  std::shared_ptr<arrow::Array> Sums(bool empty_is_zero) const {
    Writer<Int128> out(types::ToArrow(result_), static_cast<int64_t>(sums_.size()));
    for (size_t group = 0; group < sums_.size(); ++group) {
      auto row = static_cast<int64_t>(group);
      if (empty_[group] ? !empty_is_zero : TooLarge(group)) {
        out.SetNull(row);
      } else {
        out.Set(row, sums_[group]);
      }
    }
    return out.Finish();
  }
  TypePtr result_;
  bool ansi_;
  std::vector<Int128> sums_;
  std::vector<uint8_t> empty_, overflowed_;
};

/// Sums of decimals of few digits, which Spark adds as whole numbers; the buffer is one 64-bit field.
class SmallDecimalSum : public logical::GroupedAccumulator {
 public:
  explicit SmallDecimalSum(TypePtr result) : result_(std::move(result)) {}
  void Resize(int64_t groups) override { sums_.Resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<Int128>(arguments[0], group_ids, rows,
                         [&](uint32_t group, Int128 value) { Add(group, static_cast<int64_t>(value)); });
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    ForEachValue<int64_t>(buffers[0], group_ids, rows, [&](uint32_t group, int64_t value) { Add(group, value); });
  }
  arrow::ArrayVector Buffers() const override { return {sums_.ToArray(arrow::int64())}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    GroupValues<Int128> out;
    out.Resize(static_cast<int64_t>(sums_.values.size()));
    for (size_t group = 0; group < sums_.values.size(); ++group) {
      if (sums_.set[group]) out.Set(static_cast<uint32_t>(group), sums_.values[group]);
    }
    return out.ToArray(types::ToArrow(result_));
  }
  int64_t MemoryUsed() const override { return sums_.MemoryUsed(); }

 private:
  void Add(uint32_t group, int64_t value) { sums_.Set(group, sums_.values[group] + value); }

  TypePtr result_;
  GroupValues<int64_t> sums_;
};

class DoubleAverage : public logical::GroupedAccumulator {
 public:
  void Resize(int64_t groups) override {
    sums_.resize(groups);
    counts_.resize(groups);
  }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<double>(arguments[0], group_ids, rows, [&](uint32_t group, double value) {
      sums_[group] += value;
      ++counts_[group];
    });
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    ForEachValue<double>(buffers[0], group_ids, rows, [&](uint32_t group, double value) { sums_[group] += value; });
    ForEachValue<int64_t>(buffers[1], group_ids, rows, [&](uint32_t group, int64_t count) { counts_[group] += count; });
  }
  arrow::ArrayVector Buffers() const override {
    return {DenseArray(arrow::float64(), sums_), DenseArray(arrow::int64(), counts_)};
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    GroupValues<double> out;
    out.Resize(static_cast<int64_t>(sums_.size()));
    for (size_t group = 0; group < sums_.size(); ++group) {
      if (counts_[group]) out.Set(static_cast<uint32_t>(group), sums_[group] / static_cast<double>(counts_[group]));
    }
    return out.ToArray(arrow::float64());
  }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(sums_.capacity() * 16); }

 private:
  std::vector<double> sums_;
  std::vector<int64_t> counts_;
};

/// Averages of decimals of few digits, for which Spark adds their digits as doubles.
class SmallDecimalAverage : public DoubleAverage {
 public:
  SmallDecimalAverage(const TypePtr& argument, const TypePtr& result, bool ansi)
      : unit_(std::pow(10.0, argument->scale())),
        cast_(MakeCastKernel(types::Double(), result,
                             ansi ? logical::CastBehaviour::kAnsi : logical::CastBehaviour::kLegacy)) {}
  void Update(logical::EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    GroupValues<double> digits;
    digits.Resize(rows);
    Column<Int128> values(arguments[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (values.valid(row)) digits.Set(static_cast<uint32_t>(row), static_cast<double>(values[row]));
    }
    DoubleAverage::Update(context, {digits.ToArray(arrow::float64())}, group_ids, rows);
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext& context) const override {
    Column<double> means(DoubleAverage::Finish(context));
    GroupValues<double> scaled;
    int64_t groups = means.array()->length();
    scaled.Resize(groups);
    for (int64_t group = 0; group < groups; ++group) {
      if (means.valid(group)) scaled.Set(static_cast<uint32_t>(group), means[group] / unit_);
    }
    return cast_(context, {scaled.ToArray(arrow::float64())}, groups).make_array();
  }

 private:
  double unit_;
  logical::ScalarKernel cast_;
};

/// Decimal averages: buffers (sum decimal(p+10, s), count); the quotient is rounded half up to the result's scale.
class DecimalAverage : public logical::GroupedAccumulator {
 public:
  DecimalAverage(TypePtr sum, TypePtr result, bool ansi)
      : sum_type_(std::move(sum)), result_(std::move(result)), ansi_(ansi) {}
  void Resize(int64_t groups) override {
    sums_.resize(groups);
    counts_.resize(groups);
  }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<Int128>(arguments[0], group_ids, rows, [&](uint32_t group, Int128 value) {
      sums_[group] += value;
      ++counts_[group];
    });
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    ForEachValue<Int128>(buffers[0], group_ids, rows, [&](uint32_t group, Int128 value) { sums_[group] += value; });
    ForEachValue<int64_t>(buffers[1], group_ids, rows, [&](uint32_t group, int64_t count) { counts_[group] += count; });
  }
  arrow::ArrayVector Buffers() const override {
    return {DenseArray(types::ToArrow(sum_type_), sums_), DenseArray(arrow::int64(), counts_)};
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    GroupValues<Int128> out;
    out.Resize(static_cast<int64_t>(sums_.size()));
    Int128 factor = 1;
    for (int i = sum_type_->scale(); i < result_->scale(); ++i) factor *= 10;
    for (size_t group = 0; group < sums_.size(); ++group) {
      if (!counts_[group]) continue;
      Int128 scaled;
      if (__builtin_mul_overflow(sums_[group], factor, &scaled)) {
        if (ansi_) throw SumOverflow("Overflow in average of decimals", "try_avg");
        continue;
      }
      Int128 count = counts_[group];
      Int128 half = scaled >= 0 ? count / 2 : -(count / 2);
      if (count % 2 == 0 || scaled == 0) {
        out.Set(static_cast<uint32_t>(group), (scaled + half) / count);
      } else {
        out.Set(static_cast<uint32_t>(group), (2 * scaled + (scaled > 0 ? count : -count)) / (2 * count));
      }
    }
    return out.ToArray(types::ToArrow(result_));
  }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(sums_.capacity() * (sizeof(Int128) + 8)); }

 private:
  TypePtr sum_type_, result_;
  bool ansi_;
  std::vector<Int128> sums_;
  std::vector<int64_t> counts_;
};

/// The type sum and avg work on: integers stay, strings and floats are doubles.
TypePtr NumericArgument(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  const TypePtr& type = arguments[0].type;
  if (type->Is(TypeId::kDecimal) || type->Is(TypeId::kDayTimeInterval) || type->Is(TypeId::kYearMonthInterval)) {
    return type;
  }
  if (type->IsIntegral()) return types::Long();
  if (type->IsNumeric() || type->IsStringLike() || type->Is(TypeId::kNull)) return types::Double();
  throw base::Error(base::ErrorKind::kAnalysis, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                    {{"sqlExpr", QuotedSql(CallSql(context, arguments))},
                     {"paramIndex", "first"},
                     {"requiredType", "(\"NUMERIC\" or \"ANSI INTERVAL\")"},
                     {"inputSql", QuotedSql(arguments[0].sql)},
                     {"inputType", Quoted(*type)}});
}

logical::AggregateBindingPtr BindSum(const BindContext& context, const Arguments& arguments, bool try_sum) {
  auto binding = std::make_shared<logical::AggregateBinding>();
  binding->name = PrettyName(context);
  TypePtr argument = NumericArgument(context, arguments);
  binding->argument_types = {argument};
  bool ansi = context.ansi && !try_sum;
  if (argument->Is(TypeId::kDecimal)) {
    binding->type = BoundedDecimal(argument->precision() + 10, argument->scale());
    if (argument->precision() <= kSmallSumDigits) {
      binding->buffers = {{"sum", types::Long(), true}};
      binding->make = [type = binding->type] { return std::make_unique<SmallDecimalSum>(type); };
      return binding;
    }
    binding->buffers = {{"sum", binding->type, true}, {"isEmpty", types::Boolean(), false}};
    binding->make = [type = binding->type, ansi] { return std::make_unique<DecimalSum>(type, ansi); };
    return binding;
  }
  binding->type = argument;
  binding->buffers = {{"sum", argument, true}};
  if (argument->Is(TypeId::kDouble)) {
    binding->make = [] { return std::make_unique<DoubleSum>(); };
  } else if (argument->Is(TypeId::kYearMonthInterval)) {
    throw base::Error::Unsupported("sum of year-month intervals");
  } else {
    auto type = types::ToArrow(argument);
    binding->make = [type, ansi, try_sum] { return std::make_unique<LongSum<int64_t>>(type, ansi, try_sum); };
  }
  return binding;
}

logical::AggregateBindingPtr BindAverage(const BindContext& context, const Arguments& arguments, bool try_avg) {
  auto binding = std::make_shared<logical::AggregateBinding>();
  binding->name = PrettyName(context) == "mean" ? "mean" : PrettyName(context);
  TypePtr argument = NumericArgument(context, arguments);
  if (argument->Is(TypeId::kDecimal)) {
    binding->argument_types = {argument};
    binding->type = BoundedDecimal(argument->precision() + 4, argument->scale() + 4);
    bool ansi = context.ansi && !try_avg;
    if (argument->precision() <= kSmallAverageDigits) {
      binding->buffers = {{"sum", types::Double(), true}, {"count", types::Long(), true}};
      binding->make = [argument, result = binding->type, ansi] {
        return std::make_unique<SmallDecimalAverage>(argument, result, ansi);
      };
      return binding;
    }
    TypePtr sum = BoundedDecimal(argument->precision() + 10, argument->scale());
    binding->buffers = {{"sum", sum, true}, {"count", types::Long(), true}};
    binding->make = [sum, result = binding->type, ansi] { return std::make_unique<DecimalAverage>(sum, result, ansi); };
    return binding;
  }
  if (argument->Is(TypeId::kDayTimeInterval) || argument->Is(TypeId::kYearMonthInterval)) {
    throw base::Error::Unsupported("avg of intervals");
  }
  binding->argument_types = {types::Double()};
  binding->type = types::Double();
  binding->buffers = {{"sum", types::Double(), true}, {"count", types::Long(), true}};
  binding->make = [] { return std::make_unique<DoubleAverage>(); };
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Sum) {
  registry.Add({.name = "sum",
                .usage = "The sum of the values; an overflow is an error under ANSI.",
                .example = "SELECT sum(a) FROM VALUES (5), (10), (15) AS t(a)",
                .since = "1.0.0",
                .bind = BindAggregate([](const BindContext& context, const Arguments& arguments, bool) {
                  return BindSum(context, arguments, false);
                })});
  registry.Add({.name = "try_sum",
                .usage = "The sum of the values, null on overflow.",
                .example = "SELECT try_sum(a) FROM VALUES (5), (10) AS t(a)",
                .since = "3.3.0",
                .bind = BindAggregate([](const BindContext& context, const Arguments& arguments, bool) {
                  return BindSum(context, arguments, true);
                })});
}

SLUICE_REGISTER(FunctionRegistry, Average) {
  registry.Add({.name = "avg",
                .aliases = {"mean"},
                .usage = "The mean of the values.",
                .example = "SELECT avg(a) FROM VALUES (1), (2), (3) AS t(a)",
                .since = "1.0.0",
                .bind = BindAggregate([](const BindContext& context, const Arguments& arguments, bool) {
                  return BindAverage(context, arguments, false);
                })});
  registry.Add({.name = "try_avg",
                .usage = "The mean of the values, null on overflow.",
                .example = "SELECT try_avg(a) FROM VALUES (1), (2) AS t(a)",
                .since = "3.3.0",
                .bind = BindAggregate([](const BindContext& context, const Arguments& arguments, bool) {
                  return BindAverage(context, arguments, true);
                })});
}

}  // namespace sluice::functions
