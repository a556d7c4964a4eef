// TimeWindowing: tumbling windows by projection, sliding ones by expansion.
#include "analyzer/time_windows.h"

#include <nlohmann/json.hpp>

#include "types/interval.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributeExpr;
using logical::AttributePtr;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;
using types::TypeId;

namespace {

constexpr char kWindowMarker[] = "spark.timeWindow";
constexpr int64_t kMicrosPerDay = 86'400'000'000;

int64_t LengthMicros(const std::string& text) {
  types::Interval interval;
  try {
    interval = types::ParseInterval(text);
  } catch (const base::Error&) {
    throw base::Error(ErrorKind::kAnalysis, "CANNOT_PARSE_INTERVAL", {{"intervalString", "'" + text + "'"}});
  }
  if (interval.months != 0) {
    throw base::Error(ErrorKind::kIllegalArgument, "_LEGACY_ERROR_TEMP_3231", {{"interval", text}});
  }
  return interval.days * kMicrosPerDay + interval.micros;
}

int64_t LengthOf(const ExprPtr& expr) {
  const auto* literal = expr->As<logical::LiteralExpr>();
  if (literal && !literal->literal.is_null()) {
    if (literal->type->IsStringLike()) return LengthMicros(literal->literal.ToString());
    if (literal->type->Is(TypeId::kInteger) || literal->type->Is(TypeId::kLong)) {
      return std::stoll(literal->literal.ToString());
    }
  }
  throw base::Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1207");
}

std::string MarkedMetadata(const ExprPtr& time) {
  std::string metadata = "{}";
  if (const auto* attribute = time->As<AttributeExpr>()) metadata = attribute->metadata;
  if (const auto* call = time->As<logical::ScalarCall>(); call && call->binding->name == "window_time") {
    if (const auto* attribute = call->children[0]->As<AttributeExpr>()) metadata = attribute->metadata;
  }
  auto json = nlohmann::ordered_json::parse(metadata, nullptr, false);
  if (!json.is_object()) json = nlohmann::ordered_json::object();
  json[kWindowMarker] = true;
  return json.dump();
}

bool IsWindowStruct(const types::DataType& type) {
  return type.Is(TypeId::kStruct) && type.fields().size() == 2 && type.FieldIndex("start", true) &&
         type.FieldIndex("end", true) && type.fields()[1].type->IsTimestampLike();
}

bool SameWindow(const TimeWindowExpr& a, const TimeWindowExpr& b) {
  return a.session == b.session && a.lengths.duration == b.lengths.duration && a.lengths.slide == b.lengths.slide &&
         a.lengths.start == b.lengths.start && logical::SemanticEquals(a.children[0], b.children[0]);
}

ExprPtr WindowOf(const TimeWindowExpr& window, int64_t index) {
  const ExprPtr& time = window.children[0];
  return std::make_shared<logical::ScalarCall>(functions::BindTimeWindow(time->type, window.lengths, index),
                                               std::vector<ExprPtr>{time});
}

PlanPtr Tumbling(ExpressionResolver& resolver, const PlanPtr& input, const TimeWindowExpr& window,
                 const AttributePtr& column) {
  auto filter = std::make_shared<logical::Filter>(input, resolver.Bind("isnotnull", {window.children[0]}));
  std::vector<ExprPtr> columns{
      std::make_shared<AliasExpr>(WindowOf(window, 0), column->name, column->id, column->metadata)};
  columns.insert(columns.end(), input->output.begin(), input->output.end());
  return std::make_shared<logical::Project>(filter, std::move(columns));
}

PlanPtr Sliding(ExpressionResolver& resolver, const PlanPtr& input, const TimeWindowExpr& window,
                const AttributePtr& column) {
  const auto& lengths = window.lengths;
  int64_t overlapping = (lengths.duration + lengths.slide - 1) / lengths.slide;
  std::vector<std::vector<ExprPtr>> projections;
  for (int64_t i = 0; i < overlapping; ++i) {
    std::vector<ExprPtr> projection{WindowOf(window, i)};
    projection.insert(projection.end(), input->output.begin(), input->output.end());
    projections.push_back(std::move(projection));
  }
  logical::Attributes output{column};
  output.insert(output.end(), input->output.begin(), input->output.end());
  auto expand = std::make_shared<logical::Expand>(input, std::move(projections), std::move(output));
  const ExprPtr& time = window.children[0];
  ExprPtr condition;
  if (lengths.duration % lengths.slide == 0) {
    condition = resolver.Bind("isnotnull", {time});
  } else {
    condition = logical::MakeAnd(resolver.Bind(">=", {time, StructField(column, 0)}),
                                 resolver.Bind("<", {time, StructField(column, 1)}));
  }
  return std::make_shared<logical::Filter>(expand, condition);
}

}  // namespace

TimeWindowExpr::TimeWindowExpr(logical::ScalarBindingPtr binding, ExprPtr time, functions::WindowLengths lengths,
                               bool session)
    : ScalarCall(std::move(binding), {std::move(time)}), lengths(lengths), session(session) {}

ExprPtr TimeWindowExpr::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<TimeWindowExpr>(binding, new_children[0], lengths, session);
}

bool IsWindowColumn(const std::string& metadata) { return metadata.find(kWindowMarker) != std::string::npos; }

ExprPtr ExpressionResolver::TimeWindow(const plan::UnresolvedFunction& node) {
  CheckPlainCall("window", node, 2, 4);
  std::vector<ExprPtr> all = ResolveAll(node.arguments);
  if (all[0]->kind == ExprKind::kAlias) all[0] = all[0]->children[0];
  functions::WindowLengths lengths;
  lengths.duration = LengthOf(all[1]);
  lengths.slide = all.size() > 2 ? LengthOf(all[2]) : lengths.duration;
  lengths.start = all.size() > 3 ? LengthOf(all[3]) : 0;
  ExprPtr time = all[0];
  std::string sql = fmt::format("window({}, {}, {}, {})", time->Sql(), lengths.duration, lengths.slide, lengths.start);
  if (IsWindowStruct(*time->type)) {
    time = std::make_shared<logical::ScalarCall>(functions::BindWindowTime(time->type, time->nullable),
                                                 std::vector<ExprPtr>{time});
  } else if (time->type->IsStringLike() || time->type->Is(TypeId::kDate) || time->type->Is(TypeId::kNull)) {
    time = ImplicitCast(time, types::Timestamp(), resolver_.ansi());
  } else if (!time->type->IsTimestampLike()) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                     {{"sqlExpr", "\"" + sql + "\""},
                      {"paramIndex", "first"},
                      {"requiredType",
                       "(\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\" or \"STRUCT<start: TIMESTAMP, "
                       "end: TIMESTAMP>\" or \"STRUCT<start: TIMESTAMP_NTZ, end: TIMESTAMP_NTZ>\")"},
                      {"inputSql", QuotedSql(*time)},
                      {"inputType", QuotedType(*time->type)}}));
  }
  CheckWindowLengths(lengths.duration, lengths.slide, lengths.start, sql);
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "window";
  binding->type = types::Struct({{"start", time->type}, {"end", time->type}});
  binding->argument_types = {time->type};
  binding->foldable = false;
  binding->sql = [](const std::vector<std::string>&) { return "window"; };
  return std::make_shared<TimeWindowExpr>(std::move(binding), std::move(time), lengths, false);
}

ExprPtr ExpressionResolver::SessionWindow(const plan::UnresolvedFunction& node) {
  CheckPlainCall("session_window", node, 2, 2);
  std::vector<ExprPtr> all = ResolveAll(node.arguments);
  if (all[0]->kind == ExprKind::kAlias) all[0] = all[0]->children[0];
  if (all[1]->As<logical::LiteralExpr>()) LengthOf(all[1]);
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "session_window";
  binding->type = types::Struct({{"start", all[0]->type}, {"end", all[0]->type}});
  binding->argument_types = {all[0]->type};
  binding->foldable = false;
  binding->sql = [](const std::vector<std::string>&) { return "session_window"; };
  return std::make_shared<TimeWindowExpr>(std::move(binding), all[0], functions::WindowLengths{}, true);
}

void ExpressionResolver::CheckWindowLengths(int64_t duration, int64_t slide, int64_t start, const std::string& sql) {
  auto below_one = [&](const char* name, int64_t value) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                     {{"sqlExpr", "\"" + sql + "\""},
                      {"exprName", name},
                      {"valueRange", "(0, 9223372036854775807]"},
                      {"currentValue", std::to_string(value) + "L"}}));
  };
  auto violated = [&](const char* left, int64_t left_value, const char* constraint, const char* right,
                      int64_t right_value) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION",
                     {{"sqlExpr", "\"" + sql + "\""},
                      {"leftExprName", left},
                      {"leftExprValue", std::to_string(left_value) + "L"},
                      {"constraint", constraint},
                      {"rightExprName", right},
                      {"rightExprValue", std::to_string(right_value) + "L"}}));
  };
  if (duration <= 0) below_one("`window_duration`", duration);
  if (slide <= 0) below_one("`slide_duration`", slide);
  if (slide > duration) violated("`slide_duration`", slide, "<=", "`window_duration`", duration);
  if (std::abs(start) >= slide) violated("`abs(start_time)`", std::abs(start), "<", "`slide_duration`", slide);
}

ExprPtr ExpressionResolver::WindowTime(const plan::UnresolvedFunction& node) {
  CheckPlainCall("window_time", node, 1, 1);
  ExprPtr window = Resolve(node.arguments[0]);
  if (window->kind == ExprKind::kAlias) window = window->children[0];
  if (!window->type->Is(TypeId::kStruct)) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                     {{"sqlExpr", "\"window_time(" + window->Sql() + ")\""},
                      {"paramIndex", "first"},
                      {"requiredType", "\"STRUCT\""},
                      {"inputSql", QuotedSql(*window)},
                      {"inputType", QuotedType(*window->type)}}));
  }
  const auto* attribute = window->As<AttributeExpr>();
  if (!IsWindowStruct(*window->type) || !attribute || !IsWindowColumn(attribute->metadata)) {
    throw base::Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3101",
                      {{"windowTime", "window_time(" + window->Sql() + ")"}});
  }
  return std::make_shared<logical::ScalarCall>(functions::BindWindowTime(window->type, window->nullable),
                                               std::vector<ExprPtr>{window});
}

PlanPtr ApplyTimeWindows(Resolver& resolver, PlanPtr input, std::vector<ExprPtr>& expressions) {
  std::shared_ptr<const TimeWindowExpr> window;
  for (const ExprPtr& expr : expressions) {
    logical::Visit(expr, [&](const ExprPtr& node) {
      auto found = std::dynamic_pointer_cast<const TimeWindowExpr>(node);
      if (!found) return true;
      if (window && !SameWindow(*window, *found)) throw base::Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1039");
      window = found;
      return true;
    });
  }
  if (!window) return input;
  if (window->session) throw base::Error::Unsupported("session_window");
  auto column = std::make_shared<AttributeExpr>(
      "window", window->type, window->lengths.duration != window->lengths.slide, logical::NextExprId(),
      std::vector<std::string>{}, MarkedMetadata(window->children[0]));
  for (ExprPtr& expr : expressions) {
    expr = logical::Transform(expr, [&](const ExprPtr& node) -> ExprPtr {
      return std::dynamic_pointer_cast<const TimeWindowExpr>(node) ? column : nullptr;
    });
  }
  Scope scope;
  scope.inputs = {input};
  ExpressionResolver resolve(resolver, scope);
  return window->lengths.duration == window->lengths.slide ? Tumbling(resolve, input, *window, column)
                                                           : Sliding(resolve, input, *window, column);
}

}  // namespace sluice::analyzer
