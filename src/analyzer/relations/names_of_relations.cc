// Relations by name: views, tables, WITH, SQL texts with parameters, frames attached by the client.
#include <set>

#include "analyzer/expression_resolver.h"
#include "sql/parser.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprPtr;
using logical::PlanPtr;

namespace {

PlanPtr Qualified(const PlanPtr& plan, const std::vector<std::string>& qualifier) {
  std::vector<ExprPtr> columns;
  for (const auto& attribute : plan->output) columns.push_back(attribute->WithQualifier(qualifier));
  return std::make_shared<logical::Project>(plan, std::move(columns));
}

base::Error NotFound(const std::vector<std::string>& name, const std::string& database) {
  std::string shown = fmt::format("{}", fmt::join(name, ", "));
  return base::Error(ErrorKind::kAnalysis, "TABLE_OR_VIEW_NOT_FOUND",
                     {{"relationName", types::QuoteIdentifier(name)},
                      {"searchPath", "[`system`.`builtin`, `system`.`session`, `spark_catalog`." +
                                         types::QuoteIdentifier({database}) + "]"}})
      .WithPlan("'UnresolvedRelation [" + shown + "], [], false\n");
}

}  // namespace

PlanPtr Resolver::FindDefinition(const std::string& name) const {
  for (auto frame = definitions_.rbegin(); frame != definitions_.rend(); ++frame) {
    if (auto found = frame->find(ToLower(name)); found != frame->end()) return found->second;
  }
  return nullptr;
}

PlanPtr Resolver::ReadTable(const catalog::Table& table, bool is_streaming, const plan::Options& options) {
  if (!table.view_text.empty()) return Resolve(sql::ParseQuery(table.view_text, parser_options()));
  plan::DataSource source;
  source.format = table.format;
  source.schema = table.schema;
  source.options = table.options;
  for (const auto& [key, value] : options) source.options[key] = value;
  source.paths = {table.location};
  source.is_streaming = is_streaming;
  return Node(source);
}

PlanPtr Resolver::Node(const plan::NamedTable& node) {
  const std::vector<std::string>& name = node.name;
  catalog::Catalog& catalog = *context_.catalog;
  PlanPtr found;
  if (name.size() == 1) {
    if (PlanPtr defined = FindDefinition(name[0])) return Qualified(defined, name);
    found = catalog.FindTempView(name[0]);
  } else if (name.size() == 2 && names_(name[0], "global_temp")) {
    found = catalog.FindGlobalTempView(name[1]);
  }
  if (found) return Qualified(found, name);
  if (auto table = catalog.FindTable(name)) {
    return Qualified(ReadTable(*table, node.is_streaming, node.options),
                     {"spark_catalog", table->database, table->name});
  }
  // SELECT … FROM parquet.`/path`
  if (name.size() == 2 && context_.connectors && context_.connectors->Find(name[0])) {
    plan::DataSource source;
    source.format = name[0];
    source.paths = {name[1]};
    source.options = node.options;
    source.is_streaming = node.is_streaming;
    return Node(source);
  }
  throw NotFound(name, catalog.current_database());
}

PlanPtr Resolver::Node(const plan::CommonTableExpressions& node) {
  definitions_.emplace_back();
  for (const auto& [name, relation] : node.definitions) {
    PlanPtr plan = Resolve(relation);
    definitions_.back()[ToLower(name)] = plan;
  }
  PlanPtr plan = Resolve(node.input);
  definitions_.pop_back();
  return plan;
}

PlanPtr Resolver::Node(const plan::WithRelations& node) {
  std::map<int64_t, plan::RelationPtr> references;
  definitions_.emplace_back();
  for (const plan::RelationPtr& reference : node.references) {
    if (reference->plan_id) references[*reference->plan_id] = reference;
  }
  references_.push_back(std::move(references));
  for (const plan::RelationPtr& reference : node.references) {
    const auto* alias = reference->As<plan::SubqueryAlias>();
    if (alias && alias->name.size() == 1) definitions_.back()[ToLower(alias->name[0])] = Resolve(reference);
  }
  PlanPtr plan = Resolve(node.root);
  references_.pop_back();
  definitions_.pop_back();
  return plan;
}

PlanPtr Resolver::Node(const plan::SqlQuery& node) {
  SqlParameters parameters;
  parameters.text = node.text;
  for (const auto& [name, value] : node.named_arguments) parameters.named[name] = value;
  parameters.positional = node.positional_arguments;
  parameters_.push_back(std::move(parameters));
  PlanPtr plan = Resolve(sql::ParseQuery(node.text, parser_options()));
  parameters_.pop_back();
  return plan;
}

}  // namespace sluice::analyzer
