// sequence: arrays from a start to a stop by a step.
#include <fmt/format.h>

#include "functions/datetime_math.h"
#include "functions/kernels.h"
#include "functions/list_picker.h"
#include "functions/signature.h"
#include "functions/type_dispatch.h"
#include "types/interval.h"

namespace sluice::functions {

using logical::EvalContext;
using types::TimeZone;
using types::TypeId;
using types::TypePtr;

namespace {

constexpr int64_t kMaxArrayLength = 2147483632;

[[noreturn]] void ThrowBoundaries(const std::string& start, const std::string& stop, const std::string& step) {
  throw base::Error::Plain(
      base::ErrorKind::kIllegalArgument,
      fmt::format("requirement failed: Illegal sequence boundaries: {} to {} by {}", start, stop, step));
}

void CheckLength(Int128 length) {
  if (length <= kMaxArrayLength) return;
  throw base::Error(base::ErrorKind::kRuntime, "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER",
                    {{"numberOfElements", std::to_string(static_cast<int64_t>(length))},
                     {"maxRoundedArrayLength", std::to_string(kMaxArrayLength)},
                     {"functionName", "`sequence`"},
                     {"parameter", "`count`"}});
}

template <typename T>
arrow::Datum Integers(const TypePtr& type, const std::vector<arrow::Datum>& values, int64_t rows) {
  RowScope scope(values, rows);
  Column<T> start(values[0]), stop(values[1]);
  std::optional<Column<T>> step;
  std::vector<const ColumnBase*> all = {&start, &stop};
  if (values.size() == 3) {
    step.emplace(values[2]);
    all.push_back(&*step);
  }
  auto validity = AndValidity(all, scope.rows());
  ListWriter lists(scope.rows(), validity);
  std::vector<T> out;
  for (int64_t row = 0; row < scope.rows(); ++row) {
    if (IsValid(validity, row)) {
      Int128 from = start[row], to = stop[row];
      Int128 by = step ? Int128{(*step)[row]} : from <= to ? 1 : -1;
      if ((by == 0 && from != to) || (by > 0 && from > to) || (by < 0 && from < to)) {
        ThrowBoundaries(fmt::format("{}", start[row]), fmt::format("{}", stop[row]),
                        fmt::format("{}", static_cast<int64_t>(by)));
      }
      Int128 count = by == 0 ? 1 : (to - from) / by + 1;
      CheckLength(count);
      for (Int128 i = 0; i < count; ++i) out.push_back(static_cast<T>(from + i * by));
    }
    lists.EndRow(static_cast<int64_t>(out.size()));
  }
  Writer<T> elements(types::ToArrow(type->element()), static_cast<int64_t>(out.size()));
  std::copy(out.begin(), out.end(), elements.values());
  return scope.Result(lists.Finish(types::ToArrow(type), elements.Finish()));
}

/// A step in time; months and days follow the calendar.
struct TimeStep {
  int64_t months = 0, days = 0, micros = 0;
  bool positive() const { return months >= 0 && days >= 0 && micros >= 0; }
  std::string Text() const {
    return types::ToString(types::Interval{static_cast<int32_t>(months), static_cast<int32_t>(days), micros});
  }
};

/// Reads the step column of whichever interval type.
class StepColumn {
 public:
  StepColumn(const TypePtr& type, const arrow::Datum& datum) : type_(type), base_(datum) {
    if (type->Is(TypeId::kYearMonthInterval)) months_.emplace(datum);
    if (type->Is(TypeId::kDayTimeInterval)) micros_.emplace(datum);
    if (type->Is(TypeId::kCalendarInterval)) calendar_.emplace(datum);
  }
  const ColumnBase& base() const { return base_; }
  TimeStep operator[](int64_t row) const {
    if (months_) return {(*months_)[row], 0, 0};
    if (micros_) {
      int64_t days = (*micros_)[row] / types::kMicrosPerDay;
      return {0, days, (*micros_)[row] - days * types::kMicrosPerDay};
    }
    CalendarValue value = (*calendar_)[row];
    return {value.months, value.days, value.nanos / 1000};
  }

 private:
  TypePtr type_;
  ColumnBase base_;
  std::optional<Column<int32_t>> months_;
  std::optional<Column<int64_t>> micros_;
  std::optional<Column<CalendarValue>> calendar_;
};

/// Every moment from start to stop; dates are moments at midnight of their days.
template <typename Emit>
void Moments(int64_t start, int64_t stop, const TimeStep& step, const TimeZone& zone, Emit&& emit) {
  bool zero = step.months == 0 && step.days == 0 && step.micros == 0;
  if ((zero && start != stop) || (!zero && step.positive() != (start <= stop) && start != stop)) {
    ThrowBoundaries(std::to_string(start), std::to_string(stop), step.Text());
  }
  if (zero || start == stop) return emit(start);
  int64_t moment = start;
  for (int64_t i = 1; step.positive() ? moment <= stop : moment >= stop; ++i) {
    CheckLength(i);
    emit(moment);
    // From the start, not from the moment before: a month after January 31 must not stay on the 28th.
    moment = AddIntervalToTimestamp(start, static_cast<int32_t>(step.months * i), step.days * i, step.micros * i, zone);
  }
}

arrow::Datum Times(EvalContext& context, const TypePtr& type, const TypePtr& step_type,
                   const std::vector<arrow::Datum>& values, int64_t rows) {
  RowScope scope(values, rows);
  bool dates = type->element()->Is(TypeId::kDate);
  TimeZone zone = type->element()->Is(TypeId::kTimestamp) ? TimeZone::Get(context.time_zone) : TimeZone::Utc();
  std::optional<Column<int32_t>> start_days, stop_days;
  std::optional<Column<int64_t>> start_micros, stop_micros;
  ColumnBase start_base(values[0]), stop_base(values[1]);
  if (dates) {
    start_days.emplace(values[0]);
    stop_days.emplace(values[1]);
  } else {
    start_micros.emplace(values[0]);
    stop_micros.emplace(values[1]);
  }
  std::optional<StepColumn> step;
  std::vector<const ColumnBase*> all = {&start_base, &stop_base};
  if (values.size() == 3) {
    step.emplace(step_type, values[2]);
    all.push_back(&step->base());
  }
  auto validity = AndValidity(all, scope.rows());
  ListWriter lists(scope.rows(), validity);
  std::vector<int64_t> out;
  for (int64_t row = 0; row < scope.rows(); ++row) {
    if (IsValid(validity, row)) {
      int64_t from = dates ? (*start_days)[row] * types::kMicrosPerDay : (*start_micros)[row];
      int64_t to = dates ? (*stop_days)[row] * types::kMicrosPerDay : (*stop_micros)[row];
      TimeStep by = step ? (*step)[row] : TimeStep{0, from <= to ? 1 : -1, 0};
      Moments(from, to, by, zone, [&](int64_t moment) { out.push_back(moment); });
    }
    lists.EndRow(static_cast<int64_t>(out.size()));
  }
  auto count = static_cast<int64_t>(out.size());
  auto element_type = types::ToArrow(type->element());
  std::shared_ptr<arrow::Array> elements;
  if (dates) {
    Writer<int32_t> writer(element_type, count);
    for (int64_t i = 0; i < count; ++i) writer.Set(i, static_cast<int32_t>(FloorDiv(out[i], types::kMicrosPerDay)));
    elements = writer.Finish();
  } else {
    Writer<int64_t> writer(element_type, count);
    std::copy(out.begin(), out.end(), writer.values());
    elements = writer.Finish();
  }
  return scope.Result(lists.Finish(types::ToArrow(type), elements));
}

base::Error WrongTypes(const BindContext& context, const Arguments& arguments) {
  return TypeMismatch(context, arguments, "SEQUENCE_WRONG_INPUT_TYPES",
                      {{"functionName", QuotedName(context)},
                       {"startType", "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or \"DATE\")"},
                       {"stepType", "(\"INTERVAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\")"},
                       {"otherStartType", "\"INTEGRAL\""}});
}

logical::ScalarBindingPtr BindSequence(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  std::vector<TypePtr> ends = {arguments[0].type, arguments[1].type};
  bool has_step = arguments.size() == 3;
  if (has_step && arguments[2].type->IsIntegral()) ends.push_back(arguments[2].type);
  TypePtr element = FindWiderType(ends, context.ansi);
  if (!element) throw WrongTypes(context, arguments);
  std::vector<TypePtr> types = {element, element};
  bool times = element->Is(TypeId::kDate) || element->IsTimestampLike();
  if (!times && !element->IsIntegral()) throw WrongTypes(context, arguments);
  TypePtr step_type;
  if (has_step) {
    step_type = arguments[2].type;
    bool interval = step_type->Is(TypeId::kCalendarInterval) || step_type->Is(TypeId::kYearMonthInterval) ||
                    step_type->Is(TypeId::kDayTimeInterval);
    if (step_type->IsStringLike() && times) {
      step_type = types::CalendarInterval();
      interval = true;
    }
    if (step_type->Is(TypeId::kNull)) {
      step_type = times ? types::CalendarInterval() : element;
      interval = times;
    }
    if (interval != times) throw WrongTypes(context, arguments);
    types.push_back(times ? step_type : element);
  }
  TypePtr type = types::Array(element, false);
  logical::ScalarKernel kernel;
  if (times) {
    kernel = [type, step_type](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
      return Times(eval, type, step_type, values, rows);
    };
  } else {
    kernel = WithIntegral(*element, [&](auto tag) -> logical::ScalarKernel {
      return [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
        return Integers<typename decltype(tag)::type>(type, values, rows);
      };
    });
  }
  return NewBinding(context, arguments, type, types, kernel);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Sequence) {
  registry.Add({.name = "sequence",
                .usage = "The numbers, dates or timestamps from a start to a stop, both included, by a step.",
                .example = "SELECT sequence(1, 5)",
                .since = "2.4.0",
                .bind = BindScalar(BindSequence)});
}

}  // namespace sluice::functions
