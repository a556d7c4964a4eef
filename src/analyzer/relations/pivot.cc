// PIVOT: the aggregates once per value of a column.
#include <arrow/array.h>

#include <algorithm>

#include "analyzer/aggregation.h"
#include "analyzer/expression_resolver.h"
#include "analyzer/projection.h"
#include "functions/cast.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;

namespace {

constexpr int64_t kMaxPivotValues = 10000;

struct PivotValue {
  ExprPtr literal;
  std::string name;
};

std::string NameOf(const types::Literal& literal, const std::string& time_zone) {
  if (literal.is_null()) return "null";
  logical::EvalContext context;
  context.time_zone = time_zone;
  auto kernel = functions::MakeCastKernel(literal.type, types::String(), logical::CastBehaviour::kLegacy);
  arrow::Datum text = kernel(context, {arrow::Datum(literal.value)}, 1);
  auto scalar = text.is_scalar() ? text.scalar() : text.make_array()->GetScalar(0).ValueOrDie();
  return scalar->is_valid ? std::string(static_cast<const arrow::StringScalar&>(*scalar).view()) : "null";
}

}  // namespace

PlanPtr Resolver::Pivot(const plan::Aggregate& node, Scope& scope) {
  ExpressionResolver resolver(*this, scope);
  ExprPtr pivot = resolver.Resolve(node.pivot_column);
  if (pivot->kind == ExprKind::kAlias) pivot = pivot->children[0];
  std::vector<ExprPtr> aggregates = resolver.ResolveNamed(node.aggregates);

  std::vector<PivotValue> values;
  for (const plan::ExpressionPtr& given : node.pivot_values) {
    ExprPtr value = resolver.Resolve(given);
    std::string name;
    if (const auto* alias = value->As<AliasExpr>()) {
      name = alias->name;
      value = alias->children[0];
    }
    auto constant = TryFold(ImplicitCast(value, pivot->type, ansi_), ansi_, time_zone_);
    if (!constant) {
      throw base::Error(ErrorKind::kAnalysis, "NON_LITERAL_PIVOT_VALUES", {{"expression", QuotedSql(*value)}});
    }
    if (name.empty()) name = NameOf(*constant, time_zone_);
    values.push_back({logical::MakeLiteral(*constant), name});
  }
  if (node.pivot_values.empty()) {
    for (types::Literal& literal : DistinctValues(scope.inputs[0], pivot)) {
      std::string name = NameOf(literal, time_zone_);
      values.push_back({logical::MakeLiteral(std::move(literal)), std::move(name)});
    }
  }

  std::vector<ExprPtr> grouping;
  if (node.implicit_grouping) {
    std::vector<logical::AttributePtr> used = logical::References(pivot);
    for (const ExprPtr& aggregate : aggregates) {
      for (auto& attribute : logical::References(aggregate)) used.push_back(attribute);
    }
    for (const auto& attribute : scope.VisibleOutput()) {
      bool mentioned = std::any_of(used.begin(), used.end(), [&](const auto& one) { return one->id == attribute->id; });
      if (!mentioned) grouping.push_back(attribute);
    }
  } else {
    for (ExprPtr& key : resolver.ResolveAll(node.grouping)) grouping.push_back(WithName(key));
  }

  // First one row per group and pivot value, then one row per group with each value's results side by side.
  std::vector<ExprPtr> first_grouping = grouping, first_results = grouping;
  auto pivot_key = std::make_shared<AliasExpr>(pivot, "__pivot_col");
  first_grouping.push_back(pivot_key);
  first_results.push_back(pivot_key);
  first_results.insert(first_results.end(), aggregates.begin(), aggregates.end());
  PlanPtr first = AggregatePlan(*this, scope.inputs[0], std::move(first_grouping), std::move(first_results));

  Scope above;
  above.inputs = {first};
  ExpressionResolver second(*this, above);
  size_t keys = grouping.size();
  std::vector<ExprPtr> second_grouping(first->output.begin(), first->output.begin() + keys);
  std::vector<ExprPtr> results = second_grouping;
  for (const PivotValue& value : values) {
    ExprPtr matches = second.Bind("<=>", {first->output[keys], value.literal});
    for (size_t i = 0; i < aggregates.size(); ++i) {
      const auto& column = first->output[keys + 1 + i];
      ExprPtr none = logical::MakeLiteral(types::Literal::Null(column->type));
      ExprPtr chosen = std::make_shared<logical::LazyExpr>(ExprKind::kCase, column->type, true,
                                                           std::vector<ExprPtr>{matches, column, none});
      ExprPtr result = second.Bind("first", {chosen, logical::MakeLiteral(types::Literal::Boolean(true))});
      std::string name = aggregates.size() == 1 ? value.name : value.name + "_" + column->name;
      results.push_back(std::make_shared<AliasExpr>(result, name));
    }
  }
  return AggregatePlan(*this, first, std::move(second_grouping), std::move(results));
}

std::vector<types::Literal> Resolver::DistinctValues(const PlanPtr& input, const ExprPtr& column) {
  if (input->is_streaming || !context_.execute) {
    throw base::Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3102",
                      {{"msg",
                        "Queries with streaming sources must be executed with writeStream.start(), or from a streaming "
                        "table or flow definition within a Spark Declarative Pipeline."}})
        .WithPlan(logical::TreeString(input));
  }
  auto named = std::make_shared<AliasExpr>(column, "__pivot_col");
  PlanPtr values = std::make_shared<logical::Project>(input, std::vector<ExprPtr>{named});
  values = std::make_shared<logical::Deduplicate>(values, values->output, false);
  auto order = std::make_shared<logical::SortOrderExpr>(values->output[0], true, true);
  values =
      std::make_shared<logical::Sort>(values, std::vector<std::shared_ptr<const logical::SortOrderExpr>>{order}, true);
  values = std::make_shared<logical::LimitPlan>(logical::PlanKind::kLimit, values, kMaxPivotValues + 1);
  std::vector<types::Literal> out;
  for (const auto& batch : context_.execute(values)) {
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      out.push_back({column->type, batch->column(0)->GetScalar(row).ValueOrDie()});
    }
  }
  if (static_cast<int64_t>(out.size()) > kMaxPivotValues) {
    throw base::Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1324",
                      {{"pivotColumn", column->Sql()},
                       {"maxValues", std::to_string(kMaxPivotValues)},
                       {"config", "spark.sql.pivotMaxValues"}});
  }
  return out;
}

}  // namespace sluice::analyzer
