// Relations that choose, compute and name columns.
#include <algorithm>
#include <set>

#include "analyzer/expression_resolver.h"
#include "analyzer/missing_columns.h"
#include "analyzer/projection.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributePtr;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;

namespace {

PlanPtr OneRow() {
  auto schema = arrow::schema(arrow::FieldVector{});
  auto batch = arrow::RecordBatch::Make(schema, 1, arrow::ArrayVector{});
  return std::make_shared<logical::LocalData>(logical::Attributes{},
                                              std::vector<std::shared_ptr<arrow::RecordBatch>>{batch});
}

std::vector<ExprPtr> Visible(const PlanPtr& plan) {
  std::vector<ExprPtr> out;
  for (const AttributePtr& attribute : plan->output) {
    if (!attribute->hidden) out.push_back(attribute);
  }
  return out;
}

base::Error DuplicateColumn(const std::string& name) {
  return base::Error(ErrorKind::kAnalysis, "COLUMN_ALREADY_EXISTS", {{"columnName", types::QuoteIdentifier({name})}});
}

}  // namespace

PlanPtr Resolver::Node(const plan::Project& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {node.input ? Resolve(node.input) : OneRow()};
  std::vector<SelectItem> items = ExpressionResolver(*this, scope).ResolveItems(node.expressions, true);
  return SelectPlan(*this, scope.inputs[0], std::move(items));
}

PlanPtr Resolver::Node(const plan::Filter& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {Resolve(node.input)};
  if (scope.inputs[0]->kind == logical::PlanKind::kAggregate) return Having(scope.inputs[0], node.condition);
  MissingColumns missing(names_, scope);
  ExpressionResolver resolver(*this, scope);
  ExprPtr condition = resolver.ResolveCondition(node.condition, "Filter");
  CheckFilterCondition(condition, scope.inputs[0]);
  return missing.Restore(std::make_shared<logical::Filter>(missing.Extend(), condition));
}

void Resolver::CheckFilterCondition(const ExprPtr& condition, const PlanPtr& input) const {
  if (logical::Contains(condition, ExprKind::kWindowCall)) {
    throw base::Error(ErrorKind::kAnalysis, "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", {{"clauseName", "WHERE"}});
  }
  std::string invalid;
  logical::Visit(condition, [&](const ExprPtr& expr) {
    if (expr->kind != ExprKind::kAggregateCall && expr->kind != ExprKind::kGeneratorCall) return true;
    invalid += (invalid.empty() ? "" : ", ") + expr->Sql();
    return false;
  });
  if (invalid.empty()) return;
  throw base::Error(ErrorKind::kAnalysis, "INVALID_WHERE_CONDITION",
                    {{"condition", QuotedSql(*condition)}, {"expressionList", invalid}})
      .WithPlan(logical::TreeString(input));
}

PlanPtr Resolver::Node(const plan::WithColumns& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {Resolve(node.input)};
  std::vector<SelectItem> items = ExpressionResolver(*this, scope).ResolveItems(node.columns);
  // A new column has the metadata that it was given: an event time under a new name is no longer one.
  for (size_t i = 0; i < items.size() && items.size() == node.columns.size(); ++i) {
    const auto* written = node.columns[i]->As<plan::Alias>();
    const auto* alias = items[i].expr->As<AliasExpr>();
    if (!written || !alias) continue;
    std::string metadata = written->metadata.empty() ? "{}" : written->metadata;
    items[i].expr = std::make_shared<AliasExpr>(alias->children[0], alias->name, alias->id, metadata);
  }
  auto item_name = [](const SelectItem& item) {
    return item.generator_names.empty() ? logical::ToAttribute(item.expr)->name : item.generator_names[0];
  };
  for (size_t i = 0; i < items.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (names_(item_name(items[i]), item_name(items[j]))) throw DuplicateColumn(ToLower(item_name(items[i])));
    }
  }
  std::vector<SelectItem> all;
  std::vector<bool> used(items.size(), false);
  for (ExprPtr& column : Visible(scope.inputs[0])) {
    const std::string& name = logical::ToAttribute(column)->name;
    bool replaced = false;
    for (size_t i = 0; i < items.size() && !replaced; ++i) {
      if (!names_(item_name(items[i]), name)) continue;
      all.push_back(items[i]);
      used[i] = replaced = true;
    }
    if (!replaced) all.push_back({column, {}});
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (!used[i]) all.push_back(items[i]);
  }
  return SelectPlan(*this, scope.inputs[0], std::move(all));
}

PlanPtr Resolver::Node(const plan::WithColumnsRenamed& node) {
  PlanPtr input = Resolve(node.input);
  std::vector<ExprPtr> columns = Visible(input);
  std::vector<std::string> current;
  for (const ExprPtr& column : columns) current.push_back(logical::ToAttribute(column)->name);
  for (const auto& [from, to] : node.renames) {
    for (std::string& name : current) {
      if (names_(name, from)) name = to;
    }
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (logical::ToAttribute(columns[i])->name != current[i]) {
      columns[i] = std::make_shared<AliasExpr>(columns[i], current[i]);
    }
  }
  return std::make_shared<logical::Project>(input, std::move(columns));
}

PlanPtr Resolver::Node(const plan::Drop& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {Resolve(node.input)};
  std::set<logical::ExprId> dropped;
  std::vector<std::string> dropped_names = node.column_names;
  for (const plan::ExpressionPtr& column : node.columns) {
    const auto* name = column->As<plan::UnresolvedAttribute>();
    if (!name) continue;
    ExpressionResolver resolver(*this, scope);
    if (name->plan_id) {
      if (ExprPtr found = resolver.TryColumn(*name)) {
        dropped.insert(logical::ToAttribute(found)->id);
      }
    } else if (auto found = FindVisibleFirst(name->name, scope.Output(), names_); found && found->fields.empty()) {
      dropped.insert(logical::ToAttribute(found->attribute)->id);
    }
  }
  std::vector<ExprPtr> kept;
  for (ExprPtr& column : Visible(scope.inputs[0])) {
    AttributePtr attribute = logical::ToAttribute(column);
    bool by_name = std::any_of(dropped_names.begin(), dropped_names.end(),
                               [&](const std::string& name) { return names_(attribute->name, name); });
    if (!by_name && !dropped.count(attribute->id)) kept.push_back(std::move(column));
  }
  if (kept.size() == scope.inputs[0]->output.size()) return scope.inputs[0];
  return std::make_shared<logical::Project>(scope.inputs[0], std::move(kept));
}

PlanPtr Resolver::Node(const plan::ToDF& node) {
  PlanPtr input = Resolve(node.input);
  std::vector<ExprPtr> columns = Visible(input);
  if (columns.size() != node.names.size()) {
    std::string old_names, new_names;
    for (const ExprPtr& column : columns) {
      old_names += (old_names.empty() ? "" : ", ") + logical::ToAttribute(column)->name;
    }
    for (const std::string& name : node.names) new_names += (new_names.empty() ? "" : ", ") + name;
    throw base::Error::Plain(
        ErrorKind::kIllegalArgument,
        fmt::format("requirement failed: The number of columns doesn't match.\nOld column names ({}): {}\n"
                    "New column names ({}): {}",
                    columns.size(), old_names, node.names.size(), new_names));
  }
  for (size_t i = 0; i < columns.size(); ++i) columns[i] = std::make_shared<AliasExpr>(columns[i], node.names[i]);
  return std::make_shared<logical::Project>(input, std::move(columns));
}

PlanPtr Resolver::Node(const plan::SubqueryAlias& node) {
  PlanPtr input = Resolve(node.input);
  std::vector<ExprPtr> columns(input->output.begin(), input->output.end());
  if (!node.columns.empty()) {
    columns = Visible(input);
    if (columns.size() != node.columns.size()) {
      throw base::Error(
          ErrorKind::kAnalysis, "ASSIGNMENT_ARITY_MISMATCH",
          {{"numExpr", std::to_string(node.columns.size())}, {"numTarget", std::to_string(columns.size())}});
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      columns[i] = std::make_shared<AliasExpr>(columns[i], node.columns[i]);
    }
    input = std::make_shared<logical::Project>(input, columns);
    columns.assign(input->output.begin(), input->output.end());
  }
  for (ExprPtr& column : columns) {
    column = std::static_pointer_cast<const logical::AttributeExpr>(column)->WithQualifier(node.name);
  }
  return std::make_shared<logical::Project>(input, std::move(columns));
}

}  // namespace sluice::analyzer
