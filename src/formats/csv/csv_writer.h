// Writes CSV files.
#pragma once

#include "formats/csv/csv_options.h"
#include "formats/datetime_values.h"
#include "formats/file_format.h"

namespace sluice::formats {

/// Puts values into CSV rows with the quoting of univocity's writer. Not thread safe.
class CsvRowWriter {
 public:
  explicit CsvRowWriter(const CsvOptions& options);

  /// Appends one value of a row, quoted where it must be; `value` null for a missing one.
  void Append(bool first, const std::string* value, std::string* out);
  /// Ends the row that was begun at `start` of `out`; a row of nothing is left out.
  void EndRow(size_t start, std::string* out) const;

 private:
  bool IsTrigger(char c) const;
  bool StartsDelimiter(std::string_view text, size_t at) const;
  bool NeedsQuotes(std::string_view text, size_t from) const;
  void AppendQuoted(std::string_view text, std::string* out) const;

  const CsvOptions& options_;
  std::string line_separator_;
};

FileWriterPtr OpenCsvWriter(const std::string& path, const types::TypePtr& schema, const CsvOptions& options,
                            const OptionReader& reader);

}  // namespace sluice::formats
