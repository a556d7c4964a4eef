// The format "csv": files as tables, streams and sinks.
#include "connectors/file/file_table.h"
#include "formats/csv/csv_format.h"

namespace sluice::connectors {

SLUICE_REGISTER(ConnectorRegistry, CsvFiles) {
  DataSourceEntry entry;
  entry.name = "csv";
  entry.aliases = {"org.apache.spark.sql.execution.datasources.csv.CsvFileFormat"};
  entry.usage = "Files in the format csv, as a table, a stream of new files, or a sink.";
  AddFileFormat(registry, std::move(entry), formats::MakeCsvFormat);
}

}  // namespace sluice::connectors
