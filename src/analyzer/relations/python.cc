// Python functions over whole partitions and groups.
#include "analyzer/expression_resolver.h"

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
