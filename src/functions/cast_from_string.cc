// Casts of strings to every other type.
#include <arrow/util/decimal.h>

#include <algorithm>

#include "functions/cast_kernels.h"
#include "functions/kernels.h"
#include "functions/number_parse.h"
#include "types/datetime_text.h"
#include "types/interval.h"

namespace sluice::functions {

using logical::ScalarKernel;
using types::TypeId;

namespace {

/// A kernel over a parser that gives std::optional.
template <typename R, typename Parse>
ScalarKernel Parsed(const CastRule& rule, Parse parse) {
  return RowKernel<R(std::string_view)>(rule.to, [rule, parse](std::string_view text) -> std::optional<R> {
    auto value = parse(text);
    if (value) return static_cast<R>(*value);
    if (rule.ansi()) throw CastInvalidInput(text, *rule.from, *rule.to);
    return std::nullopt;
  });
}

template <typename R>
ScalarKernel ToInteger(const CastRule& rule) {
  bool fraction = !rule.ansi() && rule.behaviour == logical::CastBehaviour::kLegacy;
  return Parsed<R>(rule, [fraction](std::string_view text) -> std::optional<R> {
    auto value = ParseLong(text, fraction);
    if (!value || *value != static_cast<R>(*value)) return std::nullopt;
    return static_cast<R>(*value);
  });
}

ScalarKernel ToDecimal(const CastRule& rule) {
  return RowKernel<Int128(std::string_view)>(rule.to, [rule](std::string_view text) -> std::optional<Int128> {
    Int128 out;
    switch (ParseDecimal(text, rule.to->precision(), rule.to->scale(), &out)) {
      case DecimalParse::kGood:
        return out;
      case DecimalParse::kMalformed:
        if (rule.ansi()) throw CastInvalidInput(text, *rule.from, *rule.to);
        return std::nullopt;
      case DecimalParse::kOutOfRange:
        if (!rule.ansi()) return std::nullopt;
        if (IntegralDigits(text) > 38) {
          throw base::Error(base::ErrorKind::kArithmetic, "NUMERIC_OUT_OF_SUPPORTED_RANGE",
                            {{"value", std::string(TrimAll(text))}});
        }
        throw DecimalOverflow(std::string(TrimAll(text)), *rule.to);
    }
    return std::nullopt;
  });
}

/// 'epoch', 'now', 'today', 'yesterday' and 'tomorrow' stand for dates and times in constants only.
enum class SpecialTime { kNone, kEpoch, kNow, kToday, kYesterday, kTomorrow };
SpecialTime FindSpecialTime(std::string_view text) {
  std::string lower(TrimAll(text));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "epoch") return SpecialTime::kEpoch;
  if (lower == "now") return SpecialTime::kNow;
  if (lower == "today") return SpecialTime::kToday;
  if (lower == "yesterday") return SpecialTime::kYesterday;
  if (lower == "tomorrow") return SpecialTime::kTomorrow;
  return SpecialTime::kNone;
}

int64_t FloorDays(int64_t micros) {
  return micros >= 0 ? micros / types::kMicrosPerDay : -((-micros + types::kMicrosPerDay - 1) / types::kMicrosPerDay);
}

/// Local days since the epoch at the batch's time.
int64_t Today(const logical::EvalContext& context, const types::TimeZone& zone) {
  return FloorDays(zone.ToLocal(context.current_timestamp_us));
}

std::optional<int64_t> SpecialDate(std::string_view text, const logical::EvalContext& context) {
  SpecialTime special = FindSpecialTime(text);
  if (special == SpecialTime::kNone) return std::nullopt;
  if (special == SpecialTime::kEpoch) return 0;
  int64_t today = Today(context, types::TimeZone::Get(context.time_zone));
  if (special == SpecialTime::kYesterday) return today - 1;
  return special == SpecialTime::kTomorrow ? today + 1 : today;
}

/// Handles constants that name a special time before the general kernel.
template <typename Special>
ScalarKernel WithSpecialTimes(ScalarKernel general, std::shared_ptr<arrow::DataType> type, Special special) {
  return [general = std::move(general), type = std::move(type), special](
             logical::EvalContext& context, const std::vector<arrow::Datum>& arguments, int64_t rows) -> arrow::Datum {
    if (arguments[0].is_scalar() && arguments[0].scalar()->is_valid) {
      Column<std::string_view> text(arguments[0]);
      if (std::optional<int64_t> value = special(text[0], context)) {
        return type->id() == arrow::Type::DATE32
                   ? arrow::Datum(std::make_shared<arrow::Date32Scalar>(static_cast<int32_t>(*value)))
                   : arrow::Datum(std::make_shared<arrow::TimestampScalar>(*value, type));
      }
    }
    return general(context, arguments, rows);
  };
}

ScalarKernel ToDate(const CastRule& rule) {
  return WithSpecialTimes(Parsed<int32_t>(rule, types::ParseDate), types::ToArrow(rule.to), SpecialDate);
}

ScalarKernel ToTimestamp(const CastRule& rule) {
  auto general = BatchKernel<int64_t(std::string_view)>(rule.to, [rule](logical::EvalContext& context) {
    auto zone = types::TimeZone::Get(context.time_zone);
    auto today = static_cast<int32_t>(Today(context, zone));
    return [rule, zone, today](std::string_view text) -> std::optional<int64_t> {
      auto value = types::ParseTimestamp(text, zone, today);
      if (!value && rule.ansi()) throw CastInvalidInput(text, *rule.from, *rule.to);
      return value;
    };
  });
  auto special = [](std::string_view text, const logical::EvalContext& context) -> std::optional<int64_t> {
    SpecialTime which = FindSpecialTime(text);
    if (which == SpecialTime::kNone) return std::nullopt;
    if (which == SpecialTime::kEpoch) return 0;
    if (which == SpecialTime::kNow) return context.current_timestamp_us;
    return types::TimeZone::Get(context.time_zone).ToUtc(*SpecialDate(text, context) * types::kMicrosPerDay);
  };
  return WithSpecialTimes(std::move(general), types::ToArrow(rule.to), special);
}

ScalarKernel ToTimestampNtz(const CastRule& rule) {
  auto general = Parsed<int64_t>(rule, [](std::string_view text) { return types::ParseTimestampNtz(text, true); });
  auto special = [](std::string_view text, const logical::EvalContext& context) -> std::optional<int64_t> {
    SpecialTime which = FindSpecialTime(text);
    if (which == SpecialTime::kNone) return std::nullopt;
    if (which == SpecialTime::kEpoch) return 0;
    if (which == SpecialTime::kNow) {
      return types::TimeZone::Get(context.time_zone).ToLocal(context.current_timestamp_us);
    }
    return *SpecialDate(text, context) * types::kMicrosPerDay;
  };
  return WithSpecialTimes(std::move(general), types::ToArrow(rule.to), special);
}

/// types::ParseInterval with nothing instead of an error.
std::optional<types::Interval> TryParseInterval(std::string_view text) {
  try {
    return types::ParseInterval(text);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

ScalarKernel ToCalendarInterval(const CastRule& rule) {
  return RowKernel<CalendarValue(std::string_view)>(
      rule.to, [rule](std::string_view text) -> std::optional<CalendarValue> {
        auto interval = TryParseInterval(text);
        if (!interval) {
          if (rule.ansi()) types::ParseInterval(text);  // throws with the reason
          return std::nullopt;
        }
        return CalendarValue{interval->months, interval->days, interval->micros * 1000};
      });
}

ScalarKernel ToDayTime(const CastRule& rule) {
  return RowKernel<int64_t(std::string_view)>(rule.to, [rule](std::string_view text) -> std::optional<int64_t> {
    auto value = types::ParseDayTimeInterval(text, rule.to->interval());
    if (!value && rule.ansi()) {
      throw types::DayTimeIntervalError(base::ErrorKind::kIllegalArgument, text, rule.to->interval());
    }
    return value;
  });
}

ScalarKernel ToYearMonth(const CastRule& rule) {
  return RowKernel<int32_t(std::string_view)>(rule.to, [rule](std::string_view text) -> std::optional<int32_t> {
    auto value = types::ParseYearMonthInterval(text, rule.to->interval());
    if (!value && rule.ansi()) {
      throw types::YearMonthIntervalError(base::ErrorKind::kIllegalArgument, text, rule.to->interval());
    }
    return value;
  });
}

}  // namespace

ScalarKernel CastFromString(const CastRule& rule) {
  switch (rule.to->id()) {
    case TypeId::kBoolean:
      return Parsed<bool>(rule, ParseBoolean);
    case TypeId::kByte:
      return ToInteger<int8_t>(rule);
    case TypeId::kShort:
      return ToInteger<int16_t>(rule);
    case TypeId::kInteger:
      return ToInteger<int32_t>(rule);
    case TypeId::kLong:
      return ToInteger<int64_t>(rule);
    case TypeId::kFloat:
      return Parsed<float>(rule, ParseFloat);
    case TypeId::kDouble:
      return Parsed<double>(rule, ParseDouble);
    case TypeId::kDecimal:
      return ToDecimal(rule);
    case TypeId::kBinary:
      return [](logical::EvalContext&, const std::vector<arrow::Datum>& arguments, int64_t) -> arrow::Datum {
        ColumnBase column(arguments[0]);
        auto array = arrow::MakeArray(WithType(column.array()->data(), arrow::binary()));
        return arguments[0].is_scalar() ? AsScalar(array) : arrow::Datum(array);
      };
    case TypeId::kDate:
      return ToDate(rule);
    case TypeId::kTime:
      return Parsed<int64_t>(rule, types::ParseTime);
    case TypeId::kTimestamp:
      return ToTimestamp(rule);
    case TypeId::kTimestampNtz:
      return ToTimestampNtz(rule);
    case TypeId::kCalendarInterval:
      return ToCalendarInterval(rule);
    case TypeId::kDayTimeInterval:
      return ToDayTime(rule);
    case TypeId::kYearMonthInterval:
      return ToYearMonth(rule);
    default:
      throw base::Error::Internal("No cast from STRING to " + rule.to->Sql());
  }
}

}  // namespace sluice::functions
