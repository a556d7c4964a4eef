// Schema inference of CSV files.
#pragma once

#include <vector>

#include "formats/csv/csv_options.h"
#include "formats/csv/token_table.h"
#include "formats/file_format.h"

namespace sluice::formats {

/// Names from the header (or _c0, _c1, …) and types from the values if inferSchema is on, else strings; null if there
/// is no file, no columns if no file has a line.
types::TypePtr InferCsvSchema(const std::vector<FileSlice>& files, const CsvOptions& options,
                              const OptionReader& reader);

/// The type of one record, its fields named _c0, _c1, … (schema_of_csv).
types::TypePtr InferCsvRecord(const std::vector<TokenView>& tokens, const CsvOptions& options,
                              const OptionReader& reader);

/// The type that values of both types can be read as, as CSV inference merges them; shared with partition values.
types::TypePtr MergeCsvTypes(const types::TypePtr& a, const types::TypePtr& b);

}  // namespace sluice::formats
