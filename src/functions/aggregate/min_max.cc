// min, max, bool_and, bool_or.
#include <cmath>

#include "base/error.h"
#include "functions/aggregate/group_values.h"
#include "functions/aggregate/nested_extreme.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {
namespace {

using types::TypeId;

/// Spark's order: NaN is greater than any other number.
template <typename T>
bool Less(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a)) return false;
    if (std::isnan(b)) return true;
  }
  return a < b;
}

template <typename T>
class Extreme : public logical::GroupedAccumulator {
 public:
  Extreme(std::shared_ptr<arrow::DataType> type, bool max) : type_(std::move(type)), max_(max) {}
  void Resize(int64_t groups) override { best_.Resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<T>(arguments[0], group_ids, rows, [&](uint32_t group, T value) {
      if (!best_.set[group] || (max_ ? Less(T(best_.values[group]), value) : Less(value, T(best_.values[group])))) {
        best_.Set(group, value);
      }
    });
  }
  void Merge(logical::EvalContext& context, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Update(context, buffers, group_ids, rows);
  }
  arrow::ArrayVector Buffers() const override { return {best_.ToArray(type_)}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return best_.ToArray(type_); }
  int64_t MemoryUsed() const override { return best_.MemoryUsed(); }

 private:
  std::shared_ptr<arrow::DataType> type_;
  bool max_;
  GroupValues<T> best_;
};

/// Strings and binaries: the best text of each group is copied only when it changes.
class TextExtreme : public logical::GroupedAccumulator {
 public:
  TextExtreme(std::shared_ptr<arrow::DataType> type, bool max) : type_(std::move(type)), max_(max) {}
  void Resize(int64_t groups) override {
    best_.resize(groups);
    set_.resize(groups);
  }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<std::string_view>(arguments[0], group_ids, rows, [&](uint32_t group, std::string_view value) {
      std::string& best = best_[group];
      if (!set_[group] || (max_ ? best < value : value < best)) {
        best.assign(value);
        set_[group] = 1;
      }
    });
  }
  void Merge(logical::EvalContext& context, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Update(context, buffers, group_ids, rows);
  }
  arrow::ArrayVector Buffers() const override { return {Result()}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return Result(); }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(best_.capacity() * (sizeof(std::string) + 1)); }

 private:
  std::shared_ptr<arrow::Array> Result() const {
    TextWriter out(type_, static_cast<int64_t>(best_.size()));
    for (size_t group = 0; group < best_.size(); ++group) {
      if (set_[group]) {
        out.Append(best_[group]);
        out.EndRow();
      } else {
        out.EndRowAsNull();
      }
    }
    return out.Finish();
  }
  std::shared_ptr<arrow::DataType> type_;
  bool max_;
  std::vector<std::string> best_;
  std::vector<uint8_t> set_;
};

std::unique_ptr<logical::GroupedAccumulator> MakeExtreme(const types::TypePtr& type, bool max) {
  auto arrow_type = types::ToArrow(type);
  switch (type->id()) {
    case TypeId::kBoolean:
      return std::make_unique<Extreme<bool>>(arrow_type, max);
    case TypeId::kByte:
      return std::make_unique<Extreme<int8_t>>(arrow_type, max);
    case TypeId::kShort:
      return std::make_unique<Extreme<int16_t>>(arrow_type, max);
    case TypeId::kInteger:
    case TypeId::kDate:
    case TypeId::kYearMonthInterval:
      return std::make_unique<Extreme<int32_t>>(arrow_type, max);
    case TypeId::kLong:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
    case TypeId::kDayTimeInterval:
    case TypeId::kTime:
      return std::make_unique<Extreme<int64_t>>(arrow_type, max);
    case TypeId::kFloat:
      return std::make_unique<Extreme<float>>(arrow_type, max);
    case TypeId::kDouble:
      return std::make_unique<Extreme<double>>(arrow_type, max);
    case TypeId::kDecimal:
      return std::make_unique<Extreme<Int128>>(arrow_type, max);
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary:
      return std::make_unique<TextExtreme>(arrow_type, max);
    default:
      return MakeNestedExtreme(type, max);
  }
}

BindAggregate BindExtreme(bool max) {
  return [max](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 1);
    types::TypePtr type = arguments[0].type;
    if (!IsOrderable(*type)) {
      throw TypeMismatch(context, arguments, "INVALID_ORDERING_TYPE",
                         {{"functionName", QuotedName(context)}, {"dataType", Quoted(*type)}});
    }
    if (type->Is(TypeId::kNull)) type = types::Boolean();
    MakeExtreme(type, max);
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = type;
    binding->argument_types = {type};
    binding->buffers = {{max ? "max" : "min", type, true}};
    binding->ignores_duplicates = true;
    binding->make = [type, max] { return MakeExtreme(type, max); };
    return binding;
  };
}

BindAggregate BindBool(bool any) {
  return [any](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 1);
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = types::Boolean();
    binding->argument_types = Coerce(context, arguments, {types::Boolean()});
    binding->buffers = {{any ? "max" : "min", types::Boolean(), true}};
    binding->ignores_duplicates = true;
    binding->make = [any] { return std::make_unique<Extreme<bool>>(arrow::boolean(), any); };
    return binding;
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, MinMax) {
  registry.Add({.name = "min",
                .usage = "The smallest value that is not null.",
                .example = "SELECT min(a) FROM VALUES (10), (-1), (20) AS t(a)",
                .since = "1.0.0",
                .bind = BindExtreme(false)});
  registry.Add({.name = "max",
                .usage = "The greatest value that is not null; NaN is greater than any number.",
                .example = "SELECT max(a) FROM VALUES (10), (50), (20) AS t(a)",
                .since = "1.0.0",
                .bind = BindExtreme(true)});
}

SLUICE_REGISTER(FunctionRegistry, BoolAggregates) {
  registry.Add({.name = "bool_and",
                .aliases = {"every"},
                .usage = "True if all values are true.",
                .example = "SELECT bool_and(a) FROM VALUES (true), (false) AS t(a)",
                .since = "3.0.0",
                .bind = BindBool(false)});
  registry.Add({.name = "bool_or",
                .aliases = {"any", "some"},
                .usage = "True if at least one value is true.",
                .example = "SELECT bool_or(a) FROM VALUES (true), (false) AS t(a)",
                .since = "3.0.0",
                .bind = BindBool(true)});
}

}  // namespace sluice::functions
