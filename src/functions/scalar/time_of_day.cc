// Functions of TIME values.
#include <fmt/format.h>

#include <algorithm>

#include "functions/cast_kernels.h"
#include "functions/datetime_math.h"
#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "functions/signature.h"
#include "types/datetime_pattern.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::DateTimePattern;
using types::Decimal;
using types::Integer;
using types::Long;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kNanosPerDay = 86400 * kNanosPerSecond;

base::Error CannotParseTime(std::string_view text, std::string_view format) {
  return base::Error(base::ErrorKind::kDateTime, "CANNOT_PARSE_TIME",
                     {{"input", fmt::format("'{}'", text)}, {"format", fmt::format("'{}'", format)}});
}

ScalarBindingPtr BindToTime(bool is_try, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto types = Coerce(context, arguments, {String()});
  logical::ScalarKernel kernel;
  if (arguments.size() == 1) {
    kernel = RowKernel<int64_t(std::string_view)>(types::Time(), [is_try](std::string_view text) {
      auto value = types::ParseTime(text);
      if (!value && !is_try) throw CannotParseTime(text, "HH:mm:ss.SSSSSS");
      return value;
    });
  } else {
    kernel = BatchKernel<int64_t(std::string_view, std::string_view)>(types::Time(), [is_try](EvalContext&) {
      struct Compiled {
        std::string text;
        std::unique_ptr<DateTimePattern> pattern;
      };
      return [cache = std::make_shared<Compiled>(), is_try](std::string_view text,
                                                            std::string_view format) -> std::optional<int64_t> {
        if (!cache->pattern || cache->text != format) {
          cache->pattern = std::make_unique<DateTimePattern>(format, DateTimePattern::Use::kParse);
          cache->text = format;
        }
        auto value = cache->pattern->ParseTime(text);
        if (!value && !is_try) throw CannotParseTime(text, format);
        return value;
      };
    });
  }
  auto binding =
      NewBinding(context, arguments, types::Time(), types, kernel, is_try ? Nulls::kAlways : Nulls::kPropagate);
  if (is_try) {
    binding->sql = [](const std::vector<std::string>& texts) {
      return fmt::format("try_to_time(to_time({}))", fmt::join(texts, ", "));
    };
  }
  return binding;
}

base::Error OutOfBounds(const std::string& message) {
  return base::Error(base::ErrorKind::kDateTime, "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION",
                     {{"rangeMessage", message}});
}

int64_t MakeTime(int32_t hour, int32_t minute, Int128 second_micros) {
  if (hour < 0 || hour > 23) {
    throw OutOfBounds(fmt::format("Invalid value for HourOfDay (valid values 0 - 23): {}", hour));
  }
  if (minute < 0 || minute > 59) {
    throw OutOfBounds(fmt::format("Invalid value for MinuteOfHour (valid values 0 - 59): {}", minute));
  }
  Int128 seconds = second_micros / 1'000'000;
  if (second_micros < 0 || seconds > 59) {
    throw OutOfBounds(
        fmt::format("Invalid value for SecondOfMinute (valid values 0 - 59): {}", static_cast<int64_t>(seconds)));
  }
  return (hour * int64_t{3600} + minute * 60) * kNanosPerSecond + static_cast<int64_t>(second_micros) * 1000;
}

std::optional<int64_t> UnitNanos(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  if (name == "HOUR") return 3600 * kNanosPerSecond;
  if (name == "MINUTE") return 60 * kNanosPerSecond;
  if (name == "SECOND") return kNanosPerSecond;
  if (name == "MILLISECOND") return 1'000'000;
  if (name == "MICROSECOND") return 1000;
  return std::nullopt;
}

int64_t UnitOrThrow(const std::string& function, std::string_view name) {
  auto unit = UnitNanos(std::string(name));
  if (unit) return *unit;
  throw base::Error(
      base::ErrorKind::kIllegalArgument, "INVALID_PARAMETER_VALUE.TIME_UNIT",
      {{"functionName", "`" + function + "`"}, {"parameter", "`unit`"}, {"invalidValue", std::string(name)}});
}

ScalarBindingPtr BindDiff(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 3);
  auto types = Coerce(context, arguments, {String(), types::Time(), types::Time()});
  for (size_t i = 1; i < 3; ++i) {
    if (arguments[i].type->Is(TypeId::kTime)) types[i] = arguments[i].type;
  }
  auto kernel = RowKernel<int64_t(std::string_view, int64_t, int64_t)>(
      Long(),
      [](std::string_view unit, int64_t start, int64_t end) { return (end - start) / UnitOrThrow("time_diff", unit); });
  return NewBinding(context, arguments, Long(), types, kernel);
}

ScalarBindingPtr BindTrunc(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {String(), types::Time()});
  if (arguments[1].type->Is(TypeId::kTime)) types[1] = arguments[1].type;
  auto kernel = RowKernel<int64_t(std::string_view, int64_t)>(
      types[1], [](std::string_view unit, int64_t nanos) { return nanos - nanos % UnitOrThrow("time_trunc", unit); });
  return NewBinding(context, arguments, types[1], types, kernel);
}

template <int64_t kNanos>
BindScalar TimeFrom(const char* name) {
  return Simple({.parameters = {Long()},
                 .type = types::Time(),
                 .kernel = RowKernel<int64_t(int64_t)>(types::Time(), [name](int64_t value) {
                   int64_t nanos;
                   if (value < 0 || __builtin_mul_overflow(value, kNanos, &nanos) || nanos >= kNanosPerDay) {
                     throw base::Error(base::ErrorKind::kDateTime, "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION",
                                       {{"rangeMessage", fmt::format("Invalid value for {} (valid values 0 - {}): {}",
                                                                     name, kNanosPerDay / kNanos - 1, value)}});
                   }
                   return nanos;
                 })});
}

ScalarBindingPtr BindTimeTo(int64_t unit, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr type =
      arguments[0].type->Is(TypeId::kTime) ? arguments[0].type : Coerce(context, arguments, {types::Time()})[0];
  if (unit == kNanosPerSecond) {
    auto kernel = TotalKernel<Int128(int64_t)>(Decimal(14, 6), [](int64_t nanos) { return Int128{nanos / 1000}; });
    return NewBinding(context, arguments, Decimal(14, 6), {type}, kernel);
  }
  auto kernel = TotalKernel<int64_t(int64_t)>(Long(), [unit](int64_t nanos) { return nanos / unit; });
  return NewBinding(context, arguments, Long(), {type}, kernel);
}

BindScalar TimeTo(int64_t unit) {
  return
      [unit](const BindContext& context, const Arguments& arguments) { return BindTimeTo(unit, context, arguments); };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, MakeTimeOfDay) {
  registry.Add({.name = "make_time",
                .usage = "The time of an hour, minute and second.",
                .example = "SELECT make_time(6, 30, 45.887)",
                .since = "4.1.0",
                .bind = Simple({.parameters = {Integer(), Integer(), Decimal(16, 6)},
                                .type = types::Time(),
                                .kernel = RowKernel<int64_t(int32_t, int32_t, Int128)>(types::Time(), MakeTime)})});
  registry.Add({.name = "to_time",
                .usage = "A text as a time, by a pattern if there is one.",
                .example = "SELECT to_time('00:12:00')",
                .since = "4.1.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindToTime(false, context, arguments);
                })});
  registry.Add({.name = "try_to_time",
                .usage = "Like to_time, but null for a bad text.",
                .example = "SELECT try_to_time('x')",
                .since = "4.1.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindToTime(true, context, arguments);
                })});
}

SLUICE_REGISTER(FunctionRegistry, TimeArithmetic) {
  registry.Add({.name = "time_diff",
                .usage = "The whole units between two times.",
                .example = "SELECT time_diff('HOUR', TIME'20:30:29', TIME'21:30:28')",
                .since = "4.1.0",
                .bind = BindScalar(BindDiff)});
  registry.Add({.name = "time_trunc",
                .usage = "The time cut to a unit.",
                .example = "SELECT time_trunc('HOUR', TIME'09:32:05.359')",
                .since = "4.1.0",
                .bind = BindScalar(BindTrunc)});
  registry.Add({.name = "time_from_seconds",
                .usage = "The time some seconds after midnight.",
                .example = "SELECT time_from_seconds(52200)",
                .since = "4.2.0",
                .bind = TimeFrom<kNanosPerSecond>("SecondOfDay")});
  registry.Add({.name = "time_from_millis",
                .usage = "The time some milliseconds after midnight.",
                .example = "SELECT time_from_millis(52200500)",
                .since = "4.2.0",
                .bind = TimeFrom<1'000'000>("MilliOfDay")});
  registry.Add({.name = "time_from_micros",
                .usage = "The time some microseconds after midnight.",
                .example = "SELECT time_from_micros(52200500000)",
                .since = "4.2.0",
                .bind = TimeFrom<1000>("MicroOfDay")});
  registry.Add({.name = "time_to_seconds",
                .usage = "The seconds since midnight, with a fraction.",
                .example = "SELECT time_to_seconds(TIME'14:30:00')",
                .since = "4.2.0",
                .bind = TimeTo(kNanosPerSecond)});
  registry.Add({.name = "time_to_millis",
                .usage = "The milliseconds since midnight.",
                .example = "SELECT time_to_millis(TIME'14:30:00')",
                .since = "4.2.0",
                .bind = TimeTo(1'000'000)});
  registry.Add({.name = "time_to_micros",
                .usage = "The microseconds since midnight.",
                .example = "SELECT time_to_micros(TIME'14:30:00')",
                .since = "4.2.0",
                .bind = TimeTo(1000)});
}

}  // namespace sluice::functions
