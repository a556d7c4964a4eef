// The format "json": files as tables, streams and sinks.
#include "connectors/file/file_table.h"
#include "formats/json/json_format.h"

namespace sluice::connectors {

SLUICE_REGISTER(ConnectorRegistry, JsonFiles) {
  DataSourceEntry entry;
  entry.name = "json";
  entry.aliases = {"org.apache.spark.sql.execution.datasources.json.JsonFileFormat"};
  entry.usage = "Files in the format json, as a table, a stream of new files, or a sink.";
  AddFileFormat(registry, std::move(entry), formats::MakeJsonFormat);
}

}  // namespace sluice::connectors
