// Comparison operators over all types that can be compared.
#include <fmt/format.h>

#include "functions/kernels.h"
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

enum class CompareOp { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kNullSafeEqual };

const char* SymbolOf(CompareOp op) {
  switch (op) {
    case CompareOp::kEqual:
    case CompareOp::kNotEqual:
      return "=";
    case CompareOp::kLess:
      return "<";
    case CompareOp::kLessOrEqual:
      return "<=";
    case CompareOp::kGreater:
      return ">";
    case CompareOp::kGreaterOrEqual:
      return ">=";
    case CompareOp::kNullSafeEqual:
      return "<=>";
  }
  return "";
}

bool IsEquality(CompareOp op) {
  return op == CompareOp::kEqual || op == CompareOp::kNotEqual || op == CompareOp::kNullSafeEqual;
}

template <typename T, CompareOp kOp>
bool Compare(const T& a, const T& b) {
  switch (kOp) {
    case CompareOp::kEqual:
      return IsEqual(a, b);
    case CompareOp::kNotEqual:
      return !IsEqual(a, b);
    case CompareOp::kLess:
      return IsLess(a, b);
    case CompareOp::kLessOrEqual:
      return !IsLess(b, a);
    case CompareOp::kGreater:
      return IsLess(b, a);
    case CompareOp::kGreaterOrEqual:
      return !IsLess(a, b);
    case CompareOp::kNullSafeEqual:
      return false;
  }
  return false;
}

template <typename T, CompareOp kOp>
ScalarKernel KernelOf() {
  if constexpr (kOp == CompareOp::kNullSafeEqual) {
    using Maybe = std::optional<T>;
    return RowKernel<bool(Maybe, Maybe)>(types::Boolean(), [](const Maybe& a, const Maybe& b) {
      return a.has_value() == b.has_value() && (!a || IsEqual(*a, *b));
    });
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return RowKernel<bool(T, T)>(types::Boolean(), Compare<T, kOp>);
  } else {
    return TotalKernel<bool(T, T)>(types::Boolean(), [](T a, T b) { return Compare<T, kOp>(a, b); });
  }
}

template <typename T>
ScalarKernel KernelOf(CompareOp op) {
  switch (op) {
    case CompareOp::kEqual:
      return KernelOf<T, CompareOp::kEqual>();
    case CompareOp::kNotEqual:
      return KernelOf<T, CompareOp::kNotEqual>();
    case CompareOp::kLess:
      return KernelOf<T, CompareOp::kLess>();
    case CompareOp::kLessOrEqual:
      return KernelOf<T, CompareOp::kLessOrEqual>();
    case CompareOp::kGreater:
      return KernelOf<T, CompareOp::kGreater>();
    case CompareOp::kGreaterOrEqual:
      return KernelOf<T, CompareOp::kGreaterOrEqual>();
    case CompareOp::kNullSafeEqual:
      return KernelOf<T, CompareOp::kNullSafeEqual>();
  }
  return nullptr;
}

/// The keys of a datum with the datum's own nulls put back.
arrow::Datum KeysOf(const TypePtr& type, const arrow::Datum& datum) {
  ColumnBase column(datum);
  auto keys = SortKeys(type, column.array())->data()->Copy();
  keys->buffers[0] = AndValidity({&column}, column.length());
  keys->null_count = keys->buffers[0] ? arrow::kUnknownNullCount : 0;
  auto array = arrow::MakeArray(keys);
  return datum.is_scalar() ? AsScalar(array) : arrow::Datum(array);
}

/// Nested values are compared through their keys.
ScalarKernel NestedKernel(CompareOp op, const TypePtr& type) {
  auto kernel = KernelOf<std::string_view>(op);
  return [kernel, type](EvalContext& context, const std::vector<arrow::Datum>& arguments, int64_t rows) {
    return kernel(context, {KeysOf(type, arguments[0]), KeysOf(type, arguments[1])}, rows);
  };
}

ScalarKernel MakeKernel(CompareOp op, const TypePtr& type) {
  if (!IsPrimitive(*type)) return NestedKernel(op, type);
  return WithPrimitive(*type, [&](auto tag) { return KernelOf<typename decltype(tag)::type>(op); });
}

int LiteralDigits(const Argument& argument) {
  if (!argument.literal || argument.literal->is_null() || !argument.type->IsIntegral()) return 0;
  std::string digits = std::to_string(LongLiteral(argument));
  return static_cast<int>(digits.size()) - (digits[0] == '-');
}

ScalarBindingPtr BindComparison(CompareOp op, bool infix, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  const char* symbol = SymbolOf(op);
  std::string sql =
      infix ? fmt::format("({} {} {})", arguments[0].sql, symbol, arguments[1].sql) : CallSql(context, arguments);
  TypePtr type = FindComparisonType(arguments[0].type, arguments[1].type, IsEquality(op), context.ansi,
                                    LiteralDigits(arguments[0]), LiteralDigits(arguments[1]));
  if (!type) {
    throw TypeMismatch(sql, "BINARY_OP_DIFF_TYPES",
                       {{"left", Quoted(*arguments[0].type)}, {"right", Quoted(*arguments[1].type)}});
  }
  bool comparable = IsOrderable(*type) || (type->Is(TypeId::kCalendarInterval) && IsEquality(op));
  if (!comparable) {
    throw TypeMismatch(sql, "INVALID_ORDERING_TYPE",
                       {{"functionName", fmt::format("`{}`", symbol)}, {"dataType", Quoted(*type)}});
  }
  ScalarKernel kernel = MakeKernel(op, type->Is(TypeId::kNull) ? types::Boolean() : type);
  if (type->Is(TypeId::kNull)) type = types::Boolean();
  auto binding = NewBinding(context, arguments, types::Boolean(), {type, type}, std::move(kernel),
                            op == CompareOp::kNullSafeEqual ? Nulls::kNever : Nulls::kPropagate);
  binding->can_fail = false;
  if (infix) {
    bool negated = op == CompareOp::kNotEqual;
    binding->sql = [symbol, negated](const std::vector<std::string>& texts) {
      std::string compared = fmt::format("({} {} {})", texts[0], symbol, texts[1]);
      return negated ? fmt::format("(NOT {})", compared) : compared;
    };
  }
  return binding;
}

BindScalar Comparison(CompareOp op, bool infix = true) {
  return [op, infix](const BindContext& context, const Arguments& arguments) {
    return BindComparison(op, infix, context, arguments);
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Comparison) {
  registry.Add({.name = "=",
                .aliases = {"=="},
                .usage = "True if both operands are equal; null if one is null.",
                .example = "SELECT 2 = 2",
                .since = "1.0.0",
                .bind = Comparison(CompareOp::kEqual)});
  registry.Add({.name = "!=",
                .aliases = {"<>"},
                .usage = "True if the operands differ; null if one is null.",
                .example = "SELECT 1 != 2",
                .since = "1.0.0",
                .bind = Comparison(CompareOp::kNotEqual)});
  registry.Add({.name = "<",
                .usage = "True if the first operand is less than the second.",
                .example = "SELECT 1 < 2",
                .since = "1.0.0",
                .bind = Comparison(CompareOp::kLess)});
  registry.Add({.name = "<=",
                .usage = "True if the first operand is less than or equal to the second.",
                .example = "SELECT 2 <= 2",
                .since = "1.0.0",
                .bind = Comparison(CompareOp::kLessOrEqual)});
  registry.Add({.name = ">",
                .usage = "True if the first operand is greater than the second.",
                .example = "SELECT 2 > 1",
                .since = "1.0.0",
                .bind = Comparison(CompareOp::kGreater)});
  registry.Add({.name = ">=",
                .usage = "True if the first operand is greater than or equal to the second.",
                .example = "SELECT 2 >= 1",
                .since = "1.0.0",
                .bind = Comparison(CompareOp::kGreaterOrEqual)});
  registry.Add({.name = "<=>",
                .usage = "Equality in which two nulls are equal; never null.",
                .example = "SELECT 2 <=> NULL",
                .since = "1.1.0",
                .bind = Comparison(CompareOp::kNullSafeEqual)});
  registry.Add({.name = "equal_null",
                .usage = "Equality in which two nulls are equal; never null.",
                .example = "SELECT equal_null(2, NULL)",
                .since = "3.4.0",
                .bind = Comparison(CompareOp::kNullSafeEqual, /*infix=*/false)});
}

}  // namespace sluice::functions
