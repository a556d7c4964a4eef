// df.na: fill, drop, replace.
#include <algorithm>

#include "analyzer/expression_resolver.h"
#include "functions/cast.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;
using types::TypeId;

namespace {

bool IsFloating(const types::DataType& type) { return type.Is(TypeId::kFloat) || type.Is(TypeId::kDouble); }

// The columns meant by name; all for no names.
std::vector<bool> Chosen(const Attributes& output, const std::vector<std::string>& columns, const Scope& scope,
                         const NameMatcher& names) {
  std::vector<bool> chosen(output.size(), columns.empty());
  for (const std::string& column : columns) {
    auto found = FindVisibleFirst(types::ParseAttributeName(column), scope.Output(), names);
    if (!found || !found->fields.empty()) throw UnresolvedColumn({column}, scope.VisibleOutput());
    for (size_t i = 0; i < output.size(); ++i) {
      if (output[i]->id == logical::ToAttribute(found->attribute)->id) chosen[i] = true;
    }
  }
  return chosen;
}

bool Fillable(const types::DataType& column, const types::DataType& value) {
  if (value.IsNumeric()) return column.IsNumeric();
  if (value.IsStringLike()) return column.IsStringLike();
  return value.Is(TypeId::kBoolean) && column.Is(TypeId::kBoolean);
}

}  // namespace

PlanPtr Resolver::Node(const plan::FillNa& node) {
  Scope scope;
  scope.inputs = {StripHidden(Resolve(node.input))};
  ExpressionResolver resolver(*this, scope);
  const Attributes& output = scope.inputs[0]->output;
  std::vector<ExprPtr> columns(output.begin(), output.end());
  for (size_t v = 0; v < node.values.size(); ++v) {
    // One value for all given columns, or one each.
    bool each = node.values.size() > 1;
    std::vector<std::string> given = each ? std::vector<std::string>{node.columns[v]} : node.columns;
    std::vector<bool> chosen = Chosen(output, given, scope, names_);
    for (size_t i = 0; i < output.size(); ++i) {
      if (!chosen[i] || !Fillable(*output[i]->type, *node.values[v].type)) continue;
      ExprPtr value = logical::MakeLiteral(node.values[v]);
      if (!types::Equal(value->type, output[i]->type, true)) {
        value = std::make_shared<logical::CastExpr>(value, output[i]->type, logical::CastBehaviour::kLegacy, true);
      }
      ExprPtr column = output[i];
      if (IsFloating(*column->type)) {
        column = resolver.Bind("nanvl", {column, logical::MakeLiteral(types::Literal::Null(column->type))});
      }
      column = std::make_shared<logical::LazyExpr>(ExprKind::kCoalesce, output[i]->type, false,
                                                   std::vector<ExprPtr>{column, value});
      columns[i] = std::make_shared<AliasExpr>(column, output[i]->name);
    }
  }
  return std::make_shared<logical::Project>(scope.inputs[0], std::move(columns));
}

PlanPtr Resolver::Node(const plan::DropNa& node) {
  Scope scope;
  scope.inputs = {Resolve(node.input)};
  ExpressionResolver resolver(*this, scope);
  Attributes output = scope.VisibleOutput();
  std::vector<bool> chosen = Chosen(output, node.columns, scope, names_);
  std::vector<ExprPtr> present;
  for (size_t i = 0; i < output.size(); ++i) {
    if (!chosen[i]) continue;
    ExprPtr known = resolver.Bind("isnotnull", {output[i]});
    if (IsFloating(*output[i]->type)) {
      known = logical::MakeAnd(known, resolver.Bind("not", {resolver.Bind("isnan", {output[i]})}));
    }
    present.push_back(std::move(known));
  }
  int wanted = node.min_non_nulls.value_or(static_cast<int>(present.size()));
  if (wanted <= 0) return scope.inputs[0];
  ExprPtr condition;
  if (wanted == static_cast<int>(present.size())) {
    condition = logical::JoinConjuncts(present);
  } else {
    ExprPtr one = logical::MakeLiteral(types::Literal::Integer(1));
    ExprPtr none = logical::MakeLiteral(types::Literal::Integer(0));
    ExprPtr count;
    for (const ExprPtr& known : present) {
      ExprPtr counted = std::make_shared<logical::LazyExpr>(ExprKind::kCase, types::Integer(), false,
                                                            std::vector<ExprPtr>{known, one, none});
      count = count ? resolver.Bind("+", {count, counted}) : counted;
    }
    condition = resolver.Bind(">=", {count, logical::MakeLiteral(types::Literal::Integer(wanted))});
  }
  return std::make_shared<logical::Filter>(scope.inputs[0], condition);
}

PlanPtr Resolver::Node(const plan::ReplaceNa& node) {
  Scope scope;
  scope.inputs = {StripHidden(Resolve(node.input))};
  ExpressionResolver resolver(*this, scope);
  const Attributes& output = scope.inputs[0]->output;
  std::vector<std::string> names = node.columns;
  if (names.size() == 1 && names[0] == "*") names.clear();
  std::vector<bool> chosen = Chosen(output, names, scope, names_);
  types::TypePtr kind;  // Spark replaces as double, string or boolean
  for (const auto& [from, to] : node.replacements) {
    if (!from.is_null()) kind = from.type;
  }
  std::vector<ExprPtr> columns(output.begin(), output.end());
  for (size_t i = 0; i < output.size(); ++i) {
    const types::TypePtr& type = output[i]->type;
    if (!chosen[i] || !kind || !Fillable(*type, *kind)) continue;
    auto as_column = [&](const types::Literal& literal) -> ExprPtr {
      if (literal.is_null()) return logical::MakeLiteral(types::Literal::Null(type));
      ExprPtr value = logical::MakeLiteral(literal);
      if (types::Equal(value->type, type, true)) return value;
      return std::make_shared<logical::CastExpr>(value, type, logical::CastBehaviour::kLegacy, true);
    };
    std::vector<ExprPtr> branches;
    for (const auto& [from, to] : node.replacements) {
      branches.push_back(resolver.Bind("=", {output[i], as_column(from)}));
      branches.push_back(as_column(to));
    }
    if (branches.empty()) continue;
    branches.push_back(output[i]);
    auto replaced = std::make_shared<logical::LazyExpr>(ExprKind::kCase, type, true, std::move(branches));
    columns[i] = std::make_shared<AliasExpr>(replaced, output[i]->name);
  }
  return std::make_shared<logical::Project>(scope.inputs[0], std::move(columns));
}

}  // namespace sluice::analyzer
