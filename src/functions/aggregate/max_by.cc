// max_by and min_by; min and max of arrays and structs.
#include <algorithm>

#include "functions/aggregate/extreme_rows.h"
#include "functions/aggregate/grouped_values.h"
#include "functions/aggregate/nested_extreme.h"
#include "functions/list_picker.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {

using types::TypePtr;

namespace {

/// Buffers as Spark's MaxMinBy: the value, and the ordering it was chosen by.
class ByOrdering : public logical::GroupedAccumulator {
 public:
  ByOrdering(const TypePtr& value, TypePtr ordering, bool max)
      : values_(types::ToArrow(value)),
        orderings_(types::ToArrow(ordering)),
        ordering_type_(std::move(ordering)),
        keys_(max) {}
  void Resize(int64_t groups) override {
    values_.Resize(groups);
    orderings_.Resize(groups);
    keys_.Resize(groups);
  }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    Column<std::string_view> keys(SortKeys(ordering_type_, arguments[1]));
    int64_t value_at = values_.AddArray(arguments[0]), ordering_at = orderings_.AddArray(arguments[1]);
    ColumnBase orderings(arguments[1]);
    for (int64_t row = 0; row < rows; ++row) {
      if (!orderings.valid(row) || !keys_.Offer(group_ids[row], keys[row], true)) continue;
      values_.Set(group_ids[row], value_at + row);
      orderings_.Set(group_ids[row], ordering_at + row);
    }
    values_.Compact();
    orderings_.Compact();
  }
  void Merge(logical::EvalContext& context, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Update(context, buffers, group_ids, rows);
  }
  arrow::ArrayVector Buffers() const override { return {values_.ToArray(), orderings_.ToArray()}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return values_.ToArray(); }
  int64_t MemoryUsed() const override { return values_.MemoryUsed() + orderings_.MemoryUsed() + keys_.MemoryUsed(); }

 private:
  GroupRows values_, orderings_;
  TypePtr ordering_type_;
  ExtremeKeys keys_;
};

/// The extreme value itself, by its key.
class NestedExtreme : public logical::GroupedAccumulator {
 public:
  NestedExtreme(TypePtr type, bool max) : rows_(types::ToArrow(type)), type_(std::move(type)), keys_(max) {}
  void Resize(int64_t groups) override {
    rows_.Resize(groups);
    keys_.Resize(groups);
  }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    Column<std::string_view> keys(SortKeys(type_, arguments[0]));
    ColumnBase values(arguments[0]);
    int64_t first = rows_.AddArray(arguments[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (values.valid(row) && keys_.Offer(group_ids[row], keys[row])) rows_.Set(group_ids[row], first + row);
    }
    rows_.Compact();
  }
  void Merge(logical::EvalContext& context, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Update(context, buffers, group_ids, rows);
  }
  arrow::ArrayVector Buffers() const override { return {rows_.ToArray()}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return rows_.ToArray(); }
  int64_t MemoryUsed() const override { return rows_.MemoryUsed() + keys_.MemoryUsed(); }

 private:
  GroupRows rows_;
  TypePtr type_;
  ExtremeKeys keys_;
};

/// The values of the `count` rows with the greatest or least ordering, best first.
class BestRows : public CollectingAccumulator {
 public:
  BestRows(const TypePtr& value, const TypePtr& ordering, bool max, size_t count)
      : CollectingAccumulator({ordering, value}), value_(value), ordering_(ordering), max_(max), count_(count) {}
  void Update(logical::EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    CollectingAccumulator::Update(context, {arguments[1], arguments[0]}, group_ids, rows);
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    Column<std::string_view> keys(SortKeys(ordering_, rows_.Values(0)));
    ListPicker out(rows_.groups());
    for (auto& group : rows_.Members()) {
      std::stable_sort(group.begin(), group.end(),
                       [&](int64_t a, int64_t b) { return max_ ? keys[a] > keys[b] : keys[a] < keys[b]; });
      for (size_t i = 0; i < std::min(count_, group.size()); ++i) out.Pick(group[i]);
      out.EndRow();
    }
    return out.Finish(types::Array(value_), rows_.Values(1));
  }

 private:
  TypePtr value_, ordering_;
  bool max_;
  size_t count_;
};

constexpr int64_t kMostRows = 100000;

int64_t RowCount(const BindContext& context, const Arguments& arguments) {
  const Argument& k = arguments[2];
  if (!k.literal || k.literal->is_null() || !k.type->IsIntegral()) {
    throw TypeMismatch(
        context, arguments, "NON_FOLDABLE_INPUT",
        {{"inputName", "`k`"}, {"inputType", Quoted(*types::Integer())}, {"inputExpr", QuotedSql(k.sql)}});
  }
  int64_t count = LongLiteral(k);
  if (count < 1 || count > kMostRows) {
    throw TypeMismatch(context, arguments, "VALUE_OUT_OF_RANGE",
                       {{"exprName", "`k`"},
                        {"valueRange", "[1, " + std::to_string(kMostRows) + "]"},
                        {"currentValue", std::to_string(count)}});
  }
  return count;
}

BindAggregate BindBy(bool max) {
  return [max](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 2, 3);
    TypePtr value = arguments[0].type, ordering = arguments[1].type;
    if (!IsOrderable(*ordering)) {
      throw TypeMismatch(context, arguments, "INVALID_ORDERING_TYPE",
                         {{"functionName", QuotedName(context)}, {"dataType", Quoted(*ordering)}});
    }
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    if (arguments.size() == 3) {
      auto count = static_cast<size_t>(RowCount(context, arguments));
      binding->type = types::Array(value);
      binding->argument_types = {value, ordering, arguments[2].type};
      binding->buffers = {{"buf", GroupedRows({ordering, value}).list_type(), true}};
      binding->make = [=] { return std::make_unique<BestRows>(value, ordering, max, count); };
      return logical::AggregateBindingPtr(binding);
    }
    binding->type = value;
    binding->argument_types = {value, ordering};
    binding->buffers = {{"valueWithExtremumOrdering", value, true}, {"extremumOrdering", ordering, true}};
    binding->make = [value, ordering, max] { return std::make_unique<ByOrdering>(value, ordering, max); };
    return logical::AggregateBindingPtr(binding);
  };
}

}  // namespace

std::unique_ptr<logical::GroupedAccumulator> MakeNestedExtreme(const TypePtr& type, bool max) {
  return std::make_unique<NestedExtreme>(type, max);
}

SLUICE_REGISTER(FunctionRegistry, MaxBy) {
  registry.Add({.name = "max_by",
                .usage = "The first argument of the row whose second argument is the greatest, or of that many rows.",
                .example = "SELECT max_by(x, y) FROM VALUES ('a', 10), ('b', 50), ('c', 20) AS t(x, y)",
                .since = "3.0.0",
                .bind = BindBy(true)});
  registry.Add({.name = "min_by",
                .usage = "The first argument of the row whose second argument is the least, or of that many rows.",
                .example = "SELECT min_by(x, y) FROM VALUES ('a', 10), ('b', 50), ('c', 20) AS t(x, y)",
                .since = "3.0.0",
                .bind = BindBy(false)});
}

}  // namespace sluice::functions
