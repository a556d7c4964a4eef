// Partition columns in the names of folders: "day=2024-01-01/city=K%C3%B6ln".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/file/file_listing.h"
#include "types/literal.h"

namespace sluice::connectors {

inline constexpr std::string_view kNullPartition = "__HIVE_DEFAULT_PARTITION__";

/// The name of a column or a value as a folder's name has it, special characters as %XX.
std::string EscapePartitionName(std::string_view text);

/// Columns and values of the folders between a file's base and the file, unescaped but for %XX in values. Folders above
/// one without '=' don't count. Throws for an empty name or value.
std::vector<std::pair<std::string, std::string>> PartitionOf(const ListedFile& file);

/// The partition columns of the files: those of `given` (may be null) with its names and types, others with the type
/// that fits all values (string without `infer`). Throws if folders contradict each other or a value does not fit.
std::vector<types::StructField> PartitionColumns(const std::vector<ListedFile>& files, const types::TypePtr& given,
                                                 bool infer, const std::string& time_zone);

/// A folder's value as a constant of the type. Throws INVALID_PARTITION_VALUE.
types::Literal ParsePartitionValue(const std::string& column, const std::string& value, const types::TypePtr& type,
                                   const types::TimeZone& zone);

}  // namespace sluice::connectors
