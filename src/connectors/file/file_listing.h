// Which files a path of a file table or stream stands for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plan/relation.h"
#include "types/data_type.h"

namespace sluice::connectors {

struct ListedFile {
  std::string path;  ///< absolute
  int64_t size = 0;
  int64_t modified_ms = 0;
  std::vector<std::pair<std::string, std::string>> partition;  ///< k=v folders, values unescaped
};

/// Options of listing: recursiveFileLookup, pathGlobFilter.
struct ListingOptions {
  bool recursive = false;
  std::string name_glob;
};
ListingOptions ParseListingOptions(const plan::Options& options);

/// Files below the paths (which may hold globs), without hidden ones (names that begin with '_' or '.'). A folder that
/// a file sink wrote is read through its _spark_metadata log. Throws PATH_NOT_FOUND unless `missing_is_empty`.
std::vector<ListedFile> ListFiles(const std::vector<std::string>& paths, const ListingOptions& options,
                                  bool missing_is_empty);

/// "file:///a/b%20c": how logs name a local file.
std::string ToFileUri(const std::string& path);
std::string FromFileUri(const std::string& uri);

/// The partition columns of the files with their inferred types (int, bigint, double, date or string), in folder order.
std::vector<types::StructField> PartitionColumns(const std::vector<ListedFile>& files, bool infer_types);

/// A value as a folder name has it, special characters as %XX.
std::string EscapePartitionValue(const std::string& value);
inline constexpr const char* kNullPartition = "__HIVE_DEFAULT_PARTITION__";

}  // namespace sluice::connectors
