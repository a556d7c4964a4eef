// SHOW, DESCRIBE, SET: what gives rows about the session itself.
#include <fmt/format.h>

#include <regex>

#include "base/error.h"
#include "functions/registry.h"
#include "session/command_rows.h"
#include "session/commands.h"

namespace sluice::session {
namespace {

types::StructField Text(std::string name, bool nullable = false) {
  return {std::move(name), types::String(), nullable};
}
types::StructField Flag(std::string name) { return {std::move(name), types::Boolean(), false}; }

std::vector<std::vector<Cell>> DescribeColumns(const types::DataType& schema) {
  std::vector<std::vector<Cell>> rows;
  for (const types::StructField& field : schema.fields()) {
    rows.push_back({field.name, field.type->SimpleString(), std::nullopt});
  }
  return rows;
}

const std::vector<types::StructField> kDescribeSchema = {Text("col_name"), Text("data_type"), Text("comment", true)};

bool IsSecret(const std::string& key) {
  static const std::regex secret("secret|password|passphrase|token|access[.]?key|user[.]info", std::regex::icase);
  return std::regex_search(key, secret);
}

std::string Shown(const std::string& key, const std::string& value) {
  return IsSecret(key) ? "*********(redacted)" : value;
}

// Back to what the session began with.
void Reset(Session& session, const std::string& key) {
  auto initial = session.InitialConf();
  if (auto found = initial.find(key); found != initial.end()) {
    session.conf().Set(key, found->second);
  } else {
    session.conf().Unset(key);
  }
}

}  // namespace

bool MatchesPattern(const std::string& pattern, const std::string& name) {
  if (pattern.empty()) return true;
  std::string regex;
  for (char c : pattern) {
    if (c == '*') {
      regex += ".*";
    } else if (c == '|') {
      regex += '|';
    } else if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      regex += c;
    } else {
      regex += '\\';
      regex += c;
    }
  }
  return std::regex_match(name, std::regex(regex, std::regex::icase));
}

plan::RelationPtr RunShowTables(Session& session, const plan::ShowTables& command) {
  std::string database = command.database.empty() ? session.catalog().current_database() : command.database.back();
  if (!session.catalog().FindDatabase(database)) {
    throw base::Error(base::ErrorKind::kAnalysis, "SCHEMA_NOT_FOUND",
                      {{"schemaName", types::QuoteIdentifier({database})}});
  }
  std::vector<std::vector<Cell>> rows;
  for (const catalog::Table& table : session.catalog().Tables(database)) {
    if (MatchesPattern(command.pattern, table.name)) rows.push_back({database, table.name, "false"});
  }
  for (const std::string& view : session.catalog().TempViews()) {
    if (MatchesPattern(command.pattern, view)) rows.push_back({"", view, "true"});
  }
  return MakeRows({Text("namespace"), Text("tableName"), Flag("isTemporary")}, rows);
}

plan::RelationPtr RunShowDatabases(Session& session, const plan::ShowDatabases& command) {
  std::vector<std::vector<Cell>> rows;
  for (const catalog::Database& database : session.catalog().Databases()) {
    if (MatchesPattern(command.pattern, database.name)) rows.push_back({database.name});
  }
  return MakeRows({Text("namespace")}, rows);
}

plan::RelationPtr RunShowColumns(Session& session, const plan::ShowColumns& command) {
  logical::PlanPtr plan = session.Analyze(plan::MakeRelation(plan::NamedTable{command.table, {}, false}));
  std::vector<std::vector<Cell>> rows;
  for (const logical::AttributePtr& attribute : plan->output) rows.push_back({attribute->name});
  return MakeRows({Text("col_name")}, rows);
}

plan::RelationPtr RunShowFunctions(Session& session, const plan::ShowFunctions& command) {
  std::vector<std::vector<Cell>> rows;
  for (const functions::FunctionEntry* entry : session.environment().functions.Entries()) {
    if (MatchesPattern(command.pattern, entry->name)) rows.push_back({entry->name});
  }
  return MakeRows({Text("function")}, rows);
}

plan::RelationPtr RunDescribeTable(Session& session, const plan::DescribeTable& command) {
  logical::PlanPtr plan = session.Analyze(plan::MakeRelation(plan::NamedTable{command.table, {}, false}));
  auto rows = DescribeColumns(*plan->Schema());
  auto table = session.catalog().FindTable(command.table);
  if (table && !table->partition_by.empty()) {
    rows.push_back({"# Partition Information", "", ""});
    rows.push_back({"# col_name", "data_type", "comment"});
    for (const std::string& column : table->partition_by) {
      if (auto index = table->schema->FieldIndex(column)) {
        rows.push_back({column, table->schema->fields()[*index].type->SimpleString(), std::nullopt});
      }
    }
  }
  if (table && command.extended) {
    rows.push_back({"", "", ""});
    rows.push_back({"# Detailed Table Information", "", ""});
    rows.push_back({"Catalog", "spark_catalog", ""});
    rows.push_back({"Database", table->database, ""});
    rows.push_back({"Table", table->name, ""});
    rows.push_back({"Type", table->external ? "EXTERNAL" : "MANAGED", ""});
    rows.push_back({"Provider", table->format, ""});
    rows.push_back({"Location", "file:" + table->location, ""});
  }
  return MakeRows(kDescribeSchema, rows);
}

plan::RelationPtr RunDescribeQuery(Session& session, const plan::DescribeQuery& command) {
  return MakeRows(kDescribeSchema, DescribeColumns(*session.Analyze(command.query)->Schema()));
}

plan::RelationPtr RunDescribeFunction(Session& session, const plan::DescribeFunction& command) {
  const functions::FunctionEntry* entry = session.environment().functions.Find(command.name);
  if (!entry) {
    throw base::Error(base::ErrorKind::kAnalysis, "UNRESOLVED_ROUTINE",
                      {{"routineName", types::QuoteIdentifier({command.name})},
                       {"searchPath", "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]"}});
  }
  std::vector<std::vector<Cell>> rows = {{"Function: " + entry->name}, {"Usage: " + entry->usage}};
  if (command.extended) rows.push_back({"Extended Usage:\n    Examples:\n      > " + entry->example});
  return MakeRows({Text("function_desc")}, rows);
}

plan::RelationPtr RunSetConf(Session& session, const plan::SetConf& command) {
  std::vector<std::vector<Cell>> rows;
  if (command.reset) {
    if (command.key.empty()) {
      for (const auto& [key, value] : session.conf().Explicit()) Reset(session, key);
    } else {
      session.conf().UnsetByUser(command.key);
      Reset(session, command.key);
    }
    return NoRows();
  }
  if (command.key.empty()) {
    for (const auto& [key, value] : session.conf().Explicit()) {
      rows.push_back({key, Shown(key, value)});
    }
  } else if (command.value) {
    session.conf().SetByUser(command.key, *command.value);
    rows.push_back({command.key, *command.value});
  } else {
    auto value = session.conf().Find(command.key);
    rows.push_back({command.key, value ? Shown(command.key, *value) : "<undefined>"});
  }
  return MakeRows({Text("key"), Text("value")}, rows);
}

}  // namespace sluice::session
