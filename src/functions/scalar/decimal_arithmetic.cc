// Arithmetic on decimals: exact in 256 bits, then rounded to the result's scale.
#include <arrow/util/decimal.h>

#include <algorithm>

#include "functions/cast_kernels.h"
#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "functions/scalar/arithmetic.h"

namespace sluice::functions {

using logical::ScalarKernel;
using types::DataType;
using types::TypePtr;

namespace {

/// The type of a quotient whose digits after the point are cut before those in front of it.
TypePtr ExactQuotient(int whole, int scale) {
  whole = std::min(kMaxDecimalDigits, whole);
  scale = std::min(kMaxDecimalDigits, scale);
  int excess = whole + scale - kMaxDecimalDigits;
  if (excess > 0) {
    scale -= excess / 2 + 1;
    whole = kMaxDecimalDigits - scale;
  }
  return BoundedDecimal(whole + scale, scale);
}

}  // namespace

TypePtr DecimalResult(ArithmeticOp op, const DataType& left, const DataType& right, bool allow_precision_loss) {
  int p1 = left.precision(), s1 = left.scale(), p2 = right.precision(), s2 = right.scale();
  auto fit = allow_precision_loss ? &AdjustDecimal : &BoundedDecimal;
  switch (op) {
    case ArithmeticOp::kAdd:
    case ArithmeticOp::kSubtract: {
      int scale = std::max(s1, s2);
      return fit(std::max(p1 - s1, p2 - s2) + scale + 1, scale);
    }
    case ArithmeticOp::kMultiply:
      return fit(p1 + p2 + 1, s1 + s2);
    case ArithmeticOp::kDivide: {
      int scale = std::max(6, s1 + p2 + 1), whole = p1 - s1 + s2;
      return allow_precision_loss ? AdjustDecimal(whole + scale, scale) : ExactQuotient(whole, scale);
    }
    case ArithmeticOp::kIntegralDivide: {
      int digits = p1 - s1 + s2;
      return BoundedDecimal(digits == 0 ? 1 : digits, 0);
    }
    default: {
      int scale = std::max(s1, s2);
      return fit(std::min(p1 - s1, p2 - s2) + scale, scale);
    }
  }
}

namespace {

using Wide = arrow::BasicDecimal256;

Wide Widen(Int128 value) {
  return Wide(arrow::BasicDecimal128(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value)));
}

bool Narrow(const Wide& value, Int128* out) {
  const auto& words = value.little_endian_array();
  Int128 low = static_cast<Int128>((static_cast<unsigned __int128>(words[1]) << 64) | words[0]);
  *out = low;
  uint64_t sign = low < 0 ? ~uint64_t{0} : 0;
  return words[2] == sign && words[3] == sign;
}

/// 10^n as 256 bits, n ≤ 76; anything larger is reported as an overflow.
bool ScaleUp(Wide value, int n, Wide* out) {
  if (n > 76) {
    *out = Wide(0);
    return value == Wide(0);
  }
  Wide factor = Wide::GetScaleMultiplier(n);
  *out = value * factor;
  // The product is exact exactly if it divides back.
  return value == Wide(0) || *out / factor == value;
}

/// value / divisor rounded half up.
Wide RoundedQuotient(const Wide& value, const Wide& divisor) {
  Wide quotient, remainder;
  value.Divide(divisor, &quotient, &remainder);
  Wide twice = Wide::Abs(remainder);
  twice += Wide::Abs(remainder);
  if (twice >= Wide::Abs(divisor)) {
    bool negative = (value < Wide(0)) != (divisor < Wide(0));
    quotient += negative ? Wide(-1) : Wide(1);
  }
  return quotient;
}

bool FitsRounded(Wide value, int scale, const DataType& result, Int128* out) {
  if (scale > result.scale()) {
    value = RoundedQuotient(value, Wide::GetScaleMultiplier(scale - result.scale()));
  } else if (scale < result.scale() && !ScaleUp(value, result.scale() - scale, &value)) {
    return false;
  }
  return Narrow(value, out) && FitsPrecision(*out, result.precision());
}

/// The scales that an operation on two decimals works with.
struct Operands {
  int left_scale, right_scale;
  TypePtr result;
  int common_scale() const { return std::max(left_scale, right_scale); }
};

bool AddWide(const Operands& rule, Int128 a, Int128 b, bool negate, Int128* out) {
  Wide x, y;
  int scale = rule.common_scale();
  if (!ScaleUp(Widen(a), scale - rule.left_scale, &x) || !ScaleUp(Widen(b), scale - rule.right_scale, &y)) return false;
  if (negate) {
    x -= y;
  } else {
    x += y;
  }
  return FitsRounded(x, scale, *rule.result, out);
}

template <ArithmeticOp kOp>
bool Sum(const Operands& rule, Int128 a, Int128 b, Int128* out) {
  constexpr bool kNegate = kOp == ArithmeticOp::kSubtract;
  int scale = rule.common_scale();
  Int128 x, y, sum;
  bool exact = !__builtin_mul_overflow(a, PowerOfTen(scale - rule.left_scale), &x) &&
               !__builtin_mul_overflow(b, PowerOfTen(scale - rule.right_scale), &y) &&
               !(kNegate ? __builtin_sub_overflow(x, y, &sum) : __builtin_add_overflow(x, y, &sum));
  if (!exact) return AddWide(rule, a, b, kNegate, out);
  return Rescale(sum, scale, rule.result->scale(), rule.result->precision(), out);
}

bool Product(const Operands& rule, Int128 a, Int128 b, Int128* out) {
  int scale = rule.left_scale + rule.right_scale;
  Int128 product;
  if (!__builtin_mul_overflow(a, b, &product)) {
    return Rescale(product, scale, rule.result->scale(), rule.result->precision(), out);
  }
  Wide x = Widen(a);
  x *= Widen(b);
  return FitsRounded(x, scale, *rule.result, out);
}

bool Quotient(const Operands& rule, Int128 a, Int128 b, Int128* out) {
  // The quotient has 38 digits after the point before it is rounded to the result's scale, as Decimal./ has.
  int shift = rule.result->scale() - rule.left_scale + rule.right_scale;
  Wide x = Widen(a), y = Widen(b);
  bool fits = shift >= 0 ? ScaleUp(x, shift, &x) : ScaleUp(y, -shift, &y);
  if (!fits) return false;
  return Narrow(RoundedQuotient(x, y), out) && FitsPrecision(*out, rule.result->precision());
}

bool Modulo(const Operands& rule, Int128 a, Int128 b, bool positive, Int128* out) {
  int scale = rule.common_scale();
  Wide x, y;
  if (!ScaleUp(Widen(a), scale - rule.left_scale, &x) || !ScaleUp(Widen(b), scale - rule.right_scale, &y)) return false;
  Wide r = x % y;
  if (positive && r < Wide(0)) {
    r += y;
    r = r % y;
  }
  return FitsRounded(r, scale, *rule.result, out);
}

/// The exact value of a result that does not fit, for the message.
std::string ExactText(const Operands& rule, ArithmeticOp op, Int128 a, Int128 b) {
  int scale = rule.common_scale();
  Wide x, y;
  if (op == ArithmeticOp::kMultiply) {
    x = Widen(a);
    x *= Widen(b);
    scale = rule.left_scale + rule.right_scale;
  } else if (op == ArithmeticOp::kDivide) {
    scale = rule.result->scale();
    int shift = scale - rule.left_scale + rule.right_scale;
    x = Widen(a);
    y = Widen(b);
    if (shift >= 0) {
      ScaleUp(x, std::min(shift, 76), &x);
    } else {
      ScaleUp(y, -shift, &y);
    }
    x = RoundedQuotient(x, y);
  } else {
    ScaleUp(Widen(a), scale - rule.left_scale, &x);
    ScaleUp(Widen(b), scale - rule.right_scale, &y);
    if (op == ArithmeticOp::kSubtract) {
      x -= y;
    } else {
      x += y;
    }
  }
  std::string digits = arrow::Decimal256(x).ToIntegerString();
  bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  if (scale > 0) {
    if (static_cast<int>(digits.size()) <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
    digits.insert(digits.size() - scale, ".");
  }
  return negative ? "-" + digits : digits;
}

template <typename Compute>
ScalarKernel Fallible(const Operands& rule, ArithmeticOp op, ArithmeticMode mode, Compute compute) {
  return RowKernel<Int128(Int128, Int128)>(rule.result, [=](Int128 a, Int128 b) -> std::optional<Int128> {
    Int128 out;
    if (compute(rule, a, b, &out)) return out;
    if (mode == ArithmeticMode::kAnsi) throw DecimalOverflow(ExactText(rule, op, a, b), *rule.result);
    return std::nullopt;
  });
}

template <typename Compute>
ScalarKernel FallibleByZero(const Operands& rule, ArithmeticOp op, ArithmeticMode mode, Compute compute) {
  bool remainder = op == ArithmeticOp::kRemainder || op == ArithmeticOp::kPmod;
  return RowKernel<Int128(Int128, Int128)>(rule.result, [=](Int128 a, Int128 b) -> std::optional<Int128> {
    Int128 out;
    if (b == 0) {
      if (mode == ArithmeticMode::kAnsi) throw remainder ? RemainderByZero() : DivideByZero();
      return std::nullopt;
    }
    if (compute(rule, a, b, &out)) return out;
    if (mode == ArithmeticMode::kAnsi) throw DecimalOverflow(ExactText(rule, op, a, b), *rule.result);
    return std::nullopt;
  });
}

/// a div b: the whole part of the quotient as BIGINT.
ScalarKernel WholeQuotient(const Operands& rule, ArithmeticMode mode) {
  return RowKernel<int64_t(Int128, Int128)>(types::Long(), [=](Int128 a, Int128 b) -> std::optional<int64_t> {
    if (b == 0) {
      if (mode == ArithmeticMode::kAnsi) throw DivideByZero();
      return std::nullopt;
    }
    Wide x, y;
    int scale = rule.common_scale();
    ScaleUp(Widen(a), scale - rule.left_scale, &x);
    ScaleUp(Widen(b), scale - rule.right_scale, &y);
    Int128 out;
    bool fits = Narrow(x / y, &out) && out == static_cast<int64_t>(out);
    if (!fits && mode == ArithmeticMode::kAnsi) throw Overflow("try_divide", "Overflow in integral divide");
    return static_cast<int64_t>(out);
  });
}

}  // namespace

ScalarKernel DecimalArithmetic(ArithmeticOp op, const TypePtr& left, const TypePtr& right, const TypePtr& result,
                               ArithmeticMode mode) {
  Operands rule{left->scale(), right->scale(), result};
  switch (op) {
    case ArithmeticOp::kAdd:
      return Fallible(rule, op, mode, Sum<ArithmeticOp::kAdd>);
    case ArithmeticOp::kSubtract:
      return Fallible(rule, op, mode, Sum<ArithmeticOp::kSubtract>);
    case ArithmeticOp::kMultiply:
      return Fallible(rule, op, mode, Product);
    case ArithmeticOp::kDivide:
      return FallibleByZero(rule, op, mode, Quotient);
    case ArithmeticOp::kIntegralDivide:
      return WholeQuotient(rule, mode);
    default: {
      bool positive = op == ArithmeticOp::kPmod;
      return FallibleByZero(rule, op, mode, [positive](const Operands& r, Int128 a, Int128 b, Int128* out) {
        return Modulo(r, a, b, positive, out);
      });
    }
  }
}

}  // namespace sluice::functions
