// The arithmetic operators on dates, timestamps, times and intervals.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "functions/cast.h"
#include "functions/datetime_math.h"
#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "functions/scalar/arithmetic.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using logical::ScalarKernel;
using types::DataType;
using types::kMicrosPerDay;
using types::TimeZone;
using types::TypeId;
using types::TypePtr;

base::Error IntervalOverflow(const std::string& function) {
  if (function.empty()) {
    return base::Error(base::ErrorKind::kArithmetic, "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION");
  }
  return base::Error(base::ErrorKind::kArithmetic, "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION",
                     {{"functionName", "`" + function + "`"}});
}

namespace {

bool IsDayTime(const DataType& type) { return type.Is(TypeId::kDayTimeInterval); }
bool IsYearMonth(const DataType& type) { return type.Is(TypeId::kYearMonthInterval); }
bool IsCalendar(const DataType& type) { return type.Is(TypeId::kCalendarInterval); }
bool IsInterval(const DataType& type) { return IsDayTime(type) || IsYearMonth(type) || IsCalendar(type); }
bool IsDays(const DataType& type) { return IsDayTime(type) && type.interval().start == 0 && type.interval().end == 0; }

ScalarKernel Swapped(ScalarKernel kernel) {
  return [kernel = std::move(kernel)](EvalContext& context, const std::vector<arrow::Datum>& arguments, int64_t rows) {
    return kernel(context, {arguments[1], arguments[0]}, rows);
  };
}

/// What an operator on two operands becomes; types in the order (value, amount).
struct Rule {
  TypePtr type, left, right;
  ScalarKernel kernel;
  std::string form;  ///< "{} + {}"-like print, empty = the operator's own
};

TimeZone ZoneOf(const EvalContext& context, bool local) {
  return local ? TimeZone::Utc() : TimeZone::Get(context.time_zone);
}

template <typename T>
T Signed(T value, int sign) {
  return sign < 0 ? -value : value;
}

ScalarKernel DatePlusDays(int sign) {
  return RowKernel<int32_t(int32_t, int64_t)>(types::Date(), [sign](int32_t date, int64_t micros) {
    return AddDays(date, Signed(micros / kMicrosPerDay, sign));
  });
}

ScalarKernel DatePlusMonths(int sign) {
  return RowKernel<int32_t(int32_t, int32_t)>(
      types::Date(), [sign](int32_t date, int32_t months) { return AddMonths(date, Signed(int64_t{months}, sign)); });
}

ScalarKernel DatePlusCalendar(int sign, bool ansi) {
  return RowKernel<int32_t(int32_t, CalendarValue)>(types::Date(), [sign, ansi](int32_t date, CalendarValue v) {
    if (ansi && v.nanos != 0) {
      throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION");
    }
    int64_t start = int64_t{AddMonths(date, Signed(int64_t{v.months}, sign))} + Signed(int64_t{v.days}, sign);
    int64_t micros = start * kMicrosPerDay + Signed(v.nanos / 1000, sign);
    return AddDays(0, FloorDiv(micros, kMicrosPerDay));
  });
}

ScalarKernel TimestampPlusMonths(const TypePtr& type, int sign) {
  bool local = type->Is(TypeId::kTimestampNtz);
  return BatchKernel<int64_t(int64_t, int32_t)>(type, [local, sign](EvalContext& context) {
    return [zone = ZoneOf(context, local), sign](int64_t micros, int32_t months) {
      return AddMonthsToTimestamp(micros, Signed(int64_t{months}, sign), zone);
    };
  });
}

ScalarKernel TimestampPlusDayTime(const TypePtr& type, int sign) {
  bool local = type->Is(TypeId::kTimestampNtz);
  return BatchKernel<int64_t(int64_t, int64_t)>(type, [local, sign](EvalContext& context) {
    return [zone = ZoneOf(context, local), sign](int64_t micros, int64_t amount) {
      return AddDayTimeToTimestamp(micros, Signed(amount, sign), zone);
    };
  });
}

ScalarKernel TimestampPlusCalendar(const TypePtr& type, int sign) {
  bool local = type->Is(TypeId::kTimestampNtz);
  return BatchKernel<int64_t(int64_t, CalendarValue)>(type, [local, sign](EvalContext& context) {
    return [zone = ZoneOf(context, local), sign](int64_t micros, CalendarValue v) {
      return AddIntervalToTimestamp(micros, Signed(v.months, sign), Signed(int64_t{v.days}, sign),
                                    Signed(v.nanos / 1000, sign), zone);
    };
  });
}

ScalarKernel TimePlusDayTime(const TypePtr& type, int sign) {
  return RowKernel<int64_t(int64_t, int64_t)>(type, [sign](int64_t nanos, int64_t micros) {
    int64_t sum;
    bool good = !__builtin_mul_overflow(Signed(micros, sign), int64_t{1000}, &sum) &&
                !__builtin_add_overflow(nanos, sum, &sum) && sum >= 0 && sum < kMicrosPerDay * 1000;
    if (!good) {
      throw base::Error(base::ErrorKind::kArithmetic, "DATETIME_OVERFLOW",
                        {{"operation", "add an interval to a time"}});
    }
    return sum;
  });
}

/// Sum or difference of two intervals of one family.
template <typename T>
ScalarKernel IntervalSum(const TypePtr& type, int sign, ArithmeticMode mode) {
  auto apply = [sign](T& out, T a, T b) {
    return sign < 0 ? !__builtin_sub_overflow(a, b, &out) : !__builtin_add_overflow(a, b, &out);
  };
  std::string function = sign < 0 ? "try_subtract" : "try_add";
  return CheckedKernel<T(T, T)>(
      type, apply, [function](T, T) { return IntervalOverflow(function); }, mode == ArithmeticMode::kTry);
}

ScalarKernel CalendarSum(int sign, ArithmeticMode mode) {
  return RowKernel<CalendarValue(CalendarValue, CalendarValue)>(
      types::CalendarInterval(), [sign, mode](CalendarValue a, CalendarValue b) -> std::optional<CalendarValue> {
        CalendarValue out;
        bool bad = __builtin_add_overflow(a.months, Signed(b.months, sign), &out.months) ||
                   __builtin_add_overflow(a.days, Signed(b.days, sign), &out.days) ||
                   __builtin_add_overflow(a.nanos, Signed(b.nanos, sign), &out.nanos);
        if (!bad || mode == ArithmeticMode::kLegacy) return out;
        if (mode == ArithmeticMode::kTry) return std::nullopt;
        throw IntervalOverflow(sign < 0 ? "try_subtract" : "try_add");
      });
}

bool IsValueForInterval(const DataType& type) { return type.IsTimestampLike() || type.IsStringLike(); }

/// value ± interval, for an interval on the right.
std::optional<Rule> Move(const BindContext& context, const TypePtr& value, const TypePtr& amount, int sign) {
  std::string plus = sign < 0 ? "{} - {}" : "{} + {}";
  if (value->Is(TypeId::kDate)) {
    if (IsDays(*amount)) {
      std::string form =
          sign < 0 ? "date_add({}, (- extractansiintervaldays({})))" : "date_add({}, extractansiintervaldays({}))";
      return Rule{types::Date(), value, amount, DatePlusDays(sign), form};
    }
    if (IsDayTime(*amount)) {
      return Rule{types::Timestamp(), types::Timestamp(), amount, TimestampPlusDayTime(types::Timestamp(), sign), plus};
    }
    if (IsYearMonth(*amount)) return Rule{types::Date(), value, amount, DatePlusMonths(sign), plus};
    return Rule{types::Date(), value, amount, DatePlusCalendar(sign, context.ansi), plus};
  }
  if (value->Is(TypeId::kTime) && IsDayTime(*amount)) {
    return Rule{value, value, amount, TimePlusDayTime(value, sign), plus};
  }
  if (!IsValueForInterval(*value)) return std::nullopt;
  if (IsYearMonth(*amount)) {
    if (value->IsStringLike()) return std::nullopt;
    return Rule{value, value, amount, TimestampPlusMonths(value, sign), plus};
  }
  TypePtr moved = value->IsStringLike() ? types::Timestamp() : value;
  ScalarKernel kernel = IsDayTime(*amount) ? TimestampPlusDayTime(moved, sign) : TimestampPlusCalendar(moved, sign);
  if (!value->IsStringLike()) return Rule{value, value, amount, std::move(kernel), plus};
  auto to_text = MakeCastKernel(moved, types::String(), logical::CastBehaviour::kAnsi);
  auto both = [kernel, to_text](EvalContext& eval, const std::vector<arrow::Datum>& arguments, int64_t rows) {
    return to_text(eval, {kernel(eval, arguments, rows)}, rows);
  };
  return Rule{types::String(), moved, amount, both, plus};
}

std::optional<Rule> SumOfIntervals(const TypePtr& left, const TypePtr& right, int sign, ArithmeticMode mode) {
  if (IsCalendar(*left) && IsCalendar(*right)) return Rule{left, left, right, CalendarSum(sign, mode), ""};
  if (left->id() != right->id()) return std::nullopt;
  TypePtr common = FindTightestCommonType(left, right, true);
  ScalarKernel kernel =
      IsDayTime(*left) ? IntervalSum<int64_t>(common, sign, mode) : IntervalSum<int32_t>(common, sign, mode);
  return Rule{common, common, common, std::move(kernel), ""};
}

template <typename T>
ScalarKernel DatePlusInteger(int sign) {
  return RowKernel<int32_t(int32_t, T)>(
      types::Date(), [sign](int32_t date, T days) { return AddDays(date, Signed(int64_t{days}, sign)); });
}

std::optional<Rule> DateAndNumber(const TypePtr& number, int sign) {
  const char* form = sign < 0 ? "date_sub({}, {})" : "date_add({}, {})";
  switch (number->id()) {
    case TypeId::kByte:
      return Rule{types::Date(), types::Date(), number, DatePlusInteger<int8_t>(sign), form};
    case TypeId::kShort:
      return Rule{types::Date(), types::Date(), number, DatePlusInteger<int16_t>(sign), form};
    case TypeId::kNull:
    case TypeId::kInteger:
      return Rule{types::Date(), types::Date(), types::Integer(), DatePlusInteger<int32_t>(sign), form};
    default:
      return std::nullopt;
  }
}

std::optional<Rule> AddRule(const BindContext& context, const TypePtr& left, const TypePtr& right,
                            ArithmeticMode mode) {
  if (IsInterval(*left) && IsInterval(*right)) return SumOfIntervals(left, right, 1, mode);
  if (IsInterval(*right)) {
    if (left->Is(TypeId::kNull)) return SumOfIntervals(right, right, 1, mode);
    return Move(context, left, right, 1);
  }
  if (IsInterval(*left)) {
    if (right->Is(TypeId::kNull)) return SumOfIntervals(left, left, 1, mode);
    auto rule = Move(context, right, left, 1);
    if (!rule) return std::nullopt;
    std::swap(rule->left, rule->right);
    rule->kernel = Swapped(rule->kernel);
    // Printed with the value first, whatever the order.
    if (rule->form == "{} + {}") rule->form = "{1} + {0}";
    if (rule->form.starts_with("date_add")) rule->form = "date_add({1}, extractansiintervaldays({0}))";
    return rule;
  }
  if (left->Is(TypeId::kDate) && !right->Is(TypeId::kDate)) return DateAndNumber(right, 1);
  if (right->Is(TypeId::kDate) && !left->Is(TypeId::kDate)) {
    auto rule = DateAndNumber(left, 1);
    if (!rule) return std::nullopt;
    std::swap(rule->left, rule->right);
    rule->kernel = Swapped(rule->kernel);
    rule->form = "date_add({1}, {0})";
    return rule;
  }
  return std::nullopt;
}

ScalarKernel TimestampDifference(bool local) {
  return BatchKernel<int64_t(int64_t, int64_t)>(types::DayTimeInterval(), [local](EvalContext& context) {
    // Local times are subtracted, so that days across a change of the clock are whole.
    return [zone = ZoneOf(context, local)](int64_t a, int64_t b) { return zone.ToLocal(a) - zone.ToLocal(b); };
  });
}

std::optional<Rule> SubtractRule(const BindContext& context, const TypePtr& left, const TypePtr& right,
                                 ArithmeticMode mode) {
  if (IsInterval(*left) && IsInterval(*right)) return SumOfIntervals(left, right, -1, mode);
  if (IsInterval(*right)) {
    if (left->Is(TypeId::kNull)) return SumOfIntervals(right, right, -1, mode);
    return Move(context, left, right, -1);
  }
  if (IsInterval(*left)) {
    return right->Is(TypeId::kNull) ? SumOfIntervals(left, left, -1, mode) : std::nullopt;
  }
  if (left->IsTimestampLike() || right->IsTimestampLike()) {
    const TypePtr& other = left->IsTimestampLike() ? right : left;
    bool fits =
        other->IsTimestampLike() || other->Is(TypeId::kDate) || other->IsStringLike() || other->Is(TypeId::kNull);
    if (!fits) return std::nullopt;
    TypePtr common = left->IsTimestampLike() && right->IsTimestampLike()
                         ? FindTightestCommonType(left, right, context.ansi)
                         : (left->IsTimestampLike() ? left : right);
    return Rule{types::DayTimeInterval(), common, common, TimestampDifference(common->Is(TypeId::kTimestampNtz)), ""};
  }
  if (right->Is(TypeId::kDate) && (left->Is(TypeId::kDate) || left->IsStringLike() || left->Is(TypeId::kNull))) {
    auto kernel = TotalKernel<int64_t(int32_t, int32_t)>(
        types::DayTimeInterval({0, 0}), [](int32_t a, int32_t b) { return (int64_t{a} - b) * kMicrosPerDay; });
    return Rule{types::DayTimeInterval({0, 0}), types::Date(), types::Date(), std::move(kernel), ""};
  }
  if (left->Is(TypeId::kDate) && !right->IsStringLike()) return DateAndNumber(right, -1);
  return std::nullopt;
}

/// Doubles are rounded half up, as DoubleMath.roundToInt does.
template <typename T>
bool RoundToInteger(double value, T* out) {
  double rounded = std::round(value);
  if (!(rounded >= -9.2233720368547758e18 && rounded < 9.2233720368547758e18)) return false;
  auto whole = static_cast<int64_t>(rounded);
  *out = static_cast<T>(whole);
  return *out == whole;
}

template <typename T, typename N>
bool Scaled(T interval, N number, int scale, bool divide, T* out) {
  if constexpr (std::is_floating_point_v<N>) {
    double value = divide ? static_cast<double>(interval) / number : static_cast<double>(interval) * number;
    return RoundToInteger(value, out);
  } else {
    Int128 value;
    if (divide) {
      Int128 scaled;
      if (__builtin_mul_overflow(static_cast<Int128>(interval), PowerOfTen(scale), &scaled)) return false;
      value = DivideRoundHalfUp(scaled, static_cast<Int128>(number));
    } else {
      if (__builtin_mul_overflow(static_cast<Int128>(interval), static_cast<Int128>(number), &value)) return false;
      if (scale > 0) value = DivideRoundHalfUp(value, PowerOfTen(scale));
    }
    *out = static_cast<T>(value);
    return *out == value;
  }
}

base::Error IntervalDividedByZero() { return base::Error(base::ErrorKind::kArithmetic, "INTERVAL_DIVIDED_BY_ZERO"); }

template <typename T, typename N>
ScalarKernel IntervalByNumber(const TypePtr& type, int scale, bool divide, ArithmeticMode mode) {
  return RowKernel<T(T, N)>(type, [scale, divide, mode](T interval, N number) -> std::optional<T> {
    if (divide && number == 0) {
      if (mode == ArithmeticMode::kTry) return std::nullopt;
      throw IntervalDividedByZero();
    }
    T out;
    if (Scaled(interval, number, scale, divide, &out)) return out;
    if (mode == ArithmeticMode::kTry) return std::nullopt;
    if (divide) throw IntervalOverflow("try_divide");
    // Math.multiplyExact's own error: it has no condition.
    throw base::Error::Plain(base::ErrorKind::kArithmetic, sizeof(T) == 4 ? "integer overflow" : "long overflow");
  });
}

template <typename N>
ScalarKernel IntervalByNumber(const TypePtr& type, int scale, bool divide, ArithmeticMode mode) {
  return IsDayTime(*type) ? IntervalByNumber<int64_t, N>(type, scale, divide, mode)
                          : IntervalByNumber<int32_t, N>(type, scale, divide, mode);
}

/// Fractions of a month become days (30 each), fractions of a day microseconds.
bool FromDoubles(double months, double days, double micros, CalendarValue* out) {
  double whole_months = std::trunc(months);
  double days_with_fraction = days + 30 * (months - whole_months);
  double whole_days = std::trunc(days_with_fraction);
  double all_micros = micros + (days_with_fraction - whole_days) * kMicrosPerDay;
  int64_t rounded;
  if (std::abs(whole_months) > std::numeric_limits<int32_t>::max() ||
      std::abs(whole_days) > std::numeric_limits<int32_t>::max() || !RoundToInteger(all_micros, &rounded)) {
    return false;
  }
  *out = {static_cast<int32_t>(whole_months), static_cast<int32_t>(whole_days), rounded * 1000};
  return true;
}

ScalarKernel CalendarByNumber(bool divide, ArithmeticMode mode) {
  return RowKernel<CalendarValue(CalendarValue, double)>(
      types::CalendarInterval(), [divide, mode](CalendarValue v, double number) -> std::optional<CalendarValue> {
        if (divide && number == 0) {
          if (mode != ArithmeticMode::kAnsi) return std::nullopt;
          throw IntervalDividedByZero();
        }
        double factor = divide ? 1 / number : number;
        auto scaled = [&](double part) { return divide ? part / number : part * factor; };
        CalendarValue out;
        if (FromDoubles(scaled(v.months), scaled(v.days), scaled(static_cast<double>(v.nanos) / 1000), &out))
          return out;
        if (mode == ArithmeticMode::kTry) return std::nullopt;
        throw IntervalOverflow(divide ? "try_divide" : "try_multiply");
      });
}

std::optional<Rule> ScaleRule(const BindContext& context, const TypePtr& interval, const TypePtr& number, bool divide,
                              ArithmeticMode mode) {
  if (!IsInterval(*interval)) return std::nullopt;
  TypePtr factor = number;
  if (IsCalendar(*interval)) {
    factor = Expected(types::Double()).ImplicitCast(number, context.ansi);
    if (!factor) return std::nullopt;
    return Rule{interval, interval, factor, CalendarByNumber(divide, mode), ""};
  }
  if (!number->IsNumeric()) {
    factor = Expected::Numeric().ImplicitCast(number, context.ansi);
    if (!factor) return std::nullopt;
  }
  ScalarKernel kernel;
  switch (factor->id()) {
    case TypeId::kByte:
      kernel = IntervalByNumber<int8_t>(interval, 0, divide, mode);
      break;
    case TypeId::kShort:
      kernel = IntervalByNumber<int16_t>(interval, 0, divide, mode);
      break;
    case TypeId::kInteger:
      kernel = IntervalByNumber<int32_t>(interval, 0, divide, mode);
      break;
    case TypeId::kLong:
      kernel = IntervalByNumber<int64_t>(interval, 0, divide, mode);
      break;
    case TypeId::kFloat:
      kernel = IntervalByNumber<float>(interval, 0, divide, mode);
      break;
    case TypeId::kDecimal:
      kernel = IntervalByNumber<Int128>(interval, factor->scale(), divide, mode);
      break;
    default:
      kernel = IntervalByNumber<double>(interval, 0, divide, mode);
  }
  // The result has all fields of its family.
  TypePtr type = IsDayTime(*interval) ? types::DayTimeInterval() : types::YearMonthInterval();
  return Rule{type, interval, factor, std::move(kernel), ""};
}

template <typename T>
ScalarKernel WholeQuotient() {
  return RowKernel<int64_t(T, T)>(types::Long(), [](T a, T b) -> int64_t {
    if (b == 0) throw IntervalDividedByZero();
    if (b == -1 && int64_t{a} == std::numeric_limits<int64_t>::min()) {
      throw Overflow("try_divide", "Overflow in integral divide");
    }
    return int64_t{a} / b;
  });
}

std::optional<Rule> WholeQuotientRule(const TypePtr& left, const TypePtr& right) {
  if (left->id() != right->id() || !IsInterval(*left) || IsCalendar(*left)) return std::nullopt;
  TypePtr common = FindTightestCommonType(left, right, true);
  ScalarKernel kernel = IsDayTime(*left) ? WholeQuotient<int64_t>() : WholeQuotient<int32_t>();
  return Rule{types::Long(), common, common, std::move(kernel), ""};
}

std::optional<Rule> FindRule(ArithmeticOp op, const BindContext& context, const TypePtr& left, const TypePtr& right,
                             ArithmeticMode mode) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return AddRule(context, left, right, mode);
    case ArithmeticOp::kSubtract:
      return SubtractRule(context, left, right, mode);
    case ArithmeticOp::kMultiply: {
      if (auto rule = ScaleRule(context, left, right, false, mode)) return rule;
      auto rule = ScaleRule(context, right, left, false, mode);
      if (!rule) return std::nullopt;
      std::swap(rule->left, rule->right);
      rule->kernel = Swapped(rule->kernel);
      rule->form = "({1} * {0})";
      return rule;
    }
    case ArithmeticOp::kDivide:
      return ScaleRule(context, left, right, true, mode);
    case ArithmeticOp::kIntegralDivide:
      return WholeQuotientRule(left, right);
    default:
      return std::nullopt;
  }
}

}  // namespace

ScalarBindingPtr BindDatetimeArithmetic(ArithmeticOp op, const BindContext& context, const Arguments& arguments,
                                        ArithmeticMode mode) {
  auto rule = FindRule(op, context, arguments[0].type, arguments[1].type, mode);
  if (!rule) return nullptr;
  Nulls nulls = mode == ArithmeticMode::kTry || op == ArithmeticOp::kDivide ? Nulls::kAlways : Nulls::kPropagate;
  auto binding = NewBinding(context, arguments, rule->type, {rule->left, rule->right}, std::move(rule->kernel), nulls);
  if (!rule->form.empty()) {
    binding->sql = [form = rule->form](const std::vector<std::string>& texts) {
      return fmt::format(fmt::runtime(form), texts[0], texts[1]);
    };
  }
  return binding;
}

}  // namespace sluice::functions
