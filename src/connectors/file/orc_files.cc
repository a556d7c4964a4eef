// The format "orc": files as tables, streams and sinks.
#include "connectors/file/file_table.h"
#include "formats/orc/orc_format.h"

namespace sluice::connectors {

SLUICE_REGISTER(ConnectorRegistry, OrcFiles) {
  DataSourceEntry entry;
  entry.name = "orc";
  entry.aliases = {"org.apache.spark.sql.execution.datasources.orc.OrcFileFormat"};
  entry.usage = "Files in the format orc, as a table, a stream of new files, or a sink.";
  AddFileFormat(registry, std::move(entry), formats::MakeOrcFormat);
}

}  // namespace sluice::connectors
