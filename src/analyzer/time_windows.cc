// TimeWindowing: tumbling windows and sessions by projection, sliding windows by expansion.
#include "analyzer/time_windows.h"

#include <nlohmann/json.hpp>

#include "logical/watermark_metadata.h"
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

nlohmann::ordered_json ParsedMetadata(const std::string& metadata) {
  auto json = nlohmann::ordered_json::parse(metadata, nullptr, false);
  return json.is_object() ? json : nlohmann::ordered_json::object();
}

// The time's metadata behind the mark of a window.
std::string MarkedMetadata(const ExprPtr& time, const char* mark) {
  std::string metadata = "{}";
  if (const auto* attribute = time->As<AttributeExpr>()) metadata = attribute->metadata;
  if (const auto* call = time->As<logical::ScalarCall>()) metadata = WindowTimeMetadata(*call);
  auto json = nlohmann::ordered_json::object();
  json[mark] = true;
  json.update(ParsedMetadata(metadata));
  return json.dump();
}

bool IsWindowStruct(const types::DataType& type) {
  return type.Is(TypeId::kStruct) && type.fields().size() == 2 && type.FieldIndex("start", true) &&
         type.FieldIndex("end", true) && type.fields()[1].type->IsTimestampLike();
}

bool SameWindow(const TimeWindowExpr& a, const TimeWindowExpr& b) {
  return a.session == b.session && a.lengths.duration == b.lengths.duration && a.lengths.slide == b.lengths.slide &&
         a.lengths.start == b.lengths.start && std::ranges::equal(a.children, b.children, logical::SemanticEquals);
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

// Each row's own session; the aggregation merges those that touch. Rows without a time or a gap are left out.
PlanPtr Session(ExpressionResolver& resolver, const PlanPtr& input, const TimeWindowExpr& window,
                const AttributePtr& column) {
  const ExprPtr &time = window.children[0], &end = window.children[1];
  ExprPtr own = std::make_shared<logical::ScalarCall>(functions::BindSessionWindow(time->type), window.children);
  std::vector<ExprPtr> columns{std::make_shared<AliasExpr>(own, column->name, column->id, column->metadata)};
  columns.insert(columns.end(), input->output.begin(), input->output.end());
  ExprPtr condition = logical::MakeAnd(resolver.Bind("isnotnull", {time}), resolver.Bind(">", {end, time}));
  return std::make_shared<logical::Project>(std::make_shared<logical::Filter>(input, condition), std::move(columns));
}

PlanPtr AssignWindows(ExpressionResolver& resolver, const PlanPtr& input, const TimeWindowExpr& window,
                      const AttributePtr& column) {
  if (window.session) return Session(resolver, input, window, column);
  return window.lengths.duration == window.lengths.slide ? Tumbling(resolver, input, window, column)
                                                         : Sliding(resolver, input, window, column);
}

// As Scala prints the type's object.
std::string ScalaName(const types::DataType& type) {
  if (type.Is(TypeId::kDayTimeInterval)) {
    return fmt::format("DayTimeIntervalType({},{})", type.interval().start, type.interval().end);
  }
  std::string name = type.Is(TypeId::kInteger) ? "integer" : type.SimpleString();
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  return name + "Type";
}

}  // namespace

TimeWindowExpr::TimeWindowExpr(logical::ScalarBindingPtr binding, std::vector<ExprPtr> arguments,
                               functions::WindowLengths lengths, bool session)
    : ScalarCall(std::move(binding), std::move(arguments)), lengths(lengths), session(session) {}

ExprPtr TimeWindowExpr::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<TimeWindowExpr>(binding, std::move(new_children), lengths, session);
}

std::string WindowTimeMetadata(const logical::Expr& expr) {
  const auto* call = expr.As<logical::ScalarCall>();
  if (!call || call->binding->name != "window_time") return "";
  const auto* window = call->children[0]->As<AttributeExpr>();
  if (!window) return "";
  auto json = ParsedMetadata(window->metadata);
  json.erase(logical::kTimeWindowKey);
  json.erase(logical::kSessionWindowKey);
  return json.dump();
}

ExprPtr ExpressionResolver::EventTime(const ExprPtr& time, const std::string& sql) {
  if (IsWindowStruct(*time->type)) {
    return std::make_shared<logical::ScalarCall>(functions::BindWindowTime(time->type, time->nullable),
                                                 std::vector<ExprPtr>{time});
  }
  if (time->type->IsStringLike() || time->type->Is(TypeId::kDate) || time->type->Is(TypeId::kNull)) {
    return ImplicitCast(time, types::Timestamp(), resolver_.ansi());
  }
  if (time->type->IsTimestampLike()) return time;
  Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                   {{"sqlExpr", "\"" + sql + "\""},
                    {"paramIndex", "first"},
                    {"requiredType",
                     "(\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\" or \"STRUCT<start: TIMESTAMP, "
                     "end: TIMESTAMP>\" or \"STRUCT<start: TIMESTAMP_NTZ, end: TIMESTAMP_NTZ>\")"},
                    {"inputSql", QuotedSql(*time)},
                    {"inputType", QuotedType(*time->type)}}));
}

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
  time = EventTime(time, sql);
  CheckWindowLengths(lengths.duration, lengths.slide, lengths.start, sql);
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "window";
  binding->type = types::Struct({{"start", time->type}, {"end", time->type}});
  binding->argument_types = {time->type};
  binding->foldable = false;
  binding->sql = [](const std::vector<std::string>&) { return "window"; };
  return std::make_shared<TimeWindowExpr>(std::move(binding), std::vector<ExprPtr>{std::move(time)}, lengths, false);
}

ExprPtr ExpressionResolver::SessionWindow(const plan::UnresolvedFunction& node) {
  CheckPlainCall("session_window", node, 2, 2);
  std::vector<ExprPtr> all = ResolveAll(node.arguments);
  if (all[0]->kind == ExprKind::kAlias) all[0] = all[0]->children[0];
  ExprPtr gap = all[1];
  ExprPtr time = EventTime(all[0], fmt::format("sessionwindow({}, {})", all[0]->Sql(), gap->Sql()));
  if (gap->type->IsStringLike()) {
    // A text that is no interval makes no session.
    gap = std::make_shared<logical::CastExpr>(gap, types::CalendarInterval(), logical::CastBehaviour::kTry, true);
  } else if (!gap->type->Is(TypeId::kCalendarInterval)) {
    throw base::Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1040", {{"dt", ScalaName(*gap->type)}});
  }
  ExprPtr end = ImplicitCast(Bind("+", {time, gap}), time->type, resolver_.ansi());
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "session_window";
  binding->type = types::Struct({{"start", time->type}, {"end", time->type}});
  binding->argument_types = {time->type, time->type};
  binding->foldable = false;
  binding->sql = [](const std::vector<std::string>&) { return "session_window"; };
  return std::make_shared<TimeWindowExpr>(std::move(binding), std::vector<ExprPtr>{time, end},
                                          functions::WindowLengths{}, true);
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
  if (!IsWindowStruct(*window->type) || !attribute || !logical::IsWindowColumn(attribute->metadata)) {
    Fail(base::Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3101",
                     {{"windowTime", "window_time(" + window->ToString() + ")"}}));
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
  const char* mark = window->session ? logical::kSessionWindowKey : logical::kTimeWindowKey;
  auto column = std::make_shared<AttributeExpr>(
      window->session ? "session_window" : "window", window->type, window->lengths.duration != window->lengths.slide,
      logical::NextExprId(), std::vector<std::string>{}, MarkedMetadata(window->children[0], mark));
  for (ExprPtr& expr : expressions) {
    expr = logical::Transform(expr, [&](const ExprPtr& node) -> ExprPtr {
      return std::dynamic_pointer_cast<const TimeWindowExpr>(node) ? column : nullptr;
    });
  }
  Scope scope;
  scope.inputs = {input};
  ExpressionResolver resolve(resolver, scope);
  return AssignWindows(resolve, input, *window, column);
}

}  // namespace sluice::analyzer
