// Reads row groups of Parquet files.
#pragma once

#include <parquet/arrow/reader.h>

#include <memory>
#include <string>

#include "formats/file_format.h"

namespace sluice::formats {

/// Opens a file for reading batches of `batch_rows` rows. Arrow's error on failure.
arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquet(const std::string& path, int64_t batch_rows);

FileReaderPtr OpenParquetReader(const FileSlice& slice, const FileReadRequest& request, bool case_sensitive);

/// False if by the statistics of a row group no row of it can fulfil the filter, a leaf on the column.
bool MayMatch(const parquet::RowGroupMetaData& row_group, int column, const SourceFilter& filter,
              const types::DataType& type);

}  // namespace sluice::formats
