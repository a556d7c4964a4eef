// Reads a slice of a CSV file.
#pragma once

#include <memory>

#include "formats/csv/csv_converter.h"
#include "formats/csv/csv_options.h"
#include "formats/csv/token_table.h"
#include "formats/file_format.h"

namespace sluice::formats {

FileReaderPtr OpenCsvReader(const FileSlice& slice, const FileReadRequest& request, const CsvOptions& options,
                            const OptionReader& reader);

/// The tokens of a file: lines, or records over several lines.
std::unique_ptr<TokenSource> OpenTokens(const FileSlice& slice, const CsvOptions& options, TokenSelection selection);

}  // namespace sluice::formats
