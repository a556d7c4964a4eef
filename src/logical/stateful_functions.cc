// User functions that keep state by key, as plan nodes.
#include "logical/stateful_functions.h"

namespace sluice::logical {
namespace {

Attributes ToAttributes(const std::vector<ExprPtr>& expressions) {
  Attributes out;
  for (const ExprPtr& expression : expressions) out.push_back(ToAttribute(expression));
  return out;
}

std::string Texts(const Attributes& attributes) {
  std::string out;
  for (const AttributePtr& attribute : attributes) out += (out.empty() ? "" : ", ") + attribute->ToString();
  return "[" + out + "]";
}

}  // namespace

const char* NameOf(GroupTimeout timeout) {
  switch (timeout) {
    case GroupTimeout::kNone:
      return "NoTimeout";
    case GroupTimeout::kProcessingTime:
      return "ProcessingTimeTimeout";
    case GroupTimeout::kEventTime:
      return "EventTimeTimeout";
  }
  return "";
}

const char* NameOf(TimeMode mode) {
  switch (mode) {
    case TimeMode::kNone:
      return "NoTime";
    case TimeMode::kProcessingTime:
      return "ProcessingTime";
    case TimeMode::kEventTime:
      return "EventTime";
  }
  return "";
}

PandasWithState::PandasWithState(PlanPtr child, Attributes grouping, std::shared_ptr<const plan::PythonUdf> function,
                                 types::TypePtr state_type, bool update_mode, GroupTimeout timeout, Attributes output)
    : Plan(PlanKind::kPandasWithState, {std::move(child)}, std::move(output)),
      grouping(std::move(grouping)),
      function(std::move(function)),
      state_type(std::move(state_type)),
      update_mode(update_mode),
      timeout(timeout) {}
PlanPtr PandasWithState::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<PandasWithState>(new_children[0], grouping, function, state_type, update_mode, timeout,
                                           output);
}
std::vector<ExprPtr> PandasWithState::Expressions() const { return {grouping.begin(), grouping.end()}; }
PlanPtr PandasWithState::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<PandasWithState>(child(), ToAttributes(new_expressions), function, state_type, update_mode,
                                           timeout, output);
}
std::string PandasWithState::Describe() const {
  return "FlatMapGroupsInPandasWithState " + function->name + ", " + Texts(grouping) + ", " + Texts(output) + ", " +
         (update_mode ? "Update" : "Append") + ", " + NameOf(timeout);
}

TransformWithState::TransformWithState(std::vector<PlanPtr> children, Attributes grouping, Attributes initial_grouping,
                                       TransformWithStateSpec spec, Attributes output)
    : Plan(PlanKind::kTransformWithState, std::move(children), std::move(output)),
      grouping(std::move(grouping)),
      initial_grouping(std::move(initial_grouping)),
      spec(std::move(spec)) {}
PlanPtr TransformWithState::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<TransformWithState>(std::move(new_children), grouping, initial_grouping, spec, output);
}
std::vector<ExprPtr> TransformWithState::Expressions() const {
  std::vector<ExprPtr> out(grouping.begin(), grouping.end());
  out.insert(out.end(), initial_grouping.begin(), initial_grouping.end());
  return out;
}
PlanPtr TransformWithState::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  Attributes all = ToAttributes(new_expressions);
  auto middle = all.begin() + static_cast<std::ptrdiff_t>(grouping.size());
  return std::make_shared<TransformWithState>(children, Attributes(all.begin(), middle), Attributes(middle, all.end()),
                                              spec, output);
}
std::string TransformWithState::Describe() const {
  return "TransformWithStateInPySpark " + spec.function->name + ", " + Texts(grouping) + ", " + Texts(output) + ", " +
         spec.output_mode;
}

}  // namespace sluice::logical
