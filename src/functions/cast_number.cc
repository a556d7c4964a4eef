// Casts among booleans, integers, floating point numbers and decimals.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "functions/cast_kernels.h"
#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "types/number_text.h"

namespace sluice::functions {

using logical::ScalarKernel;
using types::DataType;
using types::TypeId;

namespace {

/// Java's narrowing of a floating point number: saturates, NaN is 0.
template <typename To, typename From>
To SaturatingCast(From value) {
  if (value != value) return 0;
  constexpr auto kMin = std::numeric_limits<To>::min();
  constexpr auto kMax = std::numeric_limits<To>::max();
  if (value <= static_cast<From>(kMin)) return kMin;
  if (value >= static_cast<From>(kMax)) return kMax;
  return static_cast<To>(value);
}

/// Legacy double → byte and short go through int, as in the JVM.
template <typename To, typename From>
To JavaNarrow(From value) {
  if constexpr (sizeof(To) < sizeof(int32_t)) return static_cast<To>(SaturatingCast<int32_t>(value));
  return SaturatingCast<To>(value);
}

template <typename From, typename To>
ScalarKernel FloatToInteger(const CastRule& rule) {
  if (rule.wraps()) return TotalKernel<To(From)>(rule.to, [](From v) { return JavaNarrow<To>(v); });
  auto convert = [](To& out, From v) {
    constexpr From kMin = static_cast<From>(std::numeric_limits<To>::min());
    constexpr From kMax = static_cast<From>(std::numeric_limits<To>::max());
    bool good = std::floor(v) <= kMax && std::ceil(v) >= kMin;
    out = good ? SaturatingCast<To>(v) : 0;
    return good;
  };
  return CheckedKernel<To(From)>(
      rule.to, convert,
      [rule](From v) { return CastOverflow(NumberSql(static_cast<double>(v), rule.from->id()), *rule.from, *rule.to); },
      rule.null_on_bad());
}

template <typename From, typename To>
ScalarKernel IntegerToInteger(const CastRule& rule) {
  if (sizeof(From) <= sizeof(To) || rule.wraps()) {
    return TotalKernel<To(From)>(rule.to, [](From v) { return static_cast<To>(v); });
  }
  auto convert = [](To& out, From v) {
    out = static_cast<To>(v);
    return static_cast<From>(out) == v;
  };
  return CheckedKernel<To(From)>(
      rule.to, convert,
      [rule](From v) { return CastOverflow(NumberSql(int64_t{v}, rule.from->id()), *rule.from, *rule.to); },
      rule.null_on_bad());
}

template <typename From>
ScalarKernel IntegerToDecimal(const CastRule& rule) {
  int scale = rule.to->scale(), precision = rule.to->precision();
  auto convert = [scale, precision](Int128& out, From v) { return Rescale(v, 0, scale, precision, &out); };
  return CheckedKernel<Int128(From)>(
      rule.to, convert, [rule](From v) { return DecimalOverflow(fmt::format("{}", int64_t{v}), *rule.to); },
      rule.null_on_bad());
}

/// A double written out without exponent, as BigDecimal prints it in messages.
std::string PlainText(double value) {
  std::string text = fmt::format("{}", value);
  size_t e = text.find('e');
  if (e == std::string::npos) return text.find('.') == std::string::npos ? text + ".0" : text;
  return fmt::format("{:.0f}", value);
}

template <typename From>
ScalarKernel FloatToDecimal(const CastRule& rule) {
  return RowKernel<Int128(From)>(rule.to, [rule](From v) -> std::optional<Int128> {
    Int128 out;
    // A float counts by its double value, as Decimal(x.toDouble) does.
    double value = static_cast<double>(v);
    if (DecimalFromDouble(value, rule.to->scale(), rule.to->precision(), &out)) return out;
    if (rule.ansi() && std::isfinite(value)) throw DecimalOverflow(PlainText(value), *rule.to);
    return std::nullopt;
  });
}

template <typename To>
ScalarKernel DecimalToInteger(const CastRule& rule) {
  Int128 divisor = PowerOfTen(rule.from->scale());
  if (rule.wraps()) {
    return TotalKernel<To(Int128)>(rule.to, [divisor](Int128 v) { return static_cast<To>(v / divisor); });
  }
  auto convert = [divisor](To& out, Int128 v) {
    Int128 whole = v / divisor;
    out = static_cast<To>(whole);
    return whole == out;
  };
  return CheckedKernel<To(Int128)>(
      rule.to, convert,
      [rule](Int128 v) { return CastOverflow(DecimalText(v, rule.from->scale()) + "BD", *rule.from, *rule.to); },
      rule.null_on_bad());
}

template <typename To>
ScalarKernel DecimalToFloat(const CastRule& rule) {
  int scale = rule.from->scale();
  return TotalKernel<To(Int128)>(rule.to, [scale](Int128 v) { return static_cast<To>(DecimalToDouble(v, scale)); });
}

ScalarKernel DecimalToDecimal(const CastRule& rule) {
  int from = rule.from->scale(), to = rule.to->scale(), precision = rule.to->precision();
  auto convert = [from, to, precision](Int128& out, Int128 v) { return Rescale(v, from, to, precision, &out); };
  return CheckedKernel<Int128(Int128)>(
      rule.to, convert, [rule](Int128 v) { return DecimalOverflow(DecimalText(v, rule.from->scale()), *rule.to); },
      rule.null_on_bad());
}

ScalarKernel BooleanToDecimal(const CastRule& rule) {
  int scale = rule.to->scale(), precision = rule.to->precision();
  return RowKernel<Int128(bool)>(rule.to, [=](bool v) -> std::optional<Int128> {
    Int128 out;
    if (!Rescale(v ? 1 : 0, 0, scale, precision, &out)) {
      if (rule.ansi()) throw DecimalOverflow("1", *rule.to);
      return std::nullopt;
    }
    return out;
  });
}

template <typename From, typename To>
ScalarKernel Between(const CastRule& rule) {
  constexpr bool kFromDecimal = std::is_same_v<From, Int128>;
  constexpr bool kToDecimal = std::is_same_v<To, Int128>;
  if constexpr (std::is_same_v<To, bool>) {
    return TotalKernel<bool(From)>(rule.to, [](From v) { return v != 0; });
  } else if constexpr (kFromDecimal && kToDecimal) {
    return DecimalToDecimal(rule);
  } else if constexpr (std::is_same_v<From, bool>) {
    if constexpr (kToDecimal)
      return BooleanToDecimal(rule);
    else
      return TotalKernel<To(bool)>(rule.to, [](bool v) { return static_cast<To>(v); });
  } else if constexpr (kFromDecimal) {
    if constexpr (std::is_floating_point_v<To>)
      return DecimalToFloat<To>(rule);
    else
      return DecimalToInteger<To>(rule);
  } else if constexpr (kToDecimal) {
    if constexpr (std::is_floating_point_v<From>)
      return FloatToDecimal<From>(rule);
    else
      return IntegerToDecimal<From>(rule);
  } else if constexpr (std::is_floating_point_v<To>) {
    return TotalKernel<To(From)>(rule.to, [](From v) { return static_cast<To>(v); });
  } else if constexpr (std::is_floating_point_v<From>) {
    return FloatToInteger<From, To>(rule);
  } else {
    return IntegerToInteger<From, To>(rule);
  }
}

template <typename From>
ScalarKernel To(const CastRule& rule) {
  switch (rule.to->id()) {
    case TypeId::kBoolean:
      return Between<From, bool>(rule);
    case TypeId::kByte:
      return Between<From, int8_t>(rule);
    case TypeId::kShort:
      return Between<From, int16_t>(rule);
    case TypeId::kInteger:
      return Between<From, int32_t>(rule);
    case TypeId::kLong:
      return Between<From, int64_t>(rule);
    case TypeId::kFloat:
      return Between<From, float>(rule);
    case TypeId::kDouble:
      return Between<From, double>(rule);
    default:
      return Between<From, Int128>(rule);
  }
}

}  // namespace

ScalarKernel CastNumber(const CastRule& rule) {
  switch (rule.from->id()) {
    case TypeId::kBoolean:
      return To<bool>(rule);
    case TypeId::kByte:
      return To<int8_t>(rule);
    case TypeId::kShort:
      return To<int16_t>(rule);
    case TypeId::kInteger:
      return To<int32_t>(rule);
    case TypeId::kLong:
      return To<int64_t>(rule);
    case TypeId::kFloat:
      return To<float>(rule);
    case TypeId::kDouble:
      return To<double>(rule);
    default:
      return To<Int128>(rule);
  }
}

}  // namespace sluice::functions
