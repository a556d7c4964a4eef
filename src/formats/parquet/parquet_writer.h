// Writes Parquet files that Spark reads as its own.
#pragma once

#include <arrow/util/compression.h>

#include "formats/file_format.h"

namespace sluice::formats {

struct ParquetWriteOptions {
  arrow::Compression::type compression = arrow::Compression::SNAPPY;
  bool int96 = true;    ///< timestamps as INT96
  bool millis = false;  ///< else as milliseconds instead of microseconds
  bool dictionary = true;
  int64_t block_size = 128 << 20;
  int64_t page_size = 1 << 20;
};

FileWriterPtr OpenParquetWriter(const std::string& path, const types::TypePtr& schema,
                                const ParquetWriteOptions& options);

}  // namespace sluice::formats
