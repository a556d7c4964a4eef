// Watermarks, deduplication, observed metrics.
#include <algorithm>

#include "analyzer/aggregation.h"
#include "analyzer/expression_resolver.h"
#include "types/interval.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;
using types::TypeId;

namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;
constexpr int64_t kDaysPerMonth = 31;

int64_t DelayMillis(const std::string& text) {
  types::Interval interval;
  try {
    interval = types::ParseInterval(text);
  } catch (const base::Error&) {
    throw base::Error(ErrorKind::kAnalysis, "CANNOT_PARSE_INTERVAL", {{"intervalString", "'" + text + "'"}});
  }
  int64_t days = interval.months * kDaysPerMonth + interval.days;
  int64_t micros = days * kMicrosPerDay + interval.micros;
  if (micros < 0) {
    throw base::Error::Plain(ErrorKind::kIllegalArgument,
                             "requirement failed: delay threshold (" + text + ") should not be negative.");
  }
  return micros / 1000;
}

bool IsEventTime(const types::DataType& type) {
  if (type.Is(TypeId::kTimestamp)) return true;
  if (!type.Is(TypeId::kStruct)) return false;
  auto end = type.FieldIndex("end", true);
  return end && type.fields()[*end].type->Is(TypeId::kTimestamp);
}

}  // namespace

PlanPtr Resolver::Node(const plan::WithWatermark& node) {
  PlanPtr input = Resolve(node.input);
  int64_t delay_ms = DelayMillis(node.delay);
  Scope scope;
  scope.inputs = {input};
  ExprPtr column =
      ExpressionResolver(*this, scope).Resolve(plan::MakeAttribute(types::ParseAttributeName(node.event_time)));
  if (!IsEventTime(*column->type)) {
    throw base::Error(
        ErrorKind::kAnalysis, "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
        {{"eventName", types::QuoteIdentifier({node.event_time})}, {"eventType", QuotedType(*column->type)}})
        .WithPlan(logical::TreeString(input));
  }
  input = scope.inputs[0];
  AttributePtr event_time = logical::ToAttribute(column);
  if (!event_time) throw base::Error::Unsupported("A watermark on a field of a struct");
  if (!input->is_streaming) return input;
  return std::make_shared<logical::Watermark>(input, event_time, delay_ms, node.delay);
}

PlanPtr Resolver::Node(const plan::Deduplicate& node) {
  PlanPtr input = StripHidden(Resolve(node.input));
  Attributes keys;
  if (node.all_columns || node.columns.empty()) {
    keys = input->output;
  } else {
    for (const std::string& column : node.columns) {
      size_t before = keys.size();
      for (const AttributePtr& attribute : input->output) {
        if (names_(attribute->name, column)) keys.push_back(attribute);
      }
      if (keys.size() > before) continue;
      std::string names;
      for (const AttributePtr& attribute : input->output) names += (names.empty() ? "" : ", ") + attribute->name;
      throw base::Error(ErrorKind::kInvalidPlan, "CONNECT_INVALID_PLAN.UNRESOLVED_COLUMN_AMONG_FIELD_NAMES",
                        {{"colName", column}, {"fieldNames", names}});
    }
  }
  for (const AttributePtr& key : keys) {
    if (!key->type->Is(TypeId::kMap)) continue;
    throw base::Error(ErrorKind::kAnalysis, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
                      {{"colName", types::QuoteIdentifier({key->name})}, {"dataType", QuotedType(*key->type)}})
        .WithPlan(logical::TreeString(input));
  }
  // Of a stream DISTINCT is an aggregation, dropDuplicates is not.
  if (!node.all_columns && node.columns.empty() && input->is_streaming) return GroupedByAll(input);
  return std::make_shared<logical::Deduplicate>(input, std::move(keys), node.within_watermark);
}

PlanPtr Resolver::Node(const plan::CollectMetrics& node) {
  Scope scope;
  scope.inputs = {Resolve(node.input)};
  std::vector<ExprPtr> metrics = ExpressionResolver(*this, scope).ResolveNamed(node.metrics);
  if (node.name.empty()) {
    throw base::Error(ErrorKind::kAnalysis, "INVALID_OBSERVED_METRICS.MISSING_NAME", {{"operator", "CollectMetrics"}});
  }
  for (const ExprPtr& metric : metrics) {
    auto refuse = [&](const char* condition) {
      throw base::Error(ErrorKind::kAnalysis, condition, {{"expr", QuotedSql(*metric)}})
          .WithPlan(logical::TreeString(scope.inputs[0]));
    };
    if (logical::Contains(metric, ExprKind::kWindowCall))
      refuse("INVALID_OBSERVED_METRICS.WINDOW_EXPRESSIONS_UNSUPPORTED");
    if (!metric->Deterministic()) refuse("INVALID_OBSERVED_METRICS.NON_AGGREGATE_FUNC_ARG_IS_NON_DETERMINISTIC");
    CheckMetric(metric, refuse);
  }
  return std::make_shared<logical::CollectMetrics>(scope.inputs[0], node.name, std::move(metrics));
}

void Resolver::CheckMetric(const ExprPtr& expr, const std::function<void(const char*)>& refuse) const {
  if (const auto* call = expr->As<logical::AggregateCall>()) {
    if (call->distinct) refuse("INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED");
    if (call->has_filter) refuse("INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_FILTER_UNSUPPORTED");
    return;
  }
  if (expr->kind == ExprKind::kAttribute) refuse("INVALID_OBSERVED_METRICS.NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE");
  for (const ExprPtr& child : expr->children) CheckMetric(child, refuse);
}

}  // namespace sluice::analyzer
