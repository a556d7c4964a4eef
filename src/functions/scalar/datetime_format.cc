// Dates and timestamps to text and back by patterns.
#include <fmt/format.h>

#include "functions/cast.h"
#include "functions/cast_kernels.h"
#include "functions/datetime_math.h"
#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "functions/signature.h"
#include "types/datetime_pattern.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using logical::ScalarKernel;
using types::Date;
using types::DateTimePattern;
using types::kMicrosPerDay;
using types::kMicrosPerSecond;
using types::Long;
using types::String;
using types::TimeZone;
using types::TypeId;
using types::TypePtr;

namespace {

constexpr const char* kDefaultPattern = "yyyy-MM-dd HH:mm:ss";

/// Keeps the compiled form of the pattern used last.
class PatternCache {
 public:
  explicit PatternCache(DateTimePattern::Use use) : use_(use) {}
  const DateTimePattern& Get(std::string_view text) {
    if (!pattern_ || text != text_) {
      pattern_ = std::make_unique<DateTimePattern>(text, use_);
      text_ = text;
    }
    return *pattern_;
  }

 private:
  DateTimePattern::Use use_;
  std::string text_;
  std::unique_ptr<DateTimePattern> pattern_;
};

base::Error CannotParse(const std::string& message, const char* function) {
  return base::Error(base::ErrorKind::kDateTime, "CANNOT_PARSE_TIMESTAMP",
                     {{"message", message}, {"func", fmt::format("`{}`", function)}});
}

/// Texts → timestamps by a pattern; bad texts raise an error that recommends `function`, or become null.
ScalarKernel ParseKernel(const TypePtr& type, bool fails, const char* function) {
  return BatchKernel<int64_t(std::string_view, std::string_view)>(type, [type, fails, function](EvalContext& eval) {
    return [cache = std::make_shared<PatternCache>(DateTimePattern::Use::kParse), zone = TimeZone::Get(eval.time_zone),
            local = type->Is(TypeId::kTimestampNtz), fails,
            function](std::string_view text, std::string_view pattern) -> std::optional<int64_t> {
      const DateTimePattern& compiled = cache->Get(pattern);
      std::string message;
      std::string* wanted = fails ? &message : nullptr;
      auto value = local ? compiled.ParseTimestampNtz(text, true, wanted) : compiled.ParseTimestamp(text, zone, wanted);
      if (!value && fails) throw CannotParse(message, function);
      return value;
    };
  });
}

ScalarKernel Then(ScalarKernel first, ScalarKernel second) {
  return [first = std::move(first), second = std::move(second)](EvalContext& eval,
                                                                const std::vector<arrow::Datum>& values, int64_t rows) {
    return second(eval, {first(eval, values, rows)}, rows);
  };
}

/// The first argument by a cast, whatever follows.
ScalarKernel CastFirst(const TypePtr& from, const TypePtr& to, logical::CastBehaviour behaviour) {
  auto cast = MakeCastKernel(from, to, behaviour);
  return [cast](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    return cast(eval, {values[0]}, rows);
  };
}

/// to_timestamp and its relatives: without a pattern a cast, with one a parse.
struct ToTimestampRule {
  TypePtr type;
  bool is_try;
};

ScalarBindingPtr BindToTimestamp(const ToTimestampRule& rule, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  bool fails = context.ansi && !rule.is_try;
  auto behaviour = rule.is_try    ? logical::CastBehaviour::kTry
                   : context.ansi ? logical::CastBehaviour::kAnsi
                                  : logical::CastBehaviour::kLegacy;
  std::vector<Expected> inputs = {String(), Date(), types::Timestamp(), types::TimestampNtz()};
  if (rule.type->Is(TypeId::kTimestamp)) inputs.push_back(Expected::Numeric());
  auto types = Coerce(context, arguments, {Expected::OneOf(inputs), String()});
  ScalarKernel kernel;
  if (arguments.size() == 1 || types[0]->IsNumeric()) {
    kernel = CastFirst(types[0], rule.type, behaviour);
  } else if (types[0]->IsStringLike()) {
    kernel = ParseKernel(rule.type, fails, "try_to_timestamp");
  } else {
    kernel = CastFirst(types[0], rule.type, behaviour);
  }
  bool nullable = rule.is_try || !fails || arguments.size() == 1;
  return NewBinding(context, arguments, rule.type, types, kernel, nullable ? Nulls::kAlways : Nulls::kPropagate);
}

BindScalar ToTimestamp(TypePtr type, bool is_try = false) {
  return [rule = ToTimestampRule{std::move(type), is_try}](const BindContext& context, const Arguments& arguments) {
    return BindToTimestamp(rule, context, arguments);
  };
}

ScalarBindingPtr BindToDate(bool is_try, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto behaviour = is_try         ? logical::CastBehaviour::kTry
                   : context.ansi ? logical::CastBehaviour::kAnsi
                                  : logical::CastBehaviour::kLegacy;
  if (arguments.size() == 1) {
    const TypePtr& from = arguments[0].type;
    if (!CanCast(*from, *Date(), behaviour)) {
      throw TypeMismatch(fmt::format("CAST({} AS DATE)", arguments[0].sql), "CAST_WITHOUT_SUGGESTION",
                         {{"srcType", Quoted(*from)}, {"targetType", "\"DATE\""}});
    }
    return NewBinding(context, arguments, Date(), {from}, MakeCastKernel(from, Date(), behaviour), Nulls::kAlways);
  }
  auto types = Coerce(context, arguments,
                      {Expected::OneOf({String(), Date(), types::Timestamp(), types::TimestampNtz()}), String()});
  ScalarKernel kernel;
  if (types[0]->IsStringLike()) {
    kernel = Then(ParseKernel(types::Timestamp(), context.ansi && !is_try, "try_to_date"),
                  MakeCastKernel(types::Timestamp(), Date(), behaviour));
  } else {
    kernel = CastFirst(types[0], Date(), behaviour);
  }
  return NewBinding(context, arguments, Date(), types, kernel, Nulls::kAlways);
}

ScalarBindingPtr BindDateFormat(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {types::Timestamp(), String()});
  auto kernel = BatchKernel<Text(int64_t, std::string_view)>(String(), [](EvalContext& eval) {
    return [cache = std::make_shared<PatternCache>(DateTimePattern::Use::kFormat), buffer = std::string(),
            zone = TimeZone::Get(eval.time_zone)](TextWriter& out, int64_t micros, std::string_view pattern) mutable {
      buffer.clear();
      cache->Get(pattern).FormatTimestamp(micros, zone, &buffer);
      out.Append(buffer);
    };
  });
  return NewBinding(context, arguments, String(), types, kernel);
}

/// Seconds since the epoch of a text, date or timestamp.
ScalarBindingPtr BindUnixTimestamp(bool allow_none, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, allow_none ? 0 : 1, 2);
  std::string name = PrettyName(context);
  if (arguments.empty()) {
    auto now = [](EvalContext& eval, const std::vector<arrow::Datum>&, int64_t) {
      return arrow::Datum(std::make_shared<arrow::Int64Scalar>(FloorDiv(eval.current_timestamp_us, kMicrosPerSecond)));
    };
    auto binding = NewBinding(context, arguments, Long(), {}, now, Nulls::kNever);
    binding->foldable = false;
    binding->sql = [name](const std::vector<std::string>&) {
      return fmt::format("{}(current_timestamp(), {})", name, kDefaultPattern);
    };
    return binding;
  }
  auto types = Coerce(context, arguments,
                      {Expected::OneOf({String(), Date(), types::Timestamp(), types::TimestampNtz()}), String()});
  ScalarKernel micros;
  if (types[0]->IsStringLike()) {
    micros = WithDefaults(2, {TextConstant(kDefaultPattern)},
                          ParseKernel(types::Timestamp(), context.ansi, "try_to_timestamp"));
  } else {
    micros = CastFirst(types[0], types::Timestamp(), logical::CastBehaviour::kLegacy);
  }
  auto seconds = TotalKernel<int64_t(int64_t)>(Long(), [](int64_t v) { return FloorDiv(v, kMicrosPerSecond); });
  auto binding = NewBinding(context, arguments, Long(), types, Then(micros, seconds),
                            context.ansi ? Nulls::kPropagate : Nulls::kAlways);
  if (arguments.size() == 1) {
    binding->sql = [name](const std::vector<std::string>& texts) {
      return fmt::format("{}({}, {})", name, texts[0], kDefaultPattern);
    };
  }
  return binding;
}

ScalarBindingPtr BindFromUnixTime(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto types = Coerce(context, arguments, {Long(), String()});
  auto kernel = BatchKernel<Text(int64_t, std::string_view)>(String(), [](EvalContext& eval) {
    return [cache = std::make_shared<PatternCache>(DateTimePattern::Use::kFormat), buffer = std::string(),
            zone = TimeZone::Get(eval.time_zone)](TextWriter& out, int64_t seconds, std::string_view pattern) mutable {
      int64_t micros;
      if (__builtin_mul_overflow(seconds, kMicrosPerSecond, &micros)) {
        throw base::Error::Plain(base::ErrorKind::kArithmetic, "long overflow");
      }
      buffer.clear();
      cache->Get(pattern).FormatTimestamp(micros, zone, &buffer);
      out.Append(buffer);
    };
  });
  auto binding =
      NewBinding(context, arguments, String(), types, WithDefaults(2, {TextConstant(kDefaultPattern)}, kernel));
  if (arguments.size() == 1) {
    binding->sql = [](const std::vector<std::string>& texts) {
      return fmt::format("from_unixtime({}, {})", texts[0], kDefaultPattern);
    };
  }
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ParseTimestamps) {
  registry.Add({.name = "to_timestamp",
                .usage = "A text as a timestamp, by a pattern if there is one.",
                .example = "SELECT to_timestamp('2016-12-31', 'yyyy-MM-dd')",
                .since = "2.2.0",
                .bind = ToTimestamp(types::Timestamp())});
  registry.Add({.name = "to_timestamp_ltz",
                .usage = "A text as a timestamp in the session's zone, by a pattern if there is one.",
                .example = "SELECT to_timestamp_ltz('2016-12-31', 'yyyy-MM-dd')",
                .since = "3.4.0",
                .bind = ToTimestamp(types::Timestamp())});
  registry.Add({.name = "to_timestamp_ntz",
                .usage = "A text as a timestamp without a zone, by a pattern if there is one.",
                .example = "SELECT to_timestamp_ntz('2016-12-31', 'yyyy-MM-dd')",
                .since = "3.4.0",
                .bind = ToTimestamp(types::TimestampNtz())});
  registry.Add({.name = "try_to_timestamp",
                .usage = "Like to_timestamp, but null for a bad text.",
                .example = "SELECT try_to_timestamp('foo', 'yyyy-MM-dd')",
                .since = "3.5.0",
                .bind = ToTimestamp(types::Timestamp(), true)});
  registry.Add({.name = "to_date",
                .usage = "A text as a date, by a pattern if there is one.",
                .example = "SELECT to_date('2016-12-31', 'yyyy-MM-dd')",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindToDate(false, context, arguments);
                })});
  registry.Add({.name = "try_to_date",
                .usage = "Like to_date, but null for a bad text.",
                .example = "SELECT try_to_date('foo', 'yyyy-MM-dd')",
                .since = "4.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindToDate(true, context, arguments);
                })});
}

SLUICE_REGISTER(FunctionRegistry, DateFormat) {
  registry.Add({.name = "date_format",
                .usage = "A date or timestamp as text by a pattern.",
                .example = "SELECT date_format(DATE'2016-04-08', 'y')",
                .since = "1.5.0",
                .bind = BindScalar(BindDateFormat)});
}

SLUICE_REGISTER(FunctionRegistry, UnixTimestamp) {
  registry.Add({.name = "unix_timestamp",
                .usage = "The seconds since 1970 of a time, now without one.",
                .example = "SELECT unix_timestamp('2016-04-08', 'yyyy-MM-dd')",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindUnixTimestamp(true, context, arguments);
                })});
  registry.Add({.name = "to_unix_timestamp",
                .usage = "The seconds since 1970 of a time.",
                .example = "SELECT to_unix_timestamp('2016-04-08', 'yyyy-MM-dd')",
                .since = "1.6.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindUnixTimestamp(false, context, arguments);
                })});
  registry.Add({.name = "from_unixtime",
                .usage = "Seconds since 1970 as text by a pattern.",
                .example = "SELECT from_unixtime(0, 'yyyy-MM-dd HH:mm:ss')",
                .since = "1.5.0",
                .bind = BindScalar(BindFromUnixTime)});
}

}  // namespace sluice::functions
