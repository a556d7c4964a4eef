// The time of the query or micro-batch.
#include <fmt/format.h>

#include "functions/datetime_math.h"
#include "functions/kernels.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::TimeZone;
using types::TypePtr;

namespace {

/// A constant of one batch: never folded, as a stream's plan lives longer than a batch.
template <typename Make>
BindScalar BatchConstant(TypePtr type, Make make) {
  return [type, make](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    CheckCount(context, arguments, 0, 0);
    auto kernel = [make](EvalContext& eval, const std::vector<arrow::Datum>&, int64_t) {
      return arrow::Datum(make(eval));
    };
    auto binding = NewBinding(context, arguments, type, {}, kernel, Nulls::kNever);
    binding->foldable = false;
    binding->can_fail = false;
    return binding;
  };
}

int64_t LocalNow(const EvalContext& context) {
  return TimeZone::Get(context.time_zone).ToLocal(context.current_timestamp_us);
}

ScalarBindingPtr BindCurrentTime(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 0, 1);
  int precision = arguments.empty() ? 6 : static_cast<int>(LongLiteral(arguments[0]));
  TypePtr type = types::Time(precision);
  int64_t unit = 1000;
  for (int i = precision; i < 6; ++i) unit *= 10;
  auto kernel = [unit](EvalContext& eval, const std::vector<arrow::Datum>&, int64_t) {
    int64_t nanos = TimeOfDay(LocalNow(eval)) * 1000;
    return arrow::Datum(
        std::make_shared<arrow::Time64Scalar>(nanos / unit * unit, arrow::time64(arrow::TimeUnit::NANO)));
  };
  std::vector<TypePtr> types;
  for (const Argument& argument : arguments) types.push_back(argument.type);
  auto binding = NewBinding(context, arguments, type, types, kernel, Nulls::kNever);
  binding->foldable = false;
  if (arguments.empty()) {
    binding->sql = [](const std::vector<std::string>&) { return std::string("current_time(6)"); };
  }
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, CurrentTime) {
  auto timestamp = BatchConstant(types::Timestamp(), [](const EvalContext& context) {
    return std::make_shared<arrow::TimestampScalar>(context.current_timestamp_us, types::ToArrow(types::Timestamp()));
  });
  auto date = BatchConstant(types::Date(), [](const EvalContext& context) {
    return std::make_shared<arrow::Date32Scalar>(static_cast<int32_t>(DayOf(LocalNow(context))));
  });
  registry.Add({.name = "current_timestamp",
                .usage = "The time at the start of the query, or of the micro-batch.",
                .example = "SELECT current_timestamp() > TIMESTAMP'2020-01-01'",
                .since = "1.5.0",
                .bind = timestamp});
  registry.Add({.name = "now",
                .usage = "The time at the start of the query, or of the micro-batch.",
                .example = "SELECT now() = current_timestamp()",
                .since = "1.6.0",
                .bind = timestamp});
  registry.Add({.name = "current_date",
                .aliases = {"curdate"},
                .usage = "The date at the start of the query, or of the micro-batch.",
                .example = "SELECT current_date() > DATE'2020-01-01'",
                .since = "1.5.0",
                .bind = date});
  registry.Add({.name = "localtimestamp",
                .usage = "The local time, without a zone, at the start of the query.",
                .example = "SELECT localtimestamp() > TIMESTAMP_NTZ'2020-01-01'",
                .since = "3.4.0",
                .bind = BatchConstant(types::TimestampNtz(), [](const EvalContext& context) {
                  return std::make_shared<arrow::TimestampScalar>(LocalNow(context),
                                                                  types::ToArrow(types::TimestampNtz()));
                })});
  registry.Add({.name = "current_timezone",
                .usage = "The session's time zone.",
                .example = "SELECT current_timezone()",
                .since = "3.1.0",
                .bind = BatchConstant(types::String(), [](const EvalContext& context) {
                  return std::make_shared<arrow::StringScalar>(context.time_zone);
                })});
  registry.Add({.name = "current_time",
                .usage = "The local time of day at the start of the query.",
                .example = "SELECT current_time() IS NOT NULL",
                .since = "4.1.0",
                .bind = BindScalar(BindCurrentTime)});
}

}  // namespace sluice::functions
