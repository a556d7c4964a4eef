// The schema file of a store and the metadata file of a stateful operator.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/state_store.h"

namespace sluice::state {

/// Version 2: Java's writeUTF of "v2", then key and value schema as JSON in pieces.
std::string FormatSchemaFile(const StoreSchema& schema);
/// Reads versions 1 and 2. Throws kIllegalState for a damaged file.
StoreSchema ParseSchemaFile(std::string_view file);

/// Version 3, of a store with families.
std::string FormatFamilySchemaFile(const std::vector<ColumnFamily>& families);
/// Throws kIllegalState for a damaged file.
std::vector<ColumnFamily> ParseFamilySchemaFile(std::string_view file);

/// Types equal but for names, and nothing becomes nullable that was not: rows of `now` fit where
/// `stored` ones were.
bool SchemasCompatible(const types::DataType& now, const types::DataType& stored);
/// "StructType(StructField(k,StringType,true))", as Spark's errors show a schema.
std::string SchemaText(const types::DataType& type);

/// Version 1 of state/<op>/_metadata/metadata; version 2 of state/<op>/_metadata/v2/<batch> if the operator has
/// properties.
std::string FormatOperatorMetadata(const OperatorInfo& info);
/// Id, name, properties, and the stores' names, partitions and schema files; schemas are not in it. Throws
/// kIllegalState for a damaged file.
OperatorInfo ParseOperatorMetadata(std::string_view file);

}  // namespace sluice::state
