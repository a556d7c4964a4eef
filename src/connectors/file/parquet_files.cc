// The format "parquet": files as tables, streams and sinks.
#include "connectors/file/file_table.h"
#include "formats/parquet/parquet_format.h"

namespace sluice::connectors {

SLUICE_REGISTER(ConnectorRegistry, ParquetFiles) {
  DataSourceEntry entry;
  entry.name = "parquet";
  entry.aliases = {"org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat"};
  entry.usage = "Files in the format parquet, as a table, a stream of new files, or a sink.";
  AddFileFormat(registry, std::move(entry), formats::MakeParquetFormat);
}

}  // namespace sluice::connectors
