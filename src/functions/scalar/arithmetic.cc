// The arithmetic operators: coercion of their operands and the choice of a kernel.
#include "functions/scalar/arithmetic.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "functions/decimal_math.h"
#include "functions/kernels.h"

namespace sluice::functions {

using logical::ScalarBindingPtr;
using types::DataType;
using types::TypeId;
using types::TypePtr;

const char* Symbol(ArithmeticOp op) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return "+";
    case ArithmeticOp::kSubtract:
      return "-";
    case ArithmeticOp::kMultiply:
      return "*";
    case ArithmeticOp::kDivide:
      return "/";
    case ArithmeticOp::kRemainder:
      return "%";
    case ArithmeticOp::kIntegralDivide:
      return "div";
    case ArithmeticOp::kPmod:
      return "pmod";
  }
  return "";
}

std::function<std::string(const std::vector<std::string>&)> InfixSql(std::string symbol) {
  return [symbol = std::move(symbol)](const std::vector<std::string>& arguments) {
    return fmt::format("({} {} {})", arguments[0], symbol, arguments[1]);
  };
}

namespace {

bool IsFloating(const DataType& type) { return type.Is(TypeId::kFloat) || type.Is(TypeId::kDouble); }

bool IsAnyInterval(const DataType& type) {
  return type.Is(TypeId::kDayTimeInterval) || type.Is(TypeId::kYearMonthInterval) || type.Is(TypeId::kCalendarInterval);
}

/// The decimal an integral operand becomes beside a decimal; a literal takes only the digits it has.
TypePtr IntegralAsDecimal(const Argument& argument) {
  if (!argument.literal || argument.literal->is_null()) return DecimalForType(*argument.type);
  std::string digits = std::to_string(LongLiteral(argument));
  return types::Decimal(static_cast<int>(digits.size()) - (digits[0] == '-'), 0);
}

struct Operands {
  TypePtr left, right;
};

void PromoteStrings(const BindContext& context, Operands* operands) {
  bool left = operands->left->IsStringLike(), right = operands->right->IsStringLike();
  if (!left && !right) return;
  if (context.ansi) {
    TypePtr promoted = left != right ? PromoteString(operands->left, operands->right) : nullptr;
    if (promoted) operands->left = operands->right = promoted;
    return;
  }
  if (left && !IsAnyInterval(*operands->right)) operands->left = types::Double();
  if (right && !IsAnyInterval(*operands->left)) operands->right = types::Double();
}

void MatchDecimals(const Arguments& arguments, Operands* operands) {
  bool left = operands->left->Is(TypeId::kDecimal), right = operands->right->Is(TypeId::kDecimal);
  if (left == right) return;
  TypePtr& other = left ? operands->right : operands->left;
  if (other->IsIntegral()) {
    const Argument& argument = arguments[left ? 1 : 0];
    other = argument.type->IsIntegral() ? IntegralAsDecimal(argument) : DecimalForType(*other);
  } else if (IsFloating(*other)) {
    operands->left = operands->right = types::Double();
  } else if (other->Is(TypeId::kNull)) {
    other = left ? operands->left : operands->right;
  }
}

const char* RequiredType(ArithmeticOp op) {
  switch (op) {
    case ArithmeticOp::kAdd:
    case ArithmeticOp::kSubtract:
      return "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";
    case ArithmeticOp::kDivide:
      return "(\"DOUBLE\" or \"DECIMAL\")";
    case ArithmeticOp::kIntegralDivide:
      return "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")";
    default:
      return "\"NUMERIC\"";
  }
}

void CheckOperands(ArithmeticOp op, const std::string& sql, const Operands& operands) {
  if (!SameType(operands.left, operands.right) &&
      !(operands.left->Is(TypeId::kDecimal) && operands.right->Is(TypeId::kDecimal))) {
    throw TypeMismatch(sql, "BINARY_OP_DIFF_TYPES",
                       {{"left", Quoted(*operands.left)}, {"right", Quoted(*operands.right)}});
  }
  bool good = operands.left->IsNumeric();
  if (op == ArithmeticOp::kDivide) good = operands.left->Is(TypeId::kDouble) || operands.left->Is(TypeId::kDecimal);
  if (!good) {
    throw TypeMismatch(sql, "BINARY_OP_WRONG_TYPE",
                       {{"inputType", RequiredType(op)}, {"actualDataType", Quoted(*operands.left)}});
  }
}

Operands CoerceOperands(ArithmeticOp op, const BindContext& context, const Arguments& arguments,
                        const std::string& sql) {
  Operands operands{arguments[0].type, arguments[1].type};
  if (operands.left->Is(TypeId::kNull) && operands.right->Is(TypeId::kNull)) {
    operands.left = operands.right = types::Double();
  }
  PromoteStrings(context, &operands);
  MatchDecimals(arguments, &operands);
  if (operands.left->Is(TypeId::kDecimal) && operands.right->Is(TypeId::kDecimal)) return operands;
  if (TypePtr common = FindTightestCommonType(operands.left, operands.right, context.ansi)) {
    operands.left = operands.right = common;
  }
  if (op == ArithmeticOp::kDivide && operands.left->IsNumeric() && operands.right->IsNumeric()) {
    operands.left = operands.right = types::Double();
  }
  if (op == ArithmeticOp::kIntegralDivide && operands.left->IsIntegral()) {
    operands.left = operands.right = types::Long();
  }
  if (op == ArithmeticOp::kIntegralDivide && IsFloating(*operands.left)) {
    throw TypeMismatch(sql, "BINARY_OP_WRONG_TYPE",
                       {{"inputType", RequiredType(op)}, {"actualDataType", Quoted(*operands.left)}});
  }
  CheckOperands(op, sql, operands);
  return operands;
}

struct OperatorRule {
  ArithmeticOp op;
  bool infix = true;  ///< printed as "(a + b)"
  bool is_try = false;
};

ScalarBindingPtr BindArithmetic(const OperatorRule& rule, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  ArithmeticMode mode = rule.is_try    ? ArithmeticMode::kTry
                        : context.ansi ? ArithmeticMode::kAnsi
                                       : ArithmeticMode::kLegacy;
  auto sql_form = rule.infix ? InfixSql(Symbol(rule.op)) : nullptr;
  std::string sql = sql_form ? sql_form({arguments[0].sql, arguments[1].sql}) : CallSql(context, arguments);
  if (ScalarBindingPtr binding = BindDatetimeArithmetic(rule.op, context, arguments, mode)) {
    auto copy = std::make_shared<logical::ScalarBinding>(*binding);
    copy->name = PrettyName(context);
    if (!copy->sql || rule.is_try) copy->sql = sql_form;
    return copy;
  }
  Operands operands = CoerceOperands(rule.op, context, arguments, sql);
  bool decimal = operands.left->Is(TypeId::kDecimal);
  TypePtr type = operands.left;
  logical::ScalarKernel kernel;
  if (decimal) {
    type = DecimalResult(rule.op, *operands.left, *operands.right,
                         context.Flag("spark.sql.decimalOperations.allowPrecisionLoss", true));
    kernel = DecimalArithmetic(rule.op, operands.left, operands.right, type, mode);
    if (rule.op == ArithmeticOp::kIntegralDivide) type = types::Long();
  } else {
    kernel = NumberArithmetic(rule.op, type, mode);
  }
  bool divides =
      rule.op != ArithmeticOp::kAdd && rule.op != ArithmeticOp::kSubtract && rule.op != ArithmeticOp::kMultiply;
  bool always_nullable = rule.is_try || divides || (decimal && mode != ArithmeticMode::kAnsi);
  auto binding = NewBinding(context, arguments, type, {operands.left, operands.right}, std::move(kernel),
                            always_nullable ? Nulls::kAlways : Nulls::kPropagate);
  binding->sql = sql_form;
  return binding;
}

BindScalar Operator(OperatorRule rule) {
  return [rule](const BindContext& context, const Arguments& arguments) {
    return BindArithmetic(rule, context, arguments);
  };
}

enum class UnaryOp { kNegative, kPositive, kAbs };

template <typename T>
logical::ScalarKernel UnaryNumber(UnaryOp op, const TypePtr& type, bool ansi) {
  if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, Int128>) {
    if (op == UnaryOp::kNegative) return TotalKernel<T(T)>(type, [](T v) { return -v; });
    return TotalKernel<T(T)>(type, [](T v) {
      if constexpr (std::is_floating_point_v<T>)
        return std::abs(v);
      else
        return v < 0 ? -v : v;
    });
  } else {
    bool absolute = op == UnaryOp::kAbs;
    auto apply = [absolute, ansi](T& out, T v) {
      bool flips = !absolute || v < 0;
      using U = std::make_unsigned_t<T>;
      out = flips ? static_cast<T>(U{0} - static_cast<U>(v)) : v;
      return !ansi || !flips || v != std::numeric_limits<T>::min();
    };
    return CheckedKernel<T(T)>(
        type, apply, [](T) { return Overflow(""); }, false);
  }
}

logical::ScalarKernel UnaryKernel(UnaryOp op, const TypePtr& type, bool ansi) {
  switch (type->id()) {
    case TypeId::kByte:
      return UnaryNumber<int8_t>(op, type, ansi);
    case TypeId::kShort:
      return UnaryNumber<int16_t>(op, type, ansi);
    case TypeId::kInteger:
    case TypeId::kYearMonthInterval:
      return UnaryNumber<int32_t>(op, type, ansi);
    case TypeId::kLong:
    case TypeId::kDayTimeInterval:
      return UnaryNumber<int64_t>(op, type, ansi);
    case TypeId::kFloat:
      return UnaryNumber<float>(op, type, ansi);
    case TypeId::kDouble:
      return UnaryNumber<double>(op, type, ansi);
    case TypeId::kDecimal:
      return UnaryNumber<Int128>(op, type, ansi);
    default:
      return TotalKernel<CalendarValue(CalendarValue)>(type, [](CalendarValue v) {
        return CalendarValue{-v.months, -v.days, -v.nanos};
      });
  }
}

ScalarBindingPtr BindUnary(UnaryOp op, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  Arguments coerced = arguments;
  if (coerced[0].type->IsStringLike()) coerced[0].type = types::Double();
  std::vector<Expected> parts = {Expected::Numeric(), Expected::DayTime(), Expected::YearMonth()};
  if (op != UnaryOp::kAbs) parts.push_back(types::CalendarInterval());
  std::string name = PrettyName(context);
  bool symbolic = name == "-" || name == "+";
  std::string sql = symbolic ? fmt::format("({} {})", name, arguments[0].sql) : CallSql(context, arguments);
  TypePtr type = Coerce(context, coerced, {Expected::OneOf(parts)}, sql)[0];
  logical::ScalarKernel kernel;
  if (op == UnaryOp::kPositive) {
    kernel = [](logical::EvalContext&, const std::vector<arrow::Datum>& values, int64_t) { return values[0]; };
  } else {
    kernel = UnaryKernel(op, type, context.ansi);
  }
  auto binding = NewBinding(context, arguments, type, {type}, std::move(kernel));
  if (symbolic || op == UnaryOp::kPositive) {
    std::string symbol = symbolic ? name : "+";
    binding->sql = [symbol](const std::vector<std::string>& texts) { return fmt::format("({} {})", symbol, texts[0]); };
  }
  return binding;
}

BindScalar Unary(UnaryOp op) {
  return [op](const BindContext& context, const Arguments& arguments) { return BindUnary(op, context, arguments); };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Add) {
  auto binary = Operator({ArithmeticOp::kAdd});
  registry.Add({.name = "+",
                .usage = "Adds two numbers or intervals, or moves a date or timestamp by an interval.",
                .example = "SELECT 1 + 2",
                .since = "1.0.0",
                .bind = BindScalar([binary](const BindContext& context, const Arguments& arguments) {
                  return arguments.size() == 1 ? BindUnary(UnaryOp::kPositive, context, arguments)
                                               : binary(context, arguments);
                })});
}

SLUICE_REGISTER(FunctionRegistry, Subtract) {
  auto binary = Operator({ArithmeticOp::kSubtract});
  registry.Add({.name = "-",
                .usage = "Subtracts the second operand from the first; with one operand, changes its sign.",
                .example = "SELECT 3 - 1",
                .since = "1.0.0",
                .bind = BindScalar([binary](const BindContext& context, const Arguments& arguments) {
                  return arguments.size() == 1 ? BindUnary(UnaryOp::kNegative, context, arguments)
                                               : binary(context, arguments);
                })});
}

SLUICE_REGISTER(FunctionRegistry, Multiply) {
  registry.Add({.name = "*",
                .usage = "Multiplies two numbers, or an interval by a number.",
                .example = "SELECT 2 * 3",
                .since = "1.0.0",
                .bind = Operator({ArithmeticOp::kMultiply})});
}

SLUICE_REGISTER(FunctionRegistry, Divide) {
  registry.Add({.name = "/",
                .usage = "Divides as floating point numbers or decimals, or an interval by a number.",
                .example = "SELECT 3 / 2",
                .since = "1.0.0",
                .bind = Operator({ArithmeticOp::kDivide})});
}

SLUICE_REGISTER(FunctionRegistry, Remainder) {
  registry.Add({.name = "%",
                .usage = "The remainder of a division, with the sign of the dividend.",
                .example = "SELECT 7 % 3",
                .since = "1.0.0",
                .bind = Operator({ArithmeticOp::kRemainder})});
  registry.Add({.name = "mod",
                .usage = "The remainder of a division, with the sign of the dividend.",
                .example = "SELECT mod(7, 3)",
                .since = "2.3.0",
                .bind = Operator({ArithmeticOp::kRemainder, /*infix=*/false})});
}

SLUICE_REGISTER(FunctionRegistry, IntegralDivide) {
  registry.Add({.name = "div",
                .usage = "The whole part of a quotient as BIGINT.",
                .example = "SELECT 7 div 2",
                .since = "3.0.0",
                .bind = Operator({ArithmeticOp::kIntegralDivide})});
}

SLUICE_REGISTER(FunctionRegistry, Pmod) {
  registry.Add({.name = "pmod",
                .usage = "The remainder of a division as a number that is not negative.",
                .example = "SELECT pmod(-7, 3)",
                .since = "1.5.0",
                .bind = Operator({ArithmeticOp::kPmod, /*infix=*/false})});
}

SLUICE_REGISTER(FunctionRegistry, TryArithmetic) {
  registry.Add({.name = "try_add",
                .usage = "Like +, but null where the result overflows.",
                .example = "SELECT try_add(1, 2)",
                .since = "3.2.0",
                .bind = Operator({ArithmeticOp::kAdd, false, true})});
  registry.Add({.name = "try_subtract",
                .usage = "Like -, but null where the result overflows.",
                .example = "SELECT try_subtract(2, 1)",
                .since = "3.3.0",
                .bind = Operator({ArithmeticOp::kSubtract, false, true})});
  registry.Add({.name = "try_multiply",
                .usage = "Like *, but null where the result overflows.",
                .example = "SELECT try_multiply(2, 3)",
                .since = "3.3.0",
                .bind = Operator({ArithmeticOp::kMultiply, false, true})});
  registry.Add({.name = "try_divide",
                .usage = "Like /, but null where the divisor is zero.",
                .example = "SELECT try_divide(3, 2)",
                .since = "3.2.0",
                .bind = Operator({ArithmeticOp::kDivide, false, true})});
  registry.Add({.name = "try_mod",
                .usage = "Like %, but null where the divisor is zero.",
                .example = "SELECT try_mod(7, 3)",
                .since = "4.0.0",
                .bind = Operator({ArithmeticOp::kRemainder, false, true})});
}

SLUICE_REGISTER(FunctionRegistry, Sign) {
  registry.Add({.name = "negative",
                .usage = "Changes the sign of a number or interval.",
                .example = "SELECT negative(1)",
                .since = "1.0.0",
                .bind = Unary(UnaryOp::kNegative)});
  registry.Add({.name = "positive",
                .usage = "Gives a number or interval as it is.",
                .example = "SELECT positive(1)",
                .since = "1.5.0",
                .bind = Unary(UnaryOp::kPositive)});
  registry.Add({.name = "abs",
                .usage = "The absolute value of a number or interval.",
                .example = "SELECT abs(-1)",
                .since = "1.2.0",
                .bind = Unary(UnaryOp::kAbs)});
}

}  // namespace sluice::functions
