// What every file format offers: schema inference, readers of file slices, writers of files.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/sql_conf.h"
#include "formats/source_filter.h"
#include "types/data_type.h"

namespace sluice::formats {

/// Reader and writer options; names are compared without case.
using Options = std::map<std::string, std::string>;

/// A byte range of a local file. A reader of lines takes the lines that begin after `start` (or at 0) and not after
/// start + length; other formats take the row groups or stripes whose middle lies in the range.
struct FileSlice {
  std::string path;
  int64_t start = 0;
  int64_t length = 0;
  int64_t file_size = 0;

  bool whole() const { return start == 0 && length >= file_size; }
};

struct FileReadRequest {
  types::TypePtr data_schema;         ///< all columns that the files are said to hold (without partition columns)
  types::TypePtr columns;             ///< those wanted, in order, a subset of data_schema; may be empty
  std::vector<SourceFilter> filters;  ///< conjuncts; a reader may leave out rows that one of them is not true for
  int64_t batch_rows = 16384;
};

/// Reads one slice. Not thread safe.
class FileReader {
 public:
  virtual ~FileReader() = default;
  /// The next rows, with exactly the columns asked for; null at the end.
  virtual std::shared_ptr<arrow::RecordBatch> Next() = 0;
};
using FileReaderPtr = std::unique_ptr<FileReader>;

/// Writes one file.
class FileWriter {
 public:
  virtual ~FileWriter() = default;
  virtual void Write(const arrow::RecordBatch& batch) = 0;
  /// Ends the file; with `sync` its bytes are on the disk when this returns. Gives the file's size.
  virtual int64_t Close(bool sync) = 0;
};
using FileWriterPtr = std::unique_ptr<FileWriter>;

/// A format with its options bound. Immutable and thread safe.
class FileFormat {
 public:
  virtual ~FileFormat() = default;
  /// As in error messages: "CSV", "Parquet".
  virtual std::string name() const = 0;
  /// Whether columns of a type can be read or written.
  virtual bool SupportsType(const types::DataType& type, bool read) const = 0;
  /// The schema of the files' data, null if it can't be told from these files.
  virtual types::TypePtr InferSchema(const std::vector<FileSlice>& files) const = 0;
  virtual bool Splittable(const std::string& path) const = 0;
  virtual FileReaderPtr OpenReader(const FileSlice& slice, const FileReadRequest& request) const = 0;
  /// Refuses schemas and options that can't be written.
  virtual void CheckWrite(const types::DataType& schema) const {}
  virtual FileWriterPtr OpenWriter(const std::string& path, const types::TypePtr& schema) const = 0;
  /// With the dot and the compression's part: ".csv.gz", ".snappy.parquet".
  virtual std::string Extension() const = 0;
};
using FileFormatPtr = std::shared_ptr<const FileFormat>;

/// Where a format's options come from: what the user gave and the session's configuration.
struct FormatContext {
  Options options;
  const base::SqlConf* conf = nullptr;
};

}  // namespace sluice::formats
