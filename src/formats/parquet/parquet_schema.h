// Parquet schemas ↔ Spark schemas.
#pragma once

#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <string>

#include "types/data_type.h"

namespace sluice::formats {

/// What Spark stores a file's schema under.
constexpr char kSparkSchemaKey[] = "org.apache.spark.sql.parquet.row.metadata";

/// The schema of a file: Spark's own if a Spark wrote it, else by the columns' types.
types::TypePtr SchemaOfParquet(const parquet::arrow::FileReader& reader);

/// The type of one column by what the file says of it, all parts nullable. Throws for types that Spark can't read.
types::TypePtr TypeOfParquetField(const parquet::arrow::SchemaField& field, const parquet::SchemaDescriptor& schema);

/// "INT64", "BINARY", as Spark's messages name a column's type.
std::string PhysicalName(const parquet::arrow::SchemaField& field, const parquet::SchemaDescriptor& schema);

/// The schema that Spark would write; timestamps of the session's zone are INT96 with `int96`.
std::shared_ptr<parquet::schema::GroupNode> ParquetSchemaOf(const arrow::Schema& schema, bool int96, bool millis);

}  // namespace sluice::formats
