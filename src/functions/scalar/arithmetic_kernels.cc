// Kernels of arithmetic on integers and floating point numbers.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "functions/kernels.h"
#include "functions/scalar/arithmetic.h"

namespace sluice::functions {

using logical::ScalarKernel;
using types::TypeId;
using types::TypePtr;

base::Error Overflow(const std::string& function, const std::string& message) {
  std::string alternative =
      function.empty() ? "" : fmt::format(" Use '{}' to tolerate overflow and return NULL instead.", function);
  return base::Error(base::ErrorKind::kArithmetic, "ARITHMETIC_OVERFLOW",
                     {{"message", message}, {"alternative", alternative}, {"config", "\"spark.sql.ansi.enabled\""}});
}

base::Error DivideByZero() {
  return base::Error(base::ErrorKind::kArithmetic, "DIVIDE_BY_ZERO", {{"config", "\"spark.sql.ansi.enabled\""}});
}

base::Error RemainderByZero() {
  return base::Error(base::ErrorKind::kArithmetic, "REMAINDER_BY_ZERO", {{"config", "\"spark.sql.ansi.enabled\""}});
}

namespace {

template <typename T>
T WrappedResult(ArithmeticOp op, T a, T b) {
  using U = std::make_unsigned_t<T>;
  switch (op) {
    case ArithmeticOp::kAdd:
      return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
    case ArithmeticOp::kSubtract:
      return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
    default: {
      // Widened to int first, unsigned short would be promoted to a signed int that may overflow.
      using Wide = std::conditional_t<(sizeof(T) < 4), uint32_t, U>;
      return static_cast<T>(static_cast<Wide>(a) * static_cast<Wide>(b));
    }
  }
}

const char* TryName(ArithmeticOp op) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return "try_add";
    case ArithmeticOp::kSubtract:
      return "try_subtract";
    case ArithmeticOp::kMultiply:
      return "try_multiply";
    default:
      return "try_divide";
  }
}

/// Small integers name their operands, as the JVM's byte and short arithmetic does in Spark.
template <typename T>
base::Error IntegerOverflow(ArithmeticOp op, T a, T b) {
  if constexpr (sizeof(T) <= 2) {
    const char* suffix = sizeof(T) == 1 ? "Y" : "S";
    return base::Error(base::ErrorKind::kArithmetic, "BINARY_ARITHMETIC_OVERFLOW",
                       {{"value1", fmt::format("{}{}", a, suffix)},
                        {"symbol", Symbol(op)},
                        {"value2", fmt::format("{}{}", b, suffix)},
                        {"functionName", fmt::format("`{}`", TryName(op))}});
  } else {
    return Overflow(TryName(op));
  }
}

template <typename T, ArithmeticOp kOp>
ScalarKernel IntegerKernel(const TypePtr& type, ArithmeticMode mode) {
  if (mode == ArithmeticMode::kLegacy) {
    return TotalKernel<T(T, T)>(type, [](T a, T b) { return WrappedResult(kOp, a, b); });
  }
  auto apply = [](T& out, T a, T b) {
    if constexpr (kOp == ArithmeticOp::kMultiply) {
      return !__builtin_mul_overflow(a, b, &out);
    } else {
      // Overflow by the signs of operands and result: this form vectorises.
      out = WrappedResult(kOp, a, b);
      T sign = kOp == ArithmeticOp::kAdd ? static_cast<T>((a ^ out) & (b ^ out)) : static_cast<T>((a ^ b) & (a ^ out));
      return sign >= 0;
    }
  };
  return CheckedKernel<T(T, T)>(
      type, apply, [](T a, T b) { return IntegerOverflow<T>(kOp, a, b); }, mode == ArithmeticMode::kTry);
}

template <typename T>
T PositiveModulo(T a, T n) {
  if constexpr (std::is_floating_point_v<T>) {
    T r = std::fmod(a, n);
    return r < 0 ? std::fmod(r + n, n) : r;
  } else {
    T r = n == -1 ? 0 : static_cast<T>(a % n);
    return r < 0 ? static_cast<T>((r + n) % n) : r;
  }
}

template <typename T>
T Remainder(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, b);
  } else {
    return b == -1 ? 0 : static_cast<T>(a % b);
  }
}

template <typename T>
ScalarKernel ModuloKernel(ArithmeticOp op, const TypePtr& type, ArithmeticMode mode) {
  bool positive = op == ArithmeticOp::kPmod;
  return RowKernel<T(T, T)>(type, [positive, mode](T a, T b) -> std::optional<T> {
    if (b == 0) {
      if (mode == ArithmeticMode::kAnsi) throw RemainderByZero();
      return std::nullopt;
    }
    return positive ? PositiveModulo(a, b) : Remainder(a, b);
  });
}

ScalarKernel IntegralDivideKernel(const TypePtr& type, ArithmeticMode mode) {
  return RowKernel<int64_t(int64_t, int64_t)>(type, [mode](int64_t a, int64_t b) -> std::optional<int64_t> {
    if (b == 0) {
      if (mode == ArithmeticMode::kAnsi) throw DivideByZero();
      return std::nullopt;
    }
    if (b == -1) {
      if (a != std::numeric_limits<int64_t>::min()) return -a;
      if (mode == ArithmeticMode::kAnsi) throw Overflow("try_divide", "Overflow in integral divide");
      return mode == ArithmeticMode::kTry ? std::nullopt : std::optional<int64_t>(a);
    }
    return a / b;
  });
}

template <typename T>
ScalarKernel DivideKernel(const TypePtr& type, ArithmeticMode mode) {
  auto apply = [](T& out, T a, T b) {
    out = a / b;
    return b != 0;
  };
  return CheckedKernel<T(T, T)>(
      type, apply, [](T, T) { return DivideByZero(); }, mode != ArithmeticMode::kAnsi);
}

template <typename T>
ScalarKernel Integers(ArithmeticOp op, const TypePtr& type, ArithmeticMode mode) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return IntegerKernel<T, ArithmeticOp::kAdd>(type, mode);
    case ArithmeticOp::kSubtract:
      return IntegerKernel<T, ArithmeticOp::kSubtract>(type, mode);
    case ArithmeticOp::kMultiply:
      return IntegerKernel<T, ArithmeticOp::kMultiply>(type, mode);
    case ArithmeticOp::kIntegralDivide:
      return IntegralDivideKernel(type, mode);
    default:
      return ModuloKernel<T>(op, type, mode);
  }
}

template <typename T>
ScalarKernel Floats(ArithmeticOp op, const TypePtr& type, ArithmeticMode mode) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return TotalKernel<T(T, T)>(type, [](T a, T b) { return a + b; });
    case ArithmeticOp::kSubtract:
      return TotalKernel<T(T, T)>(type, [](T a, T b) { return a - b; });
    case ArithmeticOp::kMultiply:
      return TotalKernel<T(T, T)>(type, [](T a, T b) { return a * b; });
    case ArithmeticOp::kDivide:
      return DivideKernel<T>(type, mode);
    default:
      return ModuloKernel<T>(op, type, mode);
  }
}

}  // namespace

ScalarKernel NumberArithmetic(ArithmeticOp op, const TypePtr& type, ArithmeticMode mode) {
  switch (type->id()) {
    case TypeId::kByte:
      return Integers<int8_t>(op, type, mode);
    case TypeId::kShort:
      return Integers<int16_t>(op, type, mode);
    case TypeId::kInteger:
      return Integers<int32_t>(op, type, mode);
    case TypeId::kLong:
      return Integers<int64_t>(op, type, mode);
    case TypeId::kFloat:
      return Floats<float>(op, type, mode);
    default:
      return Floats<double>(op, type, mode);
  }
}

}  // namespace sluice::functions
