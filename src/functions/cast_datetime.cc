// Casts of dates, times, timestamps and ANSI intervals among each other and from and to numbers.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "functions/cast_kernels.h"
#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "types/datetime_text.h"
#include "types/interval.h"

namespace sluice::functions {

using logical::ScalarKernel;
using types::DataType;
using types::kMicrosPerDay;
using types::kMicrosPerSecond;
using types::TimeZone;
using types::TypeId;

namespace {

int64_t FloorDiv(int64_t value, int64_t divisor) {
  int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

std::string TimestampSql(int64_t micros, const TimeZone& zone) {
  return "TIMESTAMP '" + types::FormatTimestamp(micros, zone) + "'";
}

// --- numbers → timestamp ---

/// Seconds → micros, saturating as TimeUnit.SECONDS.toMicros.
int64_t SecondsToMicros(int64_t seconds) {
  int64_t out;
  if (!__builtin_mul_overflow(seconds, kMicrosPerSecond, &out)) return out;
  return seconds < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

template <typename T>
ScalarKernel IntegerToTimestamp(const CastRule& rule) {
  return TotalKernel<int64_t(T)>(rule.to, [](T v) { return SecondsToMicros(v); });
}

template <typename T>
ScalarKernel FloatToTimestamp(const CastRule& rule) {
  return RowKernel<int64_t(T)>(rule.to, [rule](T v) -> std::optional<int64_t> {
    double micros = static_cast<double>(v) * kMicrosPerSecond;
    if (!std::isfinite(static_cast<double>(v))) {
      if (rule.ansi()) {
        throw CastInvalidInput(NumberSql(static_cast<double>(v), rule.from->id()), *rule.from, *rule.to);
      }
      return std::nullopt;
    }
    if (std::abs(micros) >= 9.2233720368547758e18) {
      if (rule.ansi()) {
        throw CastOverflow(NumberSql(static_cast<double>(v), rule.from->id()), *rule.from, *rule.to);
      }
      return micros < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
    }
    return static_cast<int64_t>(micros);
  });
}

ScalarKernel DecimalToTimestamp(const CastRule& rule) {
  int scale = rule.from->scale();
  return TotalKernel<int64_t(Int128)>(rule.to, [scale](Int128 v) {
    return static_cast<int64_t>(scale <= 6 ? v * PowerOfTen(6 - scale) : v / PowerOfTen(scale - 6));
  });
}

ScalarKernel ToTimestampFromNumber(const CastRule& rule) {
  switch (rule.from->id()) {
    case TypeId::kBoolean:
      return TotalKernel<int64_t(bool)>(rule.to, [](bool v) { return int64_t{v}; });
    case TypeId::kByte:
      return IntegerToTimestamp<int8_t>(rule);
    case TypeId::kShort:
      return IntegerToTimestamp<int16_t>(rule);
    case TypeId::kInteger:
      return IntegerToTimestamp<int32_t>(rule);
    case TypeId::kLong:
      return IntegerToTimestamp<int64_t>(rule);
    case TypeId::kFloat:
      return FloatToTimestamp<float>(rule);
    case TypeId::kDouble:
      return FloatToTimestamp<double>(rule);
    default:
      return DecimalToTimestamp(rule);
  }
}

// --- timestamp → numbers ---

template <typename To>
ScalarKernel TimestampToInteger(const CastRule& rule) {
  if (sizeof(To) == 8 || rule.wraps()) {
    return TotalKernel<To(int64_t)>(rule.to, [](int64_t v) { return static_cast<To>(FloorDiv(v, kMicrosPerSecond)); });
  }
  return BatchKernel<To(int64_t)>(rule.to, [rule](logical::EvalContext& context) {
    return [rule, zone = TimeZone::Get(context.time_zone)](int64_t v) -> std::optional<To> {
      int64_t seconds = FloorDiv(v, kMicrosPerSecond);
      if (seconds == static_cast<To>(seconds)) return static_cast<To>(seconds);
      if (rule.ansi()) throw CastOverflow(TimestampSql(v, zone), *rule.from, *rule.to);
      return std::nullopt;
    };
  });
}

ScalarKernel TimestampToNumber(const CastRule& rule) {
  switch (rule.to->id()) {
    case TypeId::kBoolean:
      return TotalKernel<bool(int64_t)>(rule.to, [](int64_t v) { return v != 0; });
    case TypeId::kByte:
      return TimestampToInteger<int8_t>(rule);
    case TypeId::kShort:
      return TimestampToInteger<int16_t>(rule);
    case TypeId::kInteger:
      return TimestampToInteger<int32_t>(rule);
    case TypeId::kLong:
      return TimestampToInteger<int64_t>(rule);
    case TypeId::kFloat:
      return TotalKernel<float(int64_t)>(
          rule.to, [](int64_t v) { return static_cast<float>(static_cast<double>(v) / kMicrosPerSecond); });
    case TypeId::kDouble:
      return TotalKernel<double(int64_t)>(rule.to, [](int64_t v) { return static_cast<double>(v) / kMicrosPerSecond; });
    default:
      return RowKernel<Int128(int64_t)>(rule.to, [rule](int64_t v) -> std::optional<Int128> {
        Int128 out;
        if (Rescale(v, 6, rule.to->scale(), rule.to->precision(), &out)) return out;
        if (rule.ansi()) throw DecimalOverflow(DecimalText(v, 6), *rule.to);
        return std::nullopt;
      });
  }
}

// --- dates and timestamps ---

/// A kernel over one fixed-width value with the session's zone.
template <typename Signature, typename F>
ScalarKernel Zoned(const types::TypePtr& type, F f) {
  return BatchKernel<Signature>(type, [f](logical::EvalContext& context) {
    return [f, zone = TimeZone::Get(context.time_zone)](auto v) { return f(v, zone); };
  });
}

int64_t DaysToMicros(int32_t days) {
  int64_t out;
  if (__builtin_mul_overflow(int64_t{days}, kMicrosPerDay, &out)) {
    throw base::Error(base::ErrorKind::kArithmetic, "DATETIME_OVERFLOW",
                      {{"operation", "convert days to microseconds"}});
  }
  return out;
}

ScalarKernel TimestampToOther(const CastRule& rule) {
  bool local = rule.from->Is(TypeId::kTimestampNtz);
  switch (rule.to->id()) {
    case TypeId::kDate:
      if (local) {
        return TotalKernel<int32_t(int64_t)>(
            rule.to, [](int64_t v) { return static_cast<int32_t>(FloorDiv(v, kMicrosPerDay)); });
      }
      return Zoned<int32_t(int64_t)>(rule.to, [](int64_t v, const TimeZone& zone) {
        return static_cast<int32_t>(FloorDiv(zone.ToLocal(v), kMicrosPerDay));
      });
    case TypeId::kTimestampNtz:
      return Zoned<int64_t(int64_t)>(rule.to, [](int64_t v, const TimeZone& zone) { return zone.ToLocal(v); });
    case TypeId::kTimestamp:
      return Zoned<int64_t(int64_t)>(rule.to, [](int64_t v, const TimeZone& zone) { return zone.ToUtc(v); });
    case TypeId::kTime:
      return Zoned<int64_t(int64_t)>(rule.to, [local](int64_t v, const TimeZone& zone) {
        int64_t micros = local ? v : zone.ToLocal(v);
        return (micros - FloorDiv(micros, kMicrosPerDay) * kMicrosPerDay) * 1000;
      });
    default:
      return TimestampToNumber(rule);
  }
}

ScalarKernel DateToOther(const CastRule& rule) {
  switch (rule.to->id()) {
    case TypeId::kTimestamp:
      return Zoned<int64_t(int32_t)>(rule.to,
                                     [](int32_t v, const TimeZone& zone) { return zone.ToUtc(DaysToMicros(v)); });
    case TypeId::kTimestampNtz:
      return RowKernel<int64_t(int32_t)>(rule.to, DaysToMicros);
    default:  // legacy: a date is no number
      return [type = types::ToArrow(rule.to)](logical::EvalContext&, const std::vector<arrow::Datum>&, int64_t) {
        return arrow::Datum(arrow::MakeNullScalar(type));
      };
  }
}

// --- ANSI intervals ---

int64_t UnitOf(const DataType& interval) {
  static constexpr int64_t kDayTime[] = {kMicrosPerDay, 3600 * kMicrosPerSecond, 60 * kMicrosPerSecond,
                                         kMicrosPerSecond};
  if (interval.Is(TypeId::kDayTimeInterval)) return kDayTime[interval.interval().end];
  return interval.interval().end == 0 ? 12 : 1;
}

std::string IntervalSql(int64_t value, const DataType& type) {
  return type.Is(TypeId::kDayTimeInterval)
             ? types::FormatDayTimeInterval(value, type.interval())
             : types::FormatYearMonthInterval(static_cast<int32_t>(value), type.interval());
}

template <typename Stored, typename To>
ScalarKernel IntervalToInteger(const CastRule& rule) {
  int64_t unit = UnitOf(*rule.from);
  return RowKernel<To(Stored)>(rule.to, [rule, unit](Stored v) -> std::optional<To> {
    int64_t whole = int64_t{v} / unit;
    if (whole == static_cast<To>(whole)) return static_cast<To>(whole);
    if (!rule.null_on_bad()) throw CastOverflow(IntervalSql(v, *rule.from), *rule.from, *rule.to);
    return std::nullopt;
  });
}

template <typename Stored>
ScalarKernel IntervalToNumber(const CastRule& rule) {
  switch (rule.to->id()) {
    case TypeId::kByte:
      return IntervalToInteger<Stored, int8_t>(rule);
    case TypeId::kShort:
      return IntervalToInteger<Stored, int16_t>(rule);
    case TypeId::kInteger:
      return IntervalToInteger<Stored, int32_t>(rule);
    case TypeId::kLong:
      return IntervalToInteger<Stored, int64_t>(rule);
    default: {
      Int128 unit = UnitOf(*rule.from);
      return RowKernel<Int128(Stored)>(rule.to, [rule, unit](Stored v) -> std::optional<Int128> {
        Int128 out;
        Int128 scaled = DivideRoundHalfUp(static_cast<Int128>(v) * PowerOfTen(rule.to->scale()), unit);
        if (Rescale(scaled, rule.to->scale(), rule.to->scale(), rule.to->precision(), &out)) return out;
        if (rule.ansi()) throw DecimalOverflow(DecimalText(scaled, rule.to->scale()), *rule.to);
        return std::nullopt;
      });
    }
  }
}

template <typename From, typename Stored>
ScalarKernel NumberToIntervalOf(const CastRule& rule) {
  int64_t unit = UnitOf(*rule.to);
  int scale = rule.from->Is(TypeId::kDecimal) ? rule.from->scale() : 0;
  return RowKernel<Stored(From)>(rule.to, [rule, unit, scale](From v) -> std::optional<Stored> {
    Int128 product;
    bool overflow = __builtin_mul_overflow(static_cast<Int128>(v), static_cast<Int128>(unit), &product);
    if (!overflow && scale > 0) product = DivideRoundHalfUp(product, PowerOfTen(scale));
    if (!overflow && product == static_cast<Stored>(product)) return static_cast<Stored>(product);
    if (!rule.null_on_bad()) {
      std::string text = scale > 0 || sizeof(From) == 16 ? DecimalText(v, scale) + "BD"
                                                         : NumberSql(static_cast<int64_t>(v), rule.from->id());
      throw CastOverflow(text, *rule.from, *rule.to);
    }
    return std::nullopt;
  });
}

template <typename Stored>
ScalarKernel NumberToInterval(const CastRule& rule) {
  switch (rule.from->id()) {
    case TypeId::kByte:
      return NumberToIntervalOf<int8_t, Stored>(rule);
    case TypeId::kShort:
      return NumberToIntervalOf<int16_t, Stored>(rule);
    case TypeId::kInteger:
      return NumberToIntervalOf<int32_t, Stored>(rule);
    case TypeId::kLong:
      return NumberToIntervalOf<int64_t, Stored>(rule);
    default:
      return NumberToIntervalOf<Int128, Stored>(rule);
  }
}

/// To fewer fields: what the last field cannot hold is cut off.
ScalarKernel IntervalToInterval(const CastRule& rule) {
  int64_t unit = rule.to->Is(TypeId::kDayTimeInterval) && rule.to->interval().end == 3 ? 1 : UnitOf(*rule.to);
  if (rule.to->Is(TypeId::kDayTimeInterval)) {
    return TotalKernel<int64_t(int64_t)>(rule.to, [unit](int64_t v) { return v / unit * unit; });
  }
  return TotalKernel<int32_t(int32_t)>(rule.to, [unit](int32_t v) { return static_cast<int32_t>(v / unit * unit); });
}

ScalarKernel IntegerToBinary(const CastRule& rule) {
  auto big_endian = [](TextWriter& out, auto v) {
    for (int shift = (sizeof(v) - 1) * 8; shift >= 0; shift -= 8) out.Append(static_cast<char>(v >> shift));
  };
  switch (rule.from->id()) {
    case TypeId::kByte:
      return RowKernel<Text(int8_t)>(rule.to, big_endian);
    case TypeId::kShort:
      return RowKernel<Text(int16_t)>(rule.to, big_endian);
    case TypeId::kInteger:
      return RowKernel<Text(int32_t)>(rule.to, big_endian);
    default:
      return RowKernel<Text(int64_t)>(rule.to, big_endian);
  }
}

ScalarKernel TimeToOther(const CastRule& rule) {
  constexpr int64_t kNanosPerSecond = 1'000'000'000;
  switch (rule.to->id()) {
    case TypeId::kTime: {
      int64_t unit = static_cast<int64_t>(PowerOfTen(9 - std::min(rule.to->precision(), 9)));
      return TotalKernel<int64_t(int64_t)>(rule.to, [unit](int64_t v) { return v / unit * unit; });
    }
    case TypeId::kByte:
      return TotalKernel<int8_t(int64_t)>(rule.to, [](int64_t v) { return static_cast<int8_t>(v / kNanosPerSecond); });
    case TypeId::kShort:
      return TotalKernel<int16_t(int64_t)>(rule.to,
                                           [](int64_t v) { return static_cast<int16_t>(v / kNanosPerSecond); });
    case TypeId::kInteger:
      return TotalKernel<int32_t(int64_t)>(rule.to,
                                           [](int64_t v) { return static_cast<int32_t>(v / kNanosPerSecond); });
    case TypeId::kLong:
      return TotalKernel<int64_t(int64_t)>(rule.to, [](int64_t v) { return v / kNanosPerSecond; });
    default:
      return RowKernel<Int128(int64_t)>(rule.to, [rule](int64_t v) -> std::optional<Int128> {
        Int128 out;
        if (Rescale(v, 9, rule.to->scale(), rule.to->precision(), &out)) return out;
        if (rule.ansi()) throw DecimalOverflow(DecimalText(v, 9), *rule.to);
        return std::nullopt;
      });
  }
}

}  // namespace

ScalarKernel CastDatetime(const CastRule& rule) {
  switch (rule.from->id()) {
    case TypeId::kDate:
      return DateToOther(rule);
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      return TimestampToOther(rule);
    case TypeId::kTime:
      return TimeToOther(rule);
    case TypeId::kDayTimeInterval:
      return rule.to->Is(TypeId::kDayTimeInterval) ? IntervalToInterval(rule) : IntervalToNumber<int64_t>(rule);
    case TypeId::kYearMonthInterval:
      return rule.to->Is(TypeId::kYearMonthInterval) ? IntervalToInterval(rule) : IntervalToNumber<int32_t>(rule);
    default:
      break;
  }
  switch (rule.to->id()) {
    case TypeId::kTimestamp:
      return ToTimestampFromNumber(rule);
    case TypeId::kDayTimeInterval:
      return NumberToInterval<int64_t>(rule);
    case TypeId::kYearMonthInterval:
      return NumberToInterval<int32_t>(rule);
    case TypeId::kBinary:
      return IntegerToBinary(rule);
    default:
      throw base::Error::Unsupported("CAST from " + rule.from->Sql() + " to " + rule.to->Sql());
  }
}

}  // namespace sluice::functions
