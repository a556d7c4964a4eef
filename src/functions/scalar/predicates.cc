// NOT, the null and NaN tests, and IN.
#include <fmt/format.h>

#include <cmath>
#include <unordered_set>

#include "functions/kernels.h"
#include "functions/null_test.h"
#include "functions/signature.h"
#include "functions/sort_keys.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using logical::ScalarKernel;
using types::TypeId;
using types::TypePtr;

namespace {

/// IS NULL and IS NOT NULL: only bitmaps are looked at.
ScalarKernel NullTest(bool wanted_null) {
  return [wanted_null](EvalContext&, const std::vector<arrow::Datum>& arguments, int64_t rows) -> arrow::Datum {
    ColumnBase column(arguments[0]);
    if (arguments[0].is_scalar()) {
      return std::make_shared<arrow::BooleanScalar>(arguments[0].scalar()->is_valid != wanted_null);
    }
    Writer<bool> out(arrow::boolean(), rows);
    out.Fill([&](int64_t row) { return column.valid(row) != wanted_null; });
    return out.Finish();
  };
}

ScalarBindingPtr BindNullTest(bool wanted_null, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  auto binding =
      NewBinding(context, arguments, types::Boolean(), {arguments[0].type}, NullTest(wanted_null), Nulls::kNever);
  binding->can_fail = false;
  binding->sql = [wanted_null](const std::vector<std::string>& texts) {
    return fmt::format("({} IS {}NULL)", texts[0], wanted_null ? "" : "NOT ");
  };
  return binding;
}

logical::ExprPtr NullTestOf(const logical::ExprPtr& value, bool wanted_null) {
  BindContext context;
  context.name = wanted_null ? "isnull" : "isnotnull";
  Argument argument{.type = value->type, .nullable = value->nullable, .sql = value->Sql()};
  auto binding = BindNullTest(wanted_null, context, {argument});
  return std::make_shared<logical::ScalarCall>(std::move(binding), std::vector<logical::ExprPtr>{value});
}

template <typename T>
ScalarKernel NaNTest() {
  return RowKernel<bool(std::optional<T>)>(types::Boolean(),
                                           [](std::optional<T> v) { return v.has_value() && std::isnan(*v); });
}

ScalarBindingPtr BindIsNaN(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr type = Coerce(context, arguments, {Expected::OneOf({types::Double(), types::Float()})})[0];
  auto kernel = type->Is(TypeId::kFloat) ? NaNTest<float>() : NaNTest<double>();
  auto binding = NewBinding(context, arguments, types::Boolean(), {type}, kernel, Nulls::kNever);
  binding->can_fail = false;
  return binding;
}

template <typename T>
ScalarKernel NaNReplacement(const TypePtr& type) {
  using Maybe = std::optional<T>;
  return RowKernel<T(Maybe, Maybe)>(type, [](Maybe a, Maybe b) -> Maybe { return a && std::isnan(*a) ? b : a; });
}

ScalarBindingPtr BindNanvl(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  bool floats = arguments[0].type->Is(TypeId::kFloat) &&
                (arguments[1].type->Is(TypeId::kFloat) || arguments[1].type->Is(TypeId::kNull));
  TypePtr type = floats ? types::Float() : types::Double();
  Coerce(context, arguments, {Expected::OneOf({types::Double(), types::Float()})});
  auto kernel = floats ? NaNReplacement<float>(type) : NaNReplacement<double>(type);
  return NewBinding(context, arguments, type, {type, type}, kernel);
}

ScalarBindingPtr BindNot(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  std::string sql = fmt::format("(NOT {})", arguments[0].sql);
  TypePtr type = Coerce(context, arguments, {types::Boolean()}, sql)[0];
  auto binding = NewBinding(context, arguments, types::Boolean(), {type},
                            TotalKernel<bool(bool)>(types::Boolean(), [](bool v) { return !v; }));
  binding->can_fail = false;
  binding->sql = [](const std::vector<std::string>& texts) { return fmt::format("(NOT {})", texts[0]); };
  return binding;
}

/// The constants of an IN list, looked up by hash once there are many.
template <typename T>
class ValueSet {
 public:
  void Add(T value) {
    if constexpr (std::is_floating_point_v<T>) {
      if (value != value) {
        has_nan_ = true;
        return;
      }
      if (value == 0) value = 0;
    }
    values_.push_back(value);
  }
  void Seal() {
    if (values_.size() > 8) hashed_.insert(values_.begin(), values_.end());
  }
  bool Has(T value) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (value != value) return has_nan_;
    }
    if (!hashed_.empty()) return hashed_.contains(value);
    for (const T& candidate : values_) {
      if (candidate == value) return true;
    }
    return false;
  }

 private:
  struct Hash {
    size_t operator()(const T& value) const {
      if constexpr (std::is_same_v<T, Int128>) {
        return std::hash<uint64_t>()(static_cast<uint64_t>(value) ^ (static_cast<uint64_t>(value >> 64) * 31));
      } else {
        return std::hash<T>()(value);
      }
    }
  };
  std::vector<T> values_;
  std::unordered_set<T, Hash> hashed_;
  bool has_nan_ = false;
};

template <typename T>
arrow::Datum InList(const std::vector<arrow::Datum>& arguments, int64_t rows) {
  bool constant = AllConstant(arguments);
  if (constant) rows = 1;
  Column<T> value(arguments[0]);
  ValueSet<T> constants;
  std::vector<Column<T>> others, owners;  // texts among the constants stay in their columns
  bool null_constant = false;
  for (size_t i = 1; i < arguments.size(); ++i) {
    Column<T> candidate(arguments[i]);
    if (!candidate.constant()) {
      others.push_back(std::move(candidate));
    } else if (candidate.valid(0)) {
      owners.push_back(std::move(candidate));
      constants.Add(owners.back()[0]);
    } else {
      null_constant = true;
    }
  }
  constants.Seal();
  Writer<bool> out(arrow::boolean(), rows, AndValidity({&value}, rows));
  for (int64_t row = 0; row < rows; ++row) {
    if (!value.valid(row)) continue;
    T wanted = value[row];
    bool found = constants.Has(wanted), unknown = null_constant;
    for (size_t i = 0; i < others.size() && !found; ++i) {
      if (others[i].valid(row)) {
        found = IsEqual(others[i][row], wanted);
      } else {
        unknown = true;
      }
    }
    if (found) {
      out.Set(row, true);
    } else if (unknown) {
      out.SetNull(row);
    }
  }
  auto array = out.Finish();
  return constant ? AsScalar(array) : arrow::Datum(array);
}

/// Nested values by their keys; a null row keeps its null.
std::vector<arrow::Datum> AsKeys(const TypePtr& type, const std::vector<arrow::Datum>& arguments) {
  std::vector<arrow::Datum> out;
  for (const arrow::Datum& argument : arguments) {
    ColumnBase column(argument);
    auto keys = SortKeys(type, column.array())->data()->Copy();
    keys->buffers[0] = AndValidity({&column}, column.length());
    keys->null_count = keys->buffers[0] ? arrow::kUnknownNullCount : 0;
    auto array = arrow::MakeArray(keys);
    out.push_back(argument.is_scalar() ? AsScalar(array) : arrow::Datum(array));
  }
  return out;
}

ScalarBindingPtr BindIn(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, kUnlimited);
  std::vector<TypePtr> types;
  std::string list;
  for (size_t i = 0; i < arguments.size(); ++i) {
    types.push_back(arguments[i].type);
    if (i > 0) list += (i > 1 ? ", " : "") + arguments[i].sql;
  }
  TypePtr type = FindWiderType(types, context.ansi);
  std::string sql = fmt::format("({} IN ({}))", arguments[0].sql, list);
  if (!type) {
    throw TypeMismatch(sql, "DATA_DIFF_TYPES",
                       {{"functionName", "`in`"}, {"dataType", "[" + QuotedTypes(arguments) + "]"}});
  }
  if (!IsOrderable(*type)) {
    throw TypeMismatch(sql, "INVALID_ORDERING_TYPE", {{"functionName", "`in`"}, {"dataType", Quoted(*type)}});
  }
  if (type->Is(TypeId::kNull)) type = types::Boolean();
  ScalarKernel kernel;
  if (IsPrimitive(*type)) {
    kernel = WithPrimitive(*type, [](auto tag) -> ScalarKernel {
      return [](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
        return InList<typename decltype(tag)::type>(values, rows);
      };
    });
  } else {
    kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
      return InList<std::string_view>(AsKeys(type, values), rows);
    };
  }
  auto binding = NewBinding(context, arguments, types::Boolean(), std::vector<TypePtr>(arguments.size(), type), kernel);
  binding->can_fail = false;
  binding->sql = [](const std::vector<std::string>& texts) {
    std::string values;
    for (size_t i = 1; i < texts.size(); ++i) values += (i > 1 ? ", " : "") + texts[i];
    return fmt::format("({} IN ({}))", texts[0], values);
  };
  return binding;
}

}  // namespace

logical::ExprPtr IsNull(const logical::ExprPtr& value) { return NullTestOf(value, true); }
logical::ExprPtr IsNotNull(const logical::ExprPtr& value) { return NullTestOf(value, false); }

SLUICE_REGISTER(FunctionRegistry, Not) {
  registry.Add({.name = "not",
                .aliases = {"!"},
                .usage = "The opposite of a boolean; null stays null.",
                .example = "SELECT NOT true",
                .since = "1.0.0",
                .bind = BindScalar(BindNot)});
}

SLUICE_REGISTER(FunctionRegistry, NullTests) {
  registry.Add({.name = "isnull",
                .usage = "True if the value is null.",
                .example = "SELECT isnull(1)",
                .since = "1.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindNullTest(true, context, arguments);
                })});
  registry.Add({.name = "isnotnull",
                .usage = "True if the value is not null.",
                .example = "SELECT isnotnull(1)",
                .since = "1.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindNullTest(false, context, arguments);
                })});
}

SLUICE_REGISTER(FunctionRegistry, NaNTests) {
  registry.Add({.name = "isnan",
                .usage = "True if a floating point number is NaN; false for null.",
                .example = "SELECT isnan(CAST('NaN' AS DOUBLE))",
                .since = "1.5.0",
                .bind = BindScalar(BindIsNaN)});
  registry.Add({.name = "nanvl",
                .usage = "The first number, or the second where the first is NaN.",
                .example = "SELECT nanvl(CAST('NaN' AS DOUBLE), 123)",
                .since = "1.5.0",
                .bind = BindScalar(BindNanvl)});
}

SLUICE_REGISTER(FunctionRegistry, In) {
  registry.Add({.name = "in",
                .usage = "True if the value equals one of the list; null if none does and one of them is null.",
                .example = "SELECT 1 IN (1, 2, 3)",
                .since = "1.0.0",
                .bind = BindScalar(BindIn)});
}

}  // namespace sluice::functions
