// Python functions over whole partitions and groups.
#include "analyzer/expression_resolver.h"
#include "logical/stateful_functions.h"
#include "logical/watermark_metadata.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AttributeExpr;
using logical::Attributes;
using logical::ExprPtr;
using logical::PlanPtr;

namespace {

Attributes OutputOf(const plan::PythonUdf& function) {
  if (!function.output_type || !function.output_type->Is(types::TypeId::kStruct)) {
    throw base::Error::Plain(ErrorKind::kIllegalArgument, "The output type of the Python function must be a struct.");
  }
  Attributes out;
  for (const types::StructField& field : function.output_type->fields()) {
    out.push_back(std::make_shared<AttributeExpr>(field.name, field.type, field.nullable));
  }
  return out;
}

std::shared_ptr<const plan::PythonUdf> FunctionOf(const plan::ExpressionPtr& expression) {
  const auto* udf = expression ? expression->As<plan::PythonUdf>() : nullptr;
  if (!udf) throw base::Error::Internal("a map over rows has no Python function");
  return std::make_shared<plan::PythonUdf>(*udf);
}

// Grouping keys as attributes of a projection of the input that holds computed keys too.
PlanPtr WithKeys(PlanPtr input, std::vector<ExprPtr> keys, Attributes& attributes) {
  std::vector<ExprPtr> columns(input->output.begin(), input->output.end());
  bool computed = false;
  for (ExprPtr& key : keys) {
    ExprPtr named = WithName(key);
    attributes.push_back(logical::ToAttribute(named));
    if (named->kind == logical::ExprKind::kAlias) {
      columns.push_back(named);
      computed = true;
    }
  }
  return computed ? std::make_shared<logical::Project>(input, std::move(columns)) : input;
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// "append", "update" or "complete".
std::string OutputModeOf(const std::string& text) {
  std::string mode = Lower(text);
  if (mode == "append" || mode == "update" || mode == "complete") return mode;
  throw base::Error(ErrorKind::kIllegalArgument, "STREAMING_OUTPUT_MODE.INVALID", {{"outputMode", text}});
}

logical::GroupTimeout TimeoutOf(const std::string& text) {
  if (text == "NoTimeout") return logical::GroupTimeout::kNone;
  if (text == "ProcessingTimeTimeout") return logical::GroupTimeout::kProcessingTime;
  if (text == "EventTimeTimeout") return logical::GroupTimeout::kEventTime;
  throw base::Error::Plain(ErrorKind::kIllegalState, "Invalid string for GroupStateTimeout: " + text);
}

logical::TimeMode TimeModeOf(const std::string& text) {
  std::string mode = Lower(text);
  if (mode == "none") return logical::TimeMode::kNone;
  if (mode == "processingtime") return logical::TimeMode::kProcessingTime;
  if (mode == "eventtime") return logical::TimeMode::kEventTime;
  throw base::Error(ErrorKind::kIllegalArgument, "STATEFUL_PROCESSOR_UNKNOWN_TIME_MODE", {{"timeMode", text}});
}

}  // namespace

PlanPtr Resolver::Node(const plan::MapPartitions& node) {
  PlanPtr input = StripHidden(Resolve(node.input));
  auto function = FunctionOf(node.function);
  return std::make_shared<logical::MapPartitions>(input, function, OutputOf(*function));
}

PlanPtr Resolver::Node(const plan::GroupMap& node) {
  Scope scope;
  scope.inputs = {StripHidden(Resolve(node.input))};
  auto function = FunctionOf(node.function);
  Attributes grouping;
  std::vector<ExprPtr> keys = ExpressionResolver(*this, scope).ResolveAll(node.grouping);
  PlanPtr input = WithKeys(scope.inputs[0], std::move(keys), grouping);
  return std::make_shared<logical::GroupMap>(input, std::move(grouping), function, OutputOf(*function));
}

PlanPtr Resolver::Node(const plan::ApplyInPandasWithState& node) {
  std::string mode = OutputModeOf(node.output_mode);
  if (mode == "complete") {
    throw base::Error::Plain(ErrorKind::kIllegalArgument, "The output mode of function should be append or update");
  }
  logical::GroupTimeout timeout = TimeoutOf(node.timeout);
  Scope scope;
  scope.inputs = {StripHidden(Resolve(node.input))};
  auto function = std::make_shared<plan::PythonUdf>(*FunctionOf(node.function));
  function->output_type = node.output_schema;
  Attributes grouping;
  std::vector<ExprPtr> keys = ExpressionResolver(*this, scope).ResolveAll(node.grouping);
  PlanPtr input = WithKeys(scope.inputs[0], std::move(keys), grouping);
  return std::make_shared<logical::PandasWithState>(input, std::move(grouping), function, node.state_schema,
                                                    mode == "update", timeout, OutputOf(*function));
}

PlanPtr Resolver::Node(const plan::TransformWithState& node) {
  logical::TransformWithStateSpec spec;
  spec.output_mode = OutputModeOf(node.output_mode);
  spec.output_mode[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(spec.output_mode[0])));
  spec.time_mode = TimeModeOf(node.time_mode);
  spec.has_event_time_column = !node.event_time_column.empty();
  Scope scope;
  scope.inputs = {StripHidden(Resolve(node.input))};
  auto function = std::make_shared<plan::PythonUdf>(*FunctionOf(node.function));
  function->output_type = node.output_schema;
  spec.function = function;
  Attributes grouping, initial_grouping;
  std::vector<ExprPtr> keys = ExpressionResolver(*this, scope).ResolveAll(node.grouping);
  std::vector<PlanPtr> children = {WithKeys(scope.inputs[0], std::move(keys), grouping)};
  if (node.initial) {
    Scope initial;
    initial.inputs = {StripHidden(Resolve(node.initial))};
    std::vector<ExprPtr> initial_keys = ExpressionResolver(*this, initial).ResolveAll(node.initial_grouping);
    spec.initial_columns = static_cast<int>(initial.inputs[0]->output.size());
    children.push_back(WithKeys(initial.inputs[0], std::move(initial_keys), initial_grouping));
  }
  auto transform = std::make_shared<logical::TransformWithState>(
      std::move(children), std::move(grouping), std::move(initial_grouping), std::move(spec), OutputOf(*function));
  return node.event_time_column.empty() ? transform : WithEventTime(transform, node.event_time_column);
}

// The same node whose output has the watermark of the input on its event time.
PlanPtr Resolver::WithEventTime(const PlanPtr& transform, const std::string& column) {
  std::optional<int64_t> delay_ms;
  for (const auto& attribute : transform->children[0]->output) {
    if (auto delay = logical::WatermarkDelayMs(attribute->metadata)) delay_ms = delay;
  }
  if (!delay_ms && transform->is_streaming) {
    throw base::Error(ErrorKind::kAnalysis, "CANNOT_ASSIGN_EVENT_TIME_COLUMN_WITHOUT_WATERMARK");
  }
  Scope scope;
  scope.inputs = {transform};
  ExprPtr event_time = ExpressionResolver(*this, scope).Resolve(plan::MakeAttribute(types::ParseAttributeName(column)));
  if (!event_time->type->Is(types::TypeId::kTimestamp)) {
    throw base::Error(ErrorKind::kAnalysis, "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
                      {{"eventName", types::QuoteIdentifier({column})}, {"eventType", QuotedType(*event_time->type)}})
        .WithPlan(logical::TreeString(transform));
  }
  const auto* node = transform->As<logical::TransformWithState>();
  Attributes output = node->output;
  for (auto& attribute : output) {
    if (!delay_ms || attribute->id != logical::ToAttribute(event_time)->id) continue;
    auto marked = std::make_shared<AttributeExpr>(*attribute);
    marked->metadata = logical::WithWatermarkDelay(attribute->metadata, delay_ms);
    attribute = marked;
  }
  return std::make_shared<logical::TransformWithState>(node->children, node->grouping, node->initial_grouping,
                                                       node->spec, std::move(output));
}

PlanPtr Resolver::Node(const plan::CoGroupMap& node) {
  Scope left, right;
  left.inputs = {StripHidden(Resolve(node.input))};
  right.inputs = {StripHidden(Resolve(node.other))};
  auto function = std::make_shared<plan::PythonUdf>(*FunctionOf(node.function));
  // It takes both frames whole, without the keys that are computed beside them.
  for (const Scope* side : {&left, &right}) {
    for (const auto& column : side->inputs[0]->output)
      function->arguments.push_back(plan::MakeAttribute({column->name}));
  }
  Attributes left_grouping, right_grouping;
  std::vector<ExprPtr> left_keys = ExpressionResolver(*this, left).ResolveAll(node.input_grouping);
  std::vector<ExprPtr> right_keys = ExpressionResolver(*this, right).ResolveAll(node.other_grouping);
  PlanPtr left_input = WithKeys(left.inputs[0], std::move(left_keys), left_grouping);
  PlanPtr right_input = WithKeys(right.inputs[0], std::move(right_keys), right_grouping);
  return std::make_shared<logical::CoGroupMap>(left_input, right_input, std::move(left_grouping),
                                               std::move(right_grouping), function, OutputOf(*function));
}

}  // namespace sluice::analyzer
