// CREATE TABLE, DROP TABLE and what makes tables.
#include <fmt/format.h>

#include <filesystem>

#include "base/durable_file.h"
#include "base/error.h"
#include "session/commands.h"

namespace sluice::session {

catalog::Table RequireTable(Session& session, const std::vector<std::string>& name) {
  auto table = session.catalog().FindTable(name);
  if (!table) {
    throw base::Error(base::ErrorKind::kAnalysis, "TABLE_OR_VIEW_NOT_FOUND",
                      {{"relationName", types::QuoteIdentifier(name)}});
  }
  return *table;
}

bool MakeTable(Session& session, const std::vector<std::string>& name, catalog::Table table) {
  if (session.catalog().FindTable(name)) return false;
  table.name = name.back();
  table.database = name.size() > 1 ? name[name.size() - 2] : session.catalog().current_database();
  if (table.format.empty()) table.format = session.conf().GetString("spark.sql.sources.default");
  session.connectors().Get(table.format);
  table.external = !table.location.empty();
  if (table.location.empty()) {
    std::string folder = table.name;
    for (char& c : folder) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    table.location = table.database == "default"
                         ? fmt::format("{}/{}", session.catalog().warehouse(), folder)
                         : fmt::format("{}/{}.db/{}", session.catalog().warehouse(), table.database, folder);
  }
  table.location = base::LocalPath(table.location);
  std::filesystem::create_directories(table.location);
  // As in Spark, partition columns stand behind the data columns.
  std::vector<types::StructField> data, partitions;
  for (const types::StructField& field : table.schema->fields()) {
    bool partition = false;
    for (const std::string& column : table.partition_by) {
      partition |= types::Struct({field})->FieldIndex(column).has_value();
    }
    (partition ? partitions : data).push_back(field);
  }
  data.insert(data.end(), partitions.begin(), partitions.end());
  table.schema = types::AsNullable(types::Struct(std::move(data)));
  session.catalog().CreateTable(std::move(table), false);
  return true;
}

void RunCreateTable(Session& session, const plan::CreateTable& command, const base::CancellationPtr& cancellation) {
  if (session.catalog().FindTable(command.name)) {
    if (command.if_not_exists) return;
    if (!command.or_replace) {
      std::string database =
          command.name.size() > 1 ? command.name[command.name.size() - 2] : session.catalog().current_database();
      throw base::Error(base::ErrorKind::kAnalysis, "TABLE_OR_VIEW_ALREADY_EXISTS",
                        {{"relationName", types::QuoteIdentifier({"spark_catalog", database, command.name.back()})}});
    }
    session.catalog().DropTable(command.name, true);
  }
  catalog::Table table;
  table.format = command.format;
  table.options = command.options;
  table.properties = command.properties;
  table.location = command.location;
  table.partition_by = command.partition_by;
  table.comment = command.comment;
  table.schema = command.schema;
  if (command.as_select) {
    table.schema = session.Analyze(command.as_select)->Schema();
  } else if (!table.schema) {
    connectors::ReadSpec spec;
    spec.format = command.format;
    spec.options = command.options;
    if (!command.location.empty()) spec.paths = {command.location};
    spec.conf = &session.conf();
    const auto& entry = session.connectors().Get(spec.format);
    if (!entry.read) throw base::Error::Unsupported("CREATE TABLE USING " + command.format);
    table.schema = entry.read(spec)->schema();
  }
  MakeTable(session, command.name, std::move(table));
  if (!command.as_select) return;
  plan::WriteOperation write;
  write.input = command.as_select;
  write.table = command.name;
  write.insert_into = true;
  write.mode = plan::SaveMode::kAppend;
  RunWrite(session, write, cancellation);
}

void RunDropTable(Session& session, const plan::DropTable& command) {
  if (command.name.size() == 1 && session.catalog().DropTempView(command.name[0])) return;
  if (command.name.size() == 2 && command.name[0] == "global_temp" &&
      session.catalog().DropGlobalTempView(command.name[1])) {
    return;
  }
  session.catalog().DropTable(command.name, command.if_exists);
}

}  // namespace sluice::session
