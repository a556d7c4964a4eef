// Rows from columns and columns from types: unpivot, to(schema), describe and summary.
#include <algorithm>

#include "analyzer/aggregation.h"
#include "analyzer/expression_resolver.h"
#include "analyzer/projection.h"
#include "functions/cast.h"
#include "functions/coercion.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributeExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprPtr;
using logical::PlanPtr;
using types::TypeId;

namespace {

bool Mentioned(const std::vector<ExprPtr>& list, const AttributePtr& attribute) {
  for (const ExprPtr& expr : list) {
    for (const AttributePtr& one : logical::References(expr)) {
      if (one->id == attribute->id) return true;
    }
  }
  return false;
}

ExprPtr Text(const std::string& text) { return logical::MakeLiteral(types::Literal::String(text)); }

ExprPtr AsText(const ExprPtr& expr) {
  return std::make_shared<logical::CastExpr>(expr, types::String(), logical::CastBehaviour::kLegacy, true);
}

}  // namespace

PlanPtr Resolver::Node(const plan::Unpivot& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {StripHidden(Resolve(node.input))};
  ExpressionResolver resolver(*this, scope);
  std::vector<ExprPtr> ids = resolver.ResolveAll(node.ids);
  std::vector<ExprPtr> values;
  if (node.values) {
    values = resolver.ResolveAll(*node.values);
  } else {
    for (const AttributePtr& attribute : scope.inputs[0]->output) {
      if (!Mentioned(ids, attribute)) values.push_back(attribute);
    }
  }
  if (node.implicit_ids) {
    for (const AttributePtr& attribute : scope.inputs[0]->output) {
      if (!Mentioned(values, attribute)) ids.push_back(attribute);
    }
  }
  if (values.empty()) {
    throw base::Error(ErrorKind::kAnalysis, "UNPIVOT_REQUIRES_VALUE_COLUMNS").WithPlan("");
  }
  std::vector<types::TypePtr> types;
  std::vector<std::string> names;
  std::string listed;
  for (ExprPtr& value : values) {
    AttributePtr named = logical::ToAttribute(WithName(value));
    names.push_back(named->name);
    if (value->kind == logical::ExprKind::kAlias) value = value->children[0];
    types.push_back(value->type);
    listed +=
        (listed.empty() ? "" : ", ") + QuotedType(*value->type) + " (" + types::QuoteIdentifier({named->name}) + ")";
  }
  types::TypePtr common = functions::FindWiderType(types, ansi_);
  bool string_beside_other = false;
  for (const types::TypePtr& type : types) string_beside_other |= type->IsStringLike() != types[0]->IsStringLike();
  if (!common || string_beside_other) {
    throw base::Error(ErrorKind::kAnalysis, "UNPIVOT_VALUE_DATA_TYPE_MISMATCH", {{"types", listed}})
        .WithPlan(logical::TreeString(scope.inputs[0]));
  }
  Attributes output;
  for (ExprPtr& id : ids) {
    id = WithName(id);
    AttributePtr named = logical::ToAttribute(id);
    output.push_back(std::make_shared<AttributeExpr>(named->name, id->type, id->nullable));
    if (id->kind == logical::ExprKind::kAlias) id = id->children[0];
  }
  bool nullable = std::any_of(values.begin(), values.end(), [](const ExprPtr& value) { return value->nullable; });
  output.push_back(std::make_shared<AttributeExpr>(node.variable_column, types::String(), false));
  output.push_back(std::make_shared<AttributeExpr>(node.value_column, common, nullable));
  std::vector<std::vector<ExprPtr>> projections;
  for (size_t i = 0; i < values.size(); ++i) {
    std::vector<ExprPtr> projection = ids;
    projection.push_back(Text(names[i]));
    projection.push_back(ImplicitCast(values[i], common, ansi_));
    projections.push_back(std::move(projection));
  }
  PlanPtr expand = std::make_shared<logical::Expand>(scope.inputs[0], std::move(projections), output);
  if (node.include_nulls) return expand;
  Scope above;
  above.inputs = {expand};
  ExprPtr present = ExpressionResolver(*this, above).Bind("isnotnull", {output.back()});
  return std::make_shared<logical::Filter>(expand, present);
}

// Project.matchSchema: columns by name, cast where that loses nothing; missing nullable ones are null.
ExprPtr Resolver::MatchType(const ExprPtr& expr, const types::TypePtr& type, const std::vector<std::string>& path) {
  if (types::Equal(expr->type, type, true)) return expr;
  if (expr->type->Is(TypeId::kStruct) && type->Is(TypeId::kStruct)) {
    Scope scope;
    ExpressionResolver resolver(*this, scope);
    std::vector<ExprPtr> pairs;
    for (const types::StructField& field : type->fields()) {
      std::vector<std::string> inner = path;
      inner.push_back(field.name);
      auto index = expr->type->FieldIndex(field.name, names_.case_sensitive());
      pairs.push_back(Text(field.name));
      if (index) {
        pairs.push_back(MatchType(StructField(expr, *index), field.type, inner));
      } else {
        pairs.push_back(logical::MakeLiteral(types::Literal::Null(field.type)));
      }
    }
    return resolver.Bind("named_struct", std::move(pairs));
  }
  if (!functions::CanUpCast(*expr->type, *type) &&
      !functions::CanCast(*expr->type, *type, logical::CastBehaviour::kAnsi)) {
    throw base::Error(ErrorKind::kAnalysis, "INVALID_COLUMN_OR_FIELD_DATA_TYPE",
                      {{"name", types::QuoteIdentifier(path)},
                       {"type", QuotedType(*expr->type)},
                       {"expectedType", QuotedType(*type)}});
  }
  return std::make_shared<logical::CastExpr>(expr, type, logical::CastBehaviour::kAnsi, true);
}

PlanPtr Resolver::Node(const plan::ToSchema& node) {
  PlanPtr input = StripHidden(Resolve(node.input));
  std::vector<ExprPtr> columns;
  for (const types::StructField& field : node.schema->fields()) {
    auto found = FindAttribute({field.name}, input->output, names_);
    if (!found) {
      if (!field.nullable) throw UnresolvedColumn({field.name}, input->output);
      columns.push_back(
          std::make_shared<AliasExpr>(logical::MakeLiteral(types::Literal::Null(field.type)), field.name));
      continue;
    }
    AttributePtr attribute = logical::ToAttribute(found->attribute);
    if (attribute->nullable && !field.nullable) {
      throw base::Error(ErrorKind::kAnalysis, "NULLABLE_COLUMN_OR_FIELD",
                        {{"name", types::QuoteIdentifier({field.name})}});
    }
    ExprPtr matched = MatchType(attribute, field.type, {field.name});
    columns.push_back(std::make_shared<AliasExpr>(matched, field.name, logical::NextExprId(),
                                                  field.metadata == "{}" ? "" : field.metadata));
  }
  return std::make_shared<logical::Project>(input, std::move(columns));
}

PlanPtr Resolver::Node(const plan::Describe& node) {
  plan::Summary summary{node.input, {"count", "mean", "stddev", "min", "max"}};
  return Statistics(summary, node.columns);
}

PlanPtr Resolver::Node(const plan::Summary& node) { return Statistics(node, {}); }

PlanPtr Resolver::Statistics(const plan::Summary& node, const std::vector<std::string>& wanted) {
  Scope scope;
  scope.inputs = {StripHidden(Resolve(node.input))};
  ExpressionResolver resolver(*this, scope);
  std::vector<std::string> statistics = node.statistics;
  if (statistics.empty()) statistics = {"count", "mean", "stddev", "min", "25%", "50%", "75%", "max"};
  Attributes columns;
  for (const std::string& name : wanted) {
    columns.push_back(logical::ToAttribute(resolver.Resolve(plan::MakeAttribute(types::ParseAttributeName(name)))));
  }
  if (wanted.empty()) {
    for (const AttributePtr& attribute : scope.inputs[0]->output) {
      if (attribute->type->IsNumeric() || attribute->type->IsStringLike()) columns.push_back(attribute);
    }
  }
  // One row with every statistic of every column, then one row per statistic.
  std::vector<ExprPtr> all;
  for (const std::string& statistic : statistics) {
    for (const AttributePtr& column : columns) {
      all.push_back(std::make_shared<AliasExpr>(OneStatistic(resolver, statistic, column), statistic));
    }
  }
  PlanPtr row = scope.inputs[0];
  if (!all.empty()) row = AggregatePlan(*this, row, {}, all);
  Attributes output{std::make_shared<AttributeExpr>("summary", types::String(), true)};
  for (const AttributePtr& column : columns) {
    output.push_back(std::make_shared<AttributeExpr>(column->name, types::String(), true));
  }
  std::vector<std::vector<ExprPtr>> projections;
  for (size_t s = 0; s < statistics.size(); ++s) {
    std::vector<ExprPtr> projection{Text(statistics[s])};
    for (size_t c = 0; c < columns.size(); ++c) projection.push_back(row->output[s * columns.size() + c]);
    projections.push_back(std::move(projection));
  }
  return std::make_shared<logical::Expand>(row, std::move(projections), std::move(output));
}

ExprPtr Resolver::OneStatistic(ExpressionResolver& resolver, const std::string& statistic, const AttributePtr& column) {
  std::string name = ToLower(statistic);
  ExprPtr number = column;
  if (column->type->IsStringLike()) {
    number = std::make_shared<logical::CastExpr>(column, types::Double(), logical::CastBehaviour::kTry, true);
  }
  if (name == "count" || name == "min" || name == "max") return AsText(resolver.Bind(name, {column}));
  if (name == "count_distinct") {
    auto call = plan::UnresolvedFunction{{"count"}, {plan::MakeAttribute({column->name})}, true};
    return AsText(resolver.Resolve(plan::Make(std::move(call))));
  }
  if (name == "approx_count_distinct") return AsText(resolver.Bind(name, {column}));
  if (name == "mean" || name == "stddev") return AsText(resolver.Bind(name == "mean" ? "avg" : name, {number}));
  if (name.ends_with("%")) {
    try {
      double percentile = std::stod(name.substr(0, name.size() - 1)) / 100;
      if (percentile >= 0 && percentile <= 1) {
        auto at = logical::MakeLiteral(types::Literal::Double(percentile));
        return AsText(resolver.Bind("percentile_approx", {number, at}));
      }
    } catch (const std::invalid_argument&) {
      throw base::Error::Plain(ErrorKind::kIllegalArgument, "Unable to parse " + statistic + " as a percentile");
    }
    throw base::Error::Plain(ErrorKind::kIllegalArgument,
                             "requirement failed: Percentiles must be in the range [0, 1]");
  }
  throw base::Error::Plain(ErrorKind::kIllegalArgument, statistic + " is not a recognised statistic");
}

}  // namespace sluice::analyzer
