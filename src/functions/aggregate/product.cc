// product, nth_value.
#include "functions/aggregate/group_values.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {

using types::Double;
using types::TypePtr;

namespace {

class Product : public logical::GroupedAccumulator {
 public:
  void Resize(int64_t groups) override { values_.Resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    ForEachValue<double>(arguments[0], group_ids, rows, [this](uint32_t group, double value) {
      values_.Set(group, values_.set[group] ? values_.values[group] * value : value);
    });
  }
  void Merge(logical::EvalContext& context, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Update(context, buffers, group_ids, rows);
  }
  arrow::ArrayVector Buffers() const override { return {values_.ToArray(arrow::float64())}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    return values_.ToArray(arrow::float64());
  }
  int64_t MemoryUsed() const override { return values_.MemoryUsed(); }

 private:
  GroupValues<double> values_;
};

/// The n-th row's value in a frame.
class NthValue : public logical::GroupedAccumulator {
 public:
  NthValue(const TypePtr& type, int64_t wanted, bool ignore_nulls)
      : rows_(types::ToArrow(type)), wanted_(wanted), ignore_nulls_(ignore_nulls) {}
  void Resize(int64_t groups) override {
    rows_.Resize(groups);
    counts_.resize(groups);
  }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    int64_t first = rows_.AddArray(arguments[0]);
    ColumnBase values(arguments[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (ignore_nulls_ && !values.valid(row)) continue;
      if (++counts_[group_ids[row]] == wanted_) rows_.Set(group_ids[row], first + row);
    }
    rows_.Compact();
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector&, const uint32_t*, int64_t) override {
    throw base::Error::Internal("nth_value cannot be merged: it is a window function");
  }
  arrow::ArrayVector Buffers() const override { return {rows_.ToArray(), DenseArray(arrow::int64(), counts_)}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return rows_.ToArray(); }
  int64_t MemoryUsed() const override { return rows_.MemoryUsed(); }

 private:
  GroupRows rows_;
  int64_t wanted_;
  bool ignore_nulls_;
  std::vector<int64_t> counts_;
};

logical::AggregateBindingPtr BindProduct(const BindContext& context, const Arguments& arguments, bool) {
  CheckCount(context, arguments, 1, 1);
  auto binding = std::make_shared<logical::AggregateBinding>();
  binding->name = PrettyName(context);
  binding->type = Double();
  binding->argument_types = Coerce(context, arguments, {Double()});
  binding->buffers = {{"product", Double(), true}};
  binding->make = [] { return std::make_unique<Product>(); };
  return binding;
}

logical::AggregateBindingPtr BindNthValue(const BindContext& context, const Arguments& arguments, bool) {
  CheckCount(context, arguments, 2, 3);
  const Argument& place = arguments[1];
  if (!place.literal || place.literal->is_null() || !place.type->IsIntegral()) {
    throw TypeMismatch(context, arguments, "NON_FOLDABLE_INPUT",
                       {{"inputName", "`offset`"}, {"inputType", "\"INT\""}, {"inputExpr", QuotedSql(place.sql)}});
  }
  int64_t wanted = LongLiteral(place);
  if (wanted <= 0) {
    throw TypeMismatch(context, arguments, "VALUE_OUT_OF_RANGE",
                       {{"exprName", "`offset`"},
                        {"valueRange", "(0, 9223372036854775807]"},
                        {"currentValue", std::to_string(wanted) + "L"}});
  }
  bool ignore_nulls = arguments.size() == 3 && arguments[2].literal && !arguments[2].literal->is_null() &&
                      arguments[2].type->Is(types::TypeId::kBoolean) && BoolLiteral(arguments[2]);
  TypePtr type = arguments[0].type;
  auto binding = std::make_shared<logical::AggregateBinding>();
  binding->name = PrettyName(context);
  binding->type = type;
  for (const Argument& argument : arguments) binding->argument_types.push_back(argument.type);
  binding->buffers = {{"result", type, true}, {"count", types::Long(), false}};
  binding->make = [type, wanted, ignore_nulls] { return std::make_unique<NthValue>(type, wanted, ignore_nulls); };
  binding->sql = [name = binding->name, ignore_nulls](const std::vector<std::string>& texts) {
    return name + "(" + texts[0] + ", " + texts[1] + ")" + (ignore_nulls ? " ignore nulls" : "");
  };
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Product) {
  registry.Add(
      {.name = "product", .usage = "The product of the values.", .since = "3.2.0", .bind = BindAggregate(BindProduct)});
}

SLUICE_REGISTER(FunctionRegistry, NthValue) {
  registry.Add({.name = "nth_value",
                .usage = "The value of the n-th row of a window frame.",
                .example = "SELECT a, nth_value(a, 2) OVER (ORDER BY a) FROM VALUES (1), (2) AS t(a)",
                .since = "3.1.0",
                .bind = BindAggregate(BindNthValue)});
}

}  // namespace sluice::functions
