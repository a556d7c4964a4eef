// spark.catalog.*: each call answers with rows that the client reads by position.
#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "session/command_rows.h"
#include "session/commands.h"
#include "session/session_impl.h"

namespace sluice::session {
namespace {

types::StructField Text(std::string name) { return {std::move(name), types::String(), true}; }
types::StructField Flag(std::string name) { return {std::move(name), types::Boolean(), false}; }

/// A call with easy access to its arguments.
struct Call {
  Session& session;
  const plan::CatalogCall& call;

  std::string Argument(const std::string& name) const {
    auto found = call.arguments.find(name);
    return found == call.arguments.end() ? "" : found->second;
  }
  bool Has(const std::string& name) const { return call.arguments.contains(name); }
  /// `table_name`, qualified by `db_name` if that is given.
  std::vector<std::string> TableName() const {
    std::vector<std::string> name = types::ParseAttributeName(Argument("table_name"));
    if (Has("db_name") && !Argument("db_name").empty() && name.size() == 1)
      name.insert(name.begin(), Argument("db_name"));
    return name;
  }
  catalog::Catalog& catalog() const { return session.catalog(); }
};

plan::RelationPtr Value(const std::string& value) { return MakeRows({Text("value")}, {{value}}); }
plan::RelationPtr Value(bool value) { return MakeRows({Flag("value")}, {{value ? "true" : "false"}}); }
plan::RelationPtr Nothing() { return MakeRows({Text("value")}, {}); }

const std::vector<types::StructField> kTableColumns = {
    Text("name"),        Text("catalog"),   {"namespace", types::Array(types::String()), true},
    Text("description"), Text("tableType"), Flag("isTemporary")};
const std::vector<types::StructField> kDatabaseColumns = {Text("name"), Text("catalog"), Text("description"),
                                                          Text("locationUri")};

std::vector<Cell> TableRow(const catalog::Table& table) {
  return {table.name,
          "spark_catalog",
          table.database,
          table.comment.empty() ? Cell() : table.comment,
          !table.view_text.empty() ? "VIEW"
          : table.external         ? "EXTERNAL"
                                   : "MANAGED",
          "false"};
}
std::vector<Cell> ViewRow(const std::string& view) {
  return {view, std::nullopt, "", std::nullopt, "TEMPORARY", "true"};
}
std::vector<Cell> DatabaseRow(const catalog::Database& database) {
  return {database.name, "spark_catalog", database.description, "file:" + database.location};
}

bool TableExists(const Call& c) {
  auto name = c.TableName();
  if (name.size() == 1 && c.catalog().FindTempView(name[0])) return true;
  if (name.size() == 2 && name[0] == "global_temp") return c.catalog().FindGlobalTempView(name[1]) != nullptr;
  return c.catalog().FindTable(name).has_value();
}

plan::RelationPtr ListTables(const Call& c) {
  std::string database = c.Has("db_name") ? c.Argument("db_name") : c.catalog().current_database();
  if (!c.catalog().FindDatabase(database)) {
    throw base::Error(base::ErrorKind::kAnalysis, "SCHEMA_NOT_FOUND",
                      {{"schemaName", types::QuoteIdentifier({"spark_catalog", database})}});
  }
  std::vector<std::vector<Cell>> rows;
  for (const catalog::Table& table : c.catalog().Tables(database)) {
    if (MatchesPattern(c.Argument("pattern"), table.name)) rows.push_back(TableRow(table));
  }
  for (const std::string& view : c.catalog().TempViews()) {
    if (MatchesPattern(c.Argument("pattern"), view)) rows.push_back(ViewRow(view));
  }
  return MakeRows(kTableColumns, rows);
}

plan::RelationPtr GetTable(const Call& c) {
  auto name = c.TableName();
  if (name.size() == 1 && c.catalog().FindTempView(name[0])) return MakeRows(kTableColumns, {ViewRow(name[0])});
  return MakeRows(kTableColumns, {TableRow(RequireTable(c.session, name))});
}

plan::RelationPtr ListColumns(const Call& c) {
  auto name = c.TableName();
  logical::PlanPtr plan = c.session.Analyze(plan::MakeRelation(plan::NamedTable{name, {}, false}));
  auto table = c.catalog().FindTable(name);
  std::vector<std::vector<Cell>> rows;
  for (const logical::AttributePtr& column : plan->output) {
    bool partition = false;
    if (table) {
      for (const std::string& by : table->partition_by) partition |= by == column->name;
    }
    rows.push_back({column->name, std::nullopt, column->type->SimpleString(), column->nullable ? "true" : "false",
                    partition ? "true" : "false", "false", "false"});
  }
  return MakeRows({Text("name"), Text("description"), Text("dataType"), Flag("nullable"), Flag("isPartition"),
                   Flag("isBucket"), Flag("isCluster")},
                  rows);
}

plan::RelationPtr ListDatabases(const Call& c) {
  std::vector<std::vector<Cell>> rows;
  for (const catalog::Database& database : c.catalog().Databases()) {
    if (MatchesPattern(c.Argument("pattern"), database.name)) rows.push_back(DatabaseRow(database));
  }
  return MakeRows(kDatabaseColumns, rows);
}

plan::RelationPtr GetDatabase(const Call& c) {
  auto database = c.catalog().FindDatabase(c.Argument("db_name"));
  if (!database) {
    throw base::Error(base::ErrorKind::kAnalysis, "SCHEMA_NOT_FOUND",
                      {{"schemaName", types::QuoteIdentifier({"spark_catalog", c.Argument("db_name")})}});
  }
  return MakeRows(kDatabaseColumns, {DatabaseRow(*database)});
}

const std::vector<types::StructField> kFunctionColumns = {
    Text("name"),        Text("catalog"),   {"namespace", types::Array(types::String()), true},
    Text("description"), Text("className"), Flag("isTemporary")};

std::vector<Cell> FunctionRow(const functions::FunctionEntry& entry) {
  return {entry.name, std::nullopt, std::nullopt, entry.usage, "", "true"};
}

plan::RelationPtr ListFunctions(const Call& c) {
  std::vector<std::vector<Cell>> rows;
  for (const functions::FunctionEntry* entry : c.session.environment().functions.Entries()) {
    if (MatchesPattern(c.Argument("pattern"), entry->name)) rows.push_back(FunctionRow(*entry));
  }
  return MakeRows(kFunctionColumns, rows);
}

plan::RelationPtr GetFunction(const Call& c) {
  const auto* entry = c.session.environment().functions.Find(c.Argument("function_name"));
  if (!entry) {
    throw base::Error(base::ErrorKind::kAnalysis, "UNRESOLVED_ROUTINE",
                      {{"routineName", types::QuoteIdentifier({c.Argument("function_name")})},
                       {"searchPath", "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]"}});
  }
  return MakeRows(kFunctionColumns, {FunctionRow(*entry)});
}

plan::RelationPtr CreateTable(const Call& c) {
  plan::CreateTable command;
  command.name = types::ParseAttributeName(c.Argument("table_name"));
  command.format = c.Argument("source");
  command.location = c.Argument("path");
  command.schema = c.call.schema && !c.call.schema->fields().empty() ? c.call.schema : nullptr;
  command.options = c.call.options;
  command.comment = c.Argument("description");
  RunCreateTable(c.session, command, std::make_shared<base::CancellationToken>());
  return Nothing();
}

// The persistent views of a database and the session's own.
plan::RelationPtr ListViews(const Call& c) {
  std::string database = c.Has("db_name") ? c.Argument("db_name") : c.catalog().current_database();
  std::vector<std::vector<Cell>> rows;
  for (const catalog::Table& table : c.catalog().Tables(database)) {
    if (!table.view_text.empty() && MatchesPattern(c.Argument("pattern"), table.name)) rows.push_back(TableRow(table));
  }
  for (const std::string& view : c.catalog().TempViews()) {
    if (MatchesPattern(c.Argument("pattern"), view)) rows.push_back(ViewRow(view));
  }
  return MakeRows(kTableColumns, rows);
}

plan::RelationPtr CreateDatabase(const Call& c) {
  catalog::Database database;
  database.name = c.Argument("db_name");
  for (const auto& [key, value] : c.call.options) {
    if (key == "comment") {
      database.description = value;
    } else if (key == "location") {
      database.location = value;
    } else {
      throw base::Error::Unsupported("The database property " + key);
    }
  }
  c.catalog().CreateDatabase(std::move(database), c.Argument("if_not_exists") == "true");
  return Nothing();
}

plan::RelationPtr DropDatabase(const Call& c) {
  c.catalog().DropDatabase(c.Argument("db_name"), c.Argument("if_exists") == "true", c.Argument("cascade") == "true");
  return Nothing();
}

plan::RelationPtr Drop(const Call& c, const std::string& argument, bool view) {
  std::vector<std::string> name = types::ParseAttributeName(c.Argument(argument));
  auto found = c.catalog().FindTable(name);
  bool if_exists = c.Argument("if_exists") == "true";
  if (!found || found->view_text.empty() == view) {
    if (if_exists) return Nothing();
    if (name.size() == 1) name.insert(name.begin(), c.catalog().current_database());
    if (name.size() == 2) name.insert(name.begin(), "spark_catalog");
    throw base::Error(base::ErrorKind::kAnalysis, "TABLE_OR_VIEW_NOT_FOUND",
                      {{"relationName", types::QuoteIdentifier(name)}});
  }
  c.catalog().DropTable(name, if_exists);
  return Nothing();
}

plan::RelationPtr CacheTable(const Call& c, bool uncache) {
  RunCacheTable(c.session, {c.TableName(), nullptr, uncache, false});
  return Nothing();
}

plan::RelationPtr IsCached(const Call& c) {
  logical::PlanPtr plan = c.session.Analyze(plan::MakeRelation(plan::NamedTable{c.TableName(), {}, false}));
  Session::StorageLevel level = c.session.GetStorageLevel(plan);
  return Value(level.use_memory || level.use_disk);
}

using Handler = plan::RelationPtr (*)(const Call&);
const std::map<std::string, Handler>& Handlers() {
  static const auto* handlers = new std::map<std::string, Handler>{
      {"current_database", [](const Call& c) { return Value(c.catalog().current_database()); }},
      {"set_current_database",
       [](const Call& c) {
         c.catalog().SetCurrentDatabase(c.Argument("db_name"));
         return Nothing();
       }},
      {"list_databases", ListDatabases},
      {"list_tables", ListTables},
      {"list_columns", ListColumns},
      {"list_functions", ListFunctions},
      {"get_database", GetDatabase},
      {"get_table", GetTable},
      {"get_function", GetFunction},
      {"database_exists",
       [](const Call& c) { return Value(c.catalog().FindDatabase(c.Argument("db_name")).has_value()); }},
      {"table_exists", [](const Call& c) { return Value(TableExists(c)); }},
      {"function_exists",
       [](const Call& c) {
         return Value(c.session.environment().functions.Find(c.Argument("function_name")) != nullptr);
       }},
      {"create_table", CreateTable},
      {"list_views", ListViews},
      {"create_database", CreateDatabase},
      {"drop_database", DropDatabase},
      {"drop_table", [](const Call& c) { return Drop(c, "table_name", false); }},
      {"drop_view", [](const Call& c) { return Drop(c, "view_name", true); }},
      {"create_external_table", CreateTable},
      {"drop_temp_view", [](const Call& c) { return Value(c.catalog().DropTempView(c.Argument("view_name"))); }},
      {"drop_global_temp_view",
       [](const Call& c) { return Value(c.catalog().DropGlobalTempView(c.Argument("view_name"))); }},
      {"is_cached", IsCached},
      {"cache_table", [](const Call& c) { return CacheTable(c, false); }},
      {"uncache_table", [](const Call& c) { return CacheTable(c, true); }},
      {"refresh_table",
       [](const Call& c) {
         c.session.Analyze(plan::MakeRelation(plan::NamedTable{c.TableName(), {}, false}));
         return Nothing();
       }},
      {"refresh_by_path", [](const Call&) { return Nothing(); }},
      {"clear_cache",
       [](const Call& c) {
         c.session.ClearCache();
         return Nothing();
       }},
      {"current_catalog", [](const Call&) { return Value(std::string("spark_catalog")); }},
      {"set_current_catalog",
       [](const Call& c) {
         if (c.Argument("catalog_name") != "spark_catalog") {
           std::string name = c.Argument("catalog_name");
           throw base::Error(base::ErrorKind::kSpark, "CATALOG_NOT_FOUND",
                             {{"catalogName", types::QuoteIdentifier({name})},
                              {"config", fmt::format("\"spark.sql.catalog.{}\"", name)}});
         }
         return Nothing();
       }},
      {"list_catalogs",
       [](const Call&) {
         return MakeRows({Text("name"), Text("description")}, {{"spark_catalog", std::nullopt}});
       }},
  };
  return *handlers;
}

}  // namespace

plan::RelationPtr RunCatalogCall(Session& session, const plan::CatalogCall& call) {
  auto found = Handlers().find(call.name);
  if (found == Handlers().end()) throw base::Error::Unsupported("spark.catalog call " + call.name);
  return found->second(Call{session, call});
}

}  // namespace sluice::session
