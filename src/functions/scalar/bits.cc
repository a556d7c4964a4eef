// Bitwise operators, shifts and other functions of a number's bits and digits.
#include <fmt/format.h>

#include <bit>

#include "functions/kernels.h"
#include "functions/scalar/arithmetic.h"
#include "functions/signature.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {

using logical::ScalarBindingPtr;
using logical::ScalarKernel;
using types::Integer;
using types::Long;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

enum class BitOp { kAnd, kOr, kXor };

ScalarKernel BitKernel(BitOp op, const TypePtr& type) {
  return WithIntegral(*type, [&](auto tag) -> ScalarKernel {
    using T = typename decltype(tag)::type;
    switch (op) {
      case BitOp::kAnd:
        return TotalKernel<T(T, T)>(type, [](T a, T b) { return static_cast<T>(a & b); });
      case BitOp::kOr:
        return TotalKernel<T(T, T)>(type, [](T a, T b) { return static_cast<T>(a | b); });
      default:
        return TotalKernel<T(T, T)>(type, [](T a, T b) { return static_cast<T>(a ^ b); });
    }
  });
}

ScalarBindingPtr BindBit(BitOp op, const char* symbol, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  std::string sql = fmt::format("({} {} {})", arguments[0].sql, symbol, arguments[1].sql);
  TypePtr left = arguments[0].type, right = arguments[1].type;
  if (left->IsStringLike() != right->IsStringLike()) {
    TypePtr promoted = context.ansi ? PromoteString(left, right) : types::Double();
    if (promoted) left = right = promoted;
  }
  TypePtr type = FindTightestCommonType(left, right, context.ansi);
  if (!type) {
    throw TypeMismatch(sql, "BINARY_OP_DIFF_TYPES", {{"left", Quoted(*left)}, {"right", Quoted(*right)}});
  }
  if (type->Is(TypeId::kNull)) type = Integer();
  if (!type->IsIntegral()) {
    throw TypeMismatch(sql, "BINARY_OP_WRONG_TYPE", {{"inputType", "\"INTEGRAL\""}, {"actualDataType", Quoted(*type)}});
  }
  auto binding = NewBinding(context, arguments, type, {type, type}, BitKernel(op, type));
  binding->can_fail = false;
  binding->sql = InfixSql(symbol);
  return binding;
}

void AddBit(FunctionRegistry& registry, const char* symbol, const char* usage, BitOp op) {
  registry.Add({.name = symbol,
                .usage = usage,
                .example = fmt::format("SELECT 3 {} 5", symbol),
                .since = "1.4.0",
                .bind = BindScalar([op, symbol](const BindContext& context, const Arguments& arguments) {
                  return BindBit(op, symbol, context, arguments);
                })});
}

ScalarBindingPtr BindNot(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr type = Coerce(context, arguments, {Expected::Integral()}, "~" + arguments[0].sql)[0];
  auto kernel = WithIntegral(*type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return TotalKernel<T(T)>(type, [](T v) { return static_cast<T>(~v); });
  });
  auto binding = NewBinding(context, arguments, type, {type}, kernel);
  binding->can_fail = false;
  binding->sql = [](const std::vector<std::string>& texts) { return "~" + texts[0]; };
  return binding;
}

enum class Shift { kLeft, kRight, kRightUnsigned };

template <typename T>
ScalarKernel ShiftKernel(Shift shift, const TypePtr& type) {
  using U = std::make_unsigned_t<T>;
  constexpr int kMask = sizeof(T) * 8 - 1;
  switch (shift) {
    case Shift::kLeft:
      return TotalKernel<T(T, int32_t)>(
          type, [](T v, int32_t n) { return static_cast<T>(static_cast<U>(v) << (n & kMask)); });
    case Shift::kRight:
      return TotalKernel<T(T, int32_t)>(type, [](T v, int32_t n) { return static_cast<T>(v >> (n & kMask)); });
    default:
      return TotalKernel<T(T, int32_t)>(
          type, [](T v, int32_t n) { return static_cast<T>(static_cast<U>(v) >> (n & kMask)); });
  }
}

BindScalar ShiftBy(Shift shift, const char* symbol) {
  return [shift, symbol](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    CheckCount(context, arguments, 2, 2);
    auto types = Coerce(context, arguments, {Expected::OneOf({Integer(), Long()}), Integer()});
    auto kernel =
        types[0]->Is(TypeId::kLong) ? ShiftKernel<int64_t>(shift, types[0]) : ShiftKernel<int32_t>(shift, types[0]);
    auto binding = NewBinding(context, arguments, types[0], types, kernel);
    binding->can_fail = false;
    if (PrettyName(context) == symbol) binding->sql = InfixSql(symbol);
    return binding;
  };
}

ScalarBindingPtr BindBitCount(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr type = Coerce(context, arguments, {Expected::OneOf({Expected::Integral(), types::Boolean()})})[0];
  ScalarKernel kernel;
  if (type->Is(TypeId::kBoolean)) {
    kernel = TotalKernel<int32_t(bool)>(Integer(), [](bool v) { return v ? 1 : 0; });
  } else {
    // Narrow numbers are sign-extended, as the JVM counts them.
    kernel = WithIntegral(*type, [](auto tag) {
      using T = typename decltype(tag)::type;
      return TotalKernel<int32_t(T)>(Integer(), [](T v) {
        return static_cast<int32_t>(std::popcount(static_cast<uint64_t>(static_cast<int64_t>(v))));
      });
    });
  }
  return NewBinding(context, arguments, Integer(), {type}, kernel);
}

ScalarBindingPtr BindBitGet(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {Expected::Integral(), Integer()});
  auto kernel = WithIntegral(*types[0], [&](auto tag) {
    using T = typename decltype(tag)::type;
    return RowKernel<int8_t(T, int32_t)>(types::Byte(), [name = PrettyName(context)](T value, int32_t position) {
      constexpr int kBits = sizeof(T) * 8;
      if (position < 0 || position >= kBits) {
        throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE",
                          {{"functionName", fmt::format("`{}`", name)},
                           {"parameter", "`pos`"},
                           {"upper", std::to_string(kBits)},
                           {"invalidValue", std::to_string(position)}});
      }
      return static_cast<int8_t>((value >> position) & 1);
    });
  });
  return NewBinding(context, arguments, types::Byte(), types, kernel);
}

/// Hive's conv: digits up to the first that the base lacks, as an unsigned 64-bit number that sticks at its maximum.
std::optional<std::string> Convert(std::string_view digits, int32_t from, int32_t to, bool ansi) {
  int32_t base = std::abs(to);
  if (from < 2 || from > 36 || base < 2 || base > 36) return std::nullopt;
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  if (digits.empty()) return std::nullopt;
  bool negative = digits.front() == '-';
  if (negative) digits.remove_prefix(1);
  uint64_t value = 0;
  for (char c : digits) {
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'z' ? c - 'a' + 10
                : c >= 'A' && c <= 'Z' ? c - 'A' + 10
                                       : 99;
    if (digit >= from) break;
    if (__builtin_mul_overflow(value, static_cast<uint64_t>(from), &value) ||
        __builtin_add_overflow(value, static_cast<uint64_t>(digit), &value)) {
      if (ansi) throw Overflow("", "Overflow in function conv()");
      value = UINT64_MAX;
      break;
    }
  }
  if (negative && to > 0) {
    value = static_cast<int64_t>(value) < 0 ? UINT64_MAX : ~value + 1;
  }
  if (to < 0 && static_cast<int64_t>(value) < 0) {
    value = ~value + 1;
    negative = true;
  }
  std::string out;
  do {
    out.insert(out.begin(), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % static_cast<uint64_t>(base)]);
    value /= static_cast<uint64_t>(base);
  } while (value != 0);
  return negative && to < 0 ? "-" + out : out;
}

ScalarBindingPtr BindConv(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 3);
  auto types = Coerce(context, arguments, {String(), Integer(), Integer()});
  auto kernel = RowKernel<Text(std::string_view, int32_t, int32_t)>(
      String(), [ansi = context.ansi](TextWriter& out, std::string_view digits, int32_t from, int32_t to) {
        auto converted = Convert(digits, from, to, ansi);
        if (converted) out.Append(*converted);
        return converted.has_value();
      });
  return NewBinding(context, arguments, String(), types, kernel, Nulls::kAlways);
}

void AppendBinary(TextWriter& out, int64_t value) { out.Append(fmt::format("{:b}", static_cast<uint64_t>(value))); }

std::optional<int64_t> Factorial(int32_t n) {
  if (n < 0 || n > 20) return std::nullopt;
  int64_t out = 1;
  for (int32_t i = 2; i <= n; ++i) out *= i;
  return out;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, BitwiseOperators) {
  AddBit(registry, "&", "The bits that both numbers have.", BitOp::kAnd);
  AddBit(registry, "|", "The bits that one of the numbers has.", BitOp::kOr);
  AddBit(registry, "^", "The bits in which the numbers differ.", BitOp::kXor);
  registry.Add({.name = "~",
                .usage = "All bits of a number turned over.",
                .example = "SELECT ~ 0",
                .since = "1.4.0",
                .bind = BindScalar(BindNot)});
}

SLUICE_REGISTER(FunctionRegistry, Shifts) {
  registry.Add({.name = "shiftleft",
                .aliases = {"<<"},
                .usage = "The bits of a number moved to the left.",
                .example = "SELECT shiftleft(2, 1)",
                .since = "1.5.0",
                .bind = ShiftBy(Shift::kLeft, "<<")});
  registry.Add({.name = "shiftright",
                .aliases = {">>"},
                .usage = "The bits of a number moved to the right, its sign kept.",
                .example = "SELECT shiftright(4, 1)",
                .since = "1.5.0",
                .bind = ShiftBy(Shift::kRight, ">>")});
  registry.Add({.name = "shiftrightunsigned",
                .aliases = {">>>"},
                .usage = "The bits of a number moved to the right, filled with zeros.",
                .example = "SELECT shiftrightunsigned(4, 1)",
                .since = "1.5.0",
                .bind = ShiftBy(Shift::kRightUnsigned, ">>>")});
}

SLUICE_REGISTER(FunctionRegistry, BitFunctions) {
  registry.Add({.name = "bit_count",
                .usage = "The number of bits that are set.",
                .example = "SELECT bit_count(7)",
                .since = "3.0.0",
                .bind = BindScalar(BindBitCount)});
  registry.Add({.name = "bit_get",
                .aliases = {"getbit"},
                .usage = "The bit at a position from the right, from 0.",
                .example = "SELECT bit_get(11, 0)",
                .since = "3.2.0",
                .bind = BindScalar(BindBitGet)});
}

SLUICE_REGISTER(FunctionRegistry, Digits) {
  registry.Add(
      {.name = "bin",
       .usage = "A number in binary digits.",
       .example = "SELECT bin(13)",
       .since = "1.5.0",
       .bind = Simple(
           {.parameters = {Long()}, .type = String(), .kernel = RowKernel<Text(int64_t)>(String(), AppendBinary)})});
  registry.Add({.name = "conv",
                .usage = "A number's digits in one base as digits in another.",
                .example = "SELECT conv('100', 2, 10)",
                .since = "1.5.0",
                .bind = BindScalar(BindConv)});
  registry.Add({.name = "factorial",
                .usage = "The factorial of 0 to 20; null for other numbers.",
                .example = "SELECT factorial(5)",
                .since = "1.5.0",
                .bind = Simple({.parameters = {Integer()},
                                .type = Long(),
                                .kernel = RowKernel<int64_t(int32_t)>(Long(), Factorial),
                                .nulls = Nulls::kAlways})});
}

}  // namespace sluice::functions
