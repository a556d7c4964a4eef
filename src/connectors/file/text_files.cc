// The format "text": files as tables, streams and sinks.
#include "connectors/file/file_table.h"
#include "formats/text/text_format.h"

namespace sluice::connectors {

SLUICE_REGISTER(ConnectorRegistry, TextFiles) {
  DataSourceEntry entry;
  entry.name = "text";
  entry.aliases = {"org.apache.spark.sql.execution.datasources.text.TextFileFormat"};
  entry.usage = "Files in the format text, as a table, a stream of new files, or a sink.";
  AddFileFormat(registry, std::move(entry), formats::MakeTextFormat);
}

}  // namespace sluice::connectors
