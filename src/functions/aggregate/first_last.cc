// first, last, any_value, max_by, min_by.
#include "base/error.h"
#include "functions/aggregate/group_values.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {
namespace {

/// Buffers as Spark's First and Last: the value, and whether one was taken.
class FirstLast : public logical::GroupedAccumulator {
 public:
  FirstLast(types::TypePtr type, bool last, bool ignore_nulls)
      : rows_(types::ToArrow(type)), last_(last), ignore_nulls_(ignore_nulls) {}
  void Resize(int64_t groups) override { rows_.Resize(groups); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    int64_t first = rows_.AddArray(arguments[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (ignore_nulls_ && arguments[0]->IsNull(row)) continue;
      if (last_ || !rows_.IsSet(group_ids[row])) rows_.Set(group_ids[row], first + row);
    }
    rows_.Compact();
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    int64_t first = rows_.AddArray(buffers[0]);
    Column<bool> set(buffers[1]);
    for (int64_t row = 0; row < rows; ++row) {
      if (!set[row]) continue;
      if (last_ || !rows_.IsSet(group_ids[row])) rows_.Set(group_ids[row], first + row);
    }
    rows_.Compact();
  }
  arrow::ArrayVector Buffers() const override {
    auto values = rows_.ToArray();
    Writer<bool> set(arrow::boolean(), values->length());
    for (int64_t group = 0; group < values->length(); ++group) {
      set.Set(group, rows_.IsSet(static_cast<uint32_t>(group)));
    }
    return {values, set.Finish()};
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return rows_.ToArray(); }
  int64_t MemoryUsed() const override { return rows_.MemoryUsed(); }

 private:
  GroupRows rows_;
  bool last_, ignore_nulls_;
};

BindAggregate BindFirstLast(bool last) {
  return [last](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 2);
    bool ignore_nulls = false;
    if (arguments.size() == 2) {
      if (!arguments[1].literal || !arguments[1].type->Is(types::TypeId::kBoolean) || IsNullLiteral(arguments[1])) {
        throw UnexpectedInput(context, arguments, 1, "\"BOOLEAN\"");
      }
      ignore_nulls = BoolLiteral(arguments[1]);
    }
    auto binding = std::make_shared<logical::AggregateBinding>();
    std::string name = PrettyName(context);
    binding->name = name;
    binding->type = arguments[0].type;
    for (const Argument& argument : arguments) binding->argument_types.push_back(argument.type);
    binding->buffers = {{last ? "last" : "first", binding->type, true}, {"valueSet", types::Boolean(), true}};
    binding->make = [type = binding->type, last, ignore_nulls] {
      return std::make_unique<FirstLast>(type, last, ignore_nulls);
    };
    binding->sql = [name](const std::vector<std::string>& sql) { return name + "(" + sql[0] + ")"; };
    return binding;
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, FirstLast) {
  registry.Add({.name = "first",
                .aliases = {"first_value", "any_value"},
                .usage = "The first value of a group in the order the rows come; with true as second argument, the "
                         "first that is not null.",
                .example = "SELECT first(a) FROM VALUES (10), (5) AS t(a)",
                .since = "2.0.0",
                .bind = BindFirstLast(false)});
  registry.Add({.name = "last",
                .aliases = {"last_value"},
                .usage = "The last value of a group in the order the rows come; with true as second argument, the last "
                         "that is not null.",
                .example = "SELECT last(a) FROM VALUES (10), (5) AS t(a)",
                .since = "2.0.0",
                .bind = BindFirstLast(true)});
}

}  // namespace sluice::functions
