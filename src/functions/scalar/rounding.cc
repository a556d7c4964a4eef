// round, bround, ceil, floor.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "functions/scalar/arithmetic.h"
#include "functions/signature.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {

using logical::ScalarBindingPtr;
using logical::ScalarKernel;
using types::DataType;
using types::Double;
using types::Integer;
using types::Long;
using types::TypeId;
using types::TypePtr;

namespace {

enum class Rounding { kHalfUp, kHalfEven, kCeiling, kFloor };

/// value / divisor (> 0) by the mode.
Int128 DivideRounded(Int128 value, Int128 divisor, Rounding mode) {
  Int128 quotient = value / divisor, remainder = value % divisor;
  if (remainder == 0) return quotient;
  int sign = value < 0 ? -1 : 1;
  auto twice = static_cast<unsigned __int128>(remainder < 0 ? -remainder : remainder) * 2;
  auto half = static_cast<unsigned __int128>(divisor);
  switch (mode) {
    case Rounding::kHalfUp:
      return twice >= half ? quotient + sign : quotient;
    case Rounding::kHalfEven:
      return twice > half || (twice == half && quotient % 2 != 0) ? quotient + sign : quotient;
    case Rounding::kCeiling:
      return sign > 0 ? quotient + 1 : quotient;
    case Rounding::kFloor:
      return sign < 0 ? quotient - 1 : quotient;
  }
  return quotient;
}

/// A floating point number rounded through its shortest decimal text, as BigDecimal.setScale does.
template <typename T>
T RoundReal(T value, int32_t scale, Rounding mode) {
  if (!std::isfinite(value) || value == 0) return value;
  char text[48];
  char* end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific).ptr;
  // "-d.ddde±xx" → digits and the place of the last one.
  Int128 digits = 0;
  int fraction = 0, exponent = 0;
  bool negative = text[0] == '-', after_point = false;
  for (char* at = text + negative; at < end; ++at) {
    if (*at == 'e') {
      std::from_chars(at + 1 + (at[1] == '+'), end, exponent);
      break;
    }
    if (*at == '.') {
      after_point = true;
      continue;
    }
    digits = digits * 10 + (*at - '0');
    fraction += after_point;
  }
  int digits_scale = fraction - exponent;
  if (digits_scale <= scale) return value;
  int drop = digits_scale - scale;
  if (negative) digits = -digits;
  Int128 rounded = drop > kMaxDecimalDigits
                       ? (mode == Rounding::kCeiling && digits > 0) - (mode == Rounding::kFloor && digits < 0)
                       : DivideRounded(digits, PowerOfTen(drop), mode);
  std::string out = fmt::format("{}e{}", static_cast<int64_t>(rounded), -scale);
  T result = 0;
  std::from_chars(out.data(), out.data() + out.size(), result);
  return result;
}

template <typename T>
ScalarKernel RoundInteger(const TypePtr& type, int32_t scale, Rounding mode, bool ansi) {
  return RowKernel<T(T)>(type, [scale, mode, ansi](T value) -> T {
    if (scale >= 0) return value;
    if (scale < -19) return 0;
    Int128 unit = PowerOfTen(-scale);
    Int128 rounded = DivideRounded(value, unit, mode) * unit;
    if (ansi && rounded != static_cast<T>(rounded)) throw Overflow("", "Overflow");
    return static_cast<T>(rounded);
  });
}

TypePtr RoundedDecimal(const DataType& type, int32_t scale) {
  int whole = type.precision() - type.scale() + 1;
  if (scale < 0) return types::Decimal(std::min(std::max(whole, -scale + 1), kMaxDecimalDigits), 0);
  int kept = std::min(type.scale(), scale);
  return types::Decimal(std::min(whole + kept, kMaxDecimalDigits), kept);
}

ScalarKernel RoundDecimal(const TypePtr& from, const TypePtr& to, int32_t scale, Rounding mode) {
  int from_scale = from->scale(), to_scale = to->scale(), precision = to->precision();
  return RowKernel<Int128(Int128)>(to, [=](Int128 value) -> std::optional<Int128> {
    int drop = from_scale - scale;
    Int128 rounded = value;
    if (drop > kMaxDecimalDigits) {
      rounded = 0;
    } else if (drop > 0) {
      rounded = DivideRounded(value, PowerOfTen(drop), mode);
    }
    // Back from the rounding's scale to the type's, which differ for a negative one.
    int up = to_scale - (drop > 0 ? scale : from_scale);
    Int128 out;
    if (up < 0 || __builtin_mul_overflow(rounded, PowerOfTen(std::min(up, kMaxDecimalDigits)), &out))
      return std::nullopt;
    if (!FitsPrecision(out, precision)) return std::nullopt;
    return out;
  });
}

ScalarKernel FirstOnly(ScalarKernel kernel) {
  return [kernel = std::move(kernel)](logical::EvalContext& context, const std::vector<arrow::Datum>& values,
                                      int64_t rows) { return kernel(context, {values[0]}, rows); };
}

/// The constant scale; null if the argument is a null constant.
std::optional<int32_t> ScaleOf(const BindContext& context, const Arguments& arguments) {
  if (arguments.size() < 2) return 0;
  const Argument& scale = arguments[1];
  if (!scale.literal) {
    throw TypeMismatch(context, arguments, "NON_FOLDABLE_INPUT",
                       {{"inputName", "`scale`"}, {"inputType", "\"INT\""}, {"inputExpr", QuotedSql(scale.sql)}});
  }
  if (scale.literal->is_null()) return std::nullopt;
  if (!scale.type->IsIntegral()) throw UnexpectedInput(context, arguments, 1, "\"INT\"");
  return static_cast<int32_t>(LongLiteral(scale));
}

ScalarBindingPtr BindRound(Rounding mode, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto types = Coerce(context, {arguments[0]}, {Expected::Numeric()}, CallSql(context, arguments));
  auto scale = ScaleOf(context, arguments);
  TypePtr from = types[0], to = from;
  ScalarKernel kernel;
  if (!scale) {
    kernel = [arrow_type = types::ToArrow(from)](logical::EvalContext&, const std::vector<arrow::Datum>&, int64_t) {
      return arrow::Datum(arrow::MakeNullScalar(arrow_type));
    };
  } else if (from->Is(TypeId::kDecimal)) {
    to = RoundedDecimal(*from, *scale);
    kernel = FirstOnly(RoundDecimal(from, to, *scale, mode));
  } else if (from->Is(TypeId::kFloat)) {
    kernel = FirstOnly(RowKernel<float(float)>(to, [s = *scale, mode](float v) { return RoundReal(v, s, mode); }));
  } else if (from->Is(TypeId::kDouble)) {
    kernel = FirstOnly(RowKernel<double(double)>(to, [s = *scale, mode](double v) { return RoundReal(v, s, mode); }));
  } else {
    kernel = FirstOnly(WithIntegral(
        *from, [&](auto tag) { return RoundInteger<typename decltype(tag)::type>(to, *scale, mode, context.ansi); }));
  }
  std::vector<TypePtr> argument_types = {from};
  if (arguments.size() == 2) argument_types.push_back(arguments[1].type);
  bool nullable = !scale || from->Is(TypeId::kDecimal);
  auto binding = NewBinding(context, arguments, to, argument_types, kernel,
                            nullable && !context.ansi ? Nulls::kAlways : Nulls::kPropagate);
  if (!scale) binding->nullable = true;
  if (arguments.size() == 1) {
    binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
      return fmt::format("{}({}, 0)", name, texts[0]);
    };
  }
  return binding;
}

int64_t ToLongSaturating(double value) {
  if (value != value) return 0;
  if (value >= 9.2233720368547758e18) return std::numeric_limits<int64_t>::max();
  if (value <= -9.2233720368547758e18) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

/// ceil(x) and floor(x) give whole numbers; with a scale they round decimals.
ScalarBindingPtr BindWhole(bool up, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  Rounding mode = up ? Rounding::kCeiling : Rounding::kFloor;
  std::string name = PrettyName(context);
  std::string shown = name == "ceil" ? "CEIL" : name == "floor" ? "FLOOR" : name;
  if (arguments.size() == 2) {
    Coerce(context, {arguments[0]}, {Expected::Numeric()}, CallSql(context, arguments));
    auto scale = ScaleOf(context, arguments);
    const TypePtr& given = arguments[0].type;
    TypePtr from = given->Is(TypeId::kDecimal) ? given : DecimalForType(*given);
    TypePtr to = RoundedDecimal(*from, scale.value_or(0));
    auto kernel = FirstOnly(RoundDecimal(from, to, scale.value_or(0), mode));
    auto binding = NewBinding(context, arguments, to, {from, arguments[1].type}, kernel, Nulls::kAlways);
    binding->name = name;
    return binding;
  }
  auto type = Coerce(context, arguments, {Expected::OneOf({Double(), Expected::Decimal(), Long()})})[0];
  std::shared_ptr<logical::ScalarBinding> binding;
  if (type->Is(TypeId::kDecimal)) {
    TypePtr to = types::Decimal(std::min(type->precision() - type->scale() + 1, kMaxDecimalDigits), 0);
    binding = NewBinding(context, arguments, to, {type}, RoundDecimal(type, to, 0, mode));
  } else if (type->Is(TypeId::kLong)) {
    binding = NewBinding(context, arguments, Long(), {type},
                         TotalKernel<int64_t(int64_t)>(Long(), [](int64_t v) { return v; }));
  } else {
    auto kernel = TotalKernel<int64_t(double)>(
        Long(), [up](double v) { return ToLongSaturating(up ? std::ceil(v) : std::floor(v)); });
    binding = NewBinding(context, arguments, Long(), {type}, kernel);
  }
  binding->name = shown;
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Rounding) {
  registry.Add({.name = "round",
                .usage = "The number rounded to decimal places, halves away from zero.",
                .example = "SELECT round(2.5, 0)",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindRound(Rounding::kHalfUp, context, arguments);
                })});
  registry.Add({.name = "bround",
                .usage = "The number rounded to decimal places, halves to the even digit.",
                .example = "SELECT bround(2.5, 0)",
                .since = "2.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindRound(Rounding::kHalfEven, context, arguments);
                })});
  registry.Add({.name = "ceil",
                .aliases = {"ceiling"},
                .usage = "The smallest whole number, or number of the given places, not below the argument.",
                .example = "SELECT ceil(-0.1)",
                .since = "1.4.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindWhole(true, context, arguments);
                })});
  registry.Add({.name = "floor",
                .usage = "The largest whole number, or number of the given places, not above the argument.",
                .example = "SELECT floor(-0.1)",
                .since = "1.4.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindWhole(false, context, arguments);
                })});
}

}  // namespace sluice::functions
