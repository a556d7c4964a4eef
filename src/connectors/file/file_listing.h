// Which files a path of a file table or stream stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/sql_conf.h"
#include "plan/relation.h"
#include "types/data_type.h"

namespace sluice::connectors {

struct ListedFile {
  std::string path;  ///< absolute
  int64_t size = 0;
  int64_t modified_ms = 0;
  size_t base = 0;  ///< length of the part of `path` below which folders are partition columns
};

/// Options of listing: recursiveFileLookup, pathGlobFilter, modifiedBefore, modifiedAfter, basePath.
struct ListingOptions {
  bool recursive = false;
  std::string name_glob;
  std::optional<int64_t> modified_before_ms, modified_after_ms;
  std::string base_path;      ///< as it was given
  bool read_sink_log = true;  ///< a folder that a file sink wrote is read through its log
};
/// Throws Spark's errors for values that don't fit.
ListingOptions ParseListingOptions(const plan::Options& options, const base::SqlConf* conf);

/// A flag of a reader, read like Scala's String.toBoolean: `For input string: "x"` for other texts.
bool BooleanOption(const plan::Options& options, const char* name, bool otherwise);

/// The files below the paths (which may hold globs), in Spark's order, without hidden ones (names that begin with '_'
/// or
/// '.'). Folders are entered if some of them are partitions, or with recursiveFileLookup. Throws PATH_NOT_FOUND unless
/// `missing_is_empty`.
std::vector<ListedFile> ListFiles(const std::vector<std::string>& paths, const ListingOptions& options,
                                  bool missing_is_empty);

/// True if a folder is a file sink's, to be read through its log.
bool HasSinkLog(const std::string& path);

/// Throws if a file is not below the base path ("Wrong basePath …").
void CheckBasePath(const std::string& base_path, const std::string& file);

/// A name that Spark passes over when it lists.
bool IsHiddenName(const std::string& name);

/// "file:///a/b%20c": how logs and input_file_name() name a local file.
std::string ToFileUri(const std::string& path);
std::string FromFileUri(const std::string& uri);

}  // namespace sluice::connectors
