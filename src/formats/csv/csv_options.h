// The options of CSV files.
#pragma once

#include <string>

#include "formats/compression.h"
#include "formats/option_reader.h"

namespace sluice::formats {

/// What to do with a quote inside a quoted value that is not escaped (univocity's UnescapedQuoteHandling).
enum class UnescapedQuote { kStopAtClosingQuote, kBackToDelimiter, kStopAtDelimiter, kSkipValue, kRaiseError };

/// How CSV text is cut into tokens: all that a tokenizer needs.
struct CsvDialect {
  std::string delimiter = ",";
  char quote = '"';  ///< NUL = none
  char escape = '\\';
  char escape_escape = '\\';   ///< escapes the escape in front of a quote; NUL = none
  char comment = '\0';         ///< NUL = none
  std::string line_separator;  ///< empty = \n, \r\n or \r
  bool ignore_leading_space = false, ignore_trailing_space = false;
  UnescapedQuote unescaped_quote = UnescapedQuote::kStopAtDelimiter;
  int max_columns = 20480;
  int max_chars = -1;
  std::string empty_value;  ///< what "" between quotes reads as
};

struct CsvOptions {
  explicit CsvOptions(const FormatContext& context);

  CsvDialect dialect;
  ParseMode mode = ParseMode::kPermissive;
  std::string corrupt_column;
  std::string encoding = "UTF-8";
  bool header = false;
  bool infer_schema = false;
  bool enforce_schema = true;
  bool multi_line = false;
  bool column_pruning = true;
  bool filters = true;  ///< rows are left out by the query's filters
  bool prefer_date = true;
  double sampling_ratio = 1.0;
  std::string null_value;
  std::string nan_value = "NaN", positive_inf = "Inf", negative_inf = "-Inf";

  // Writing.
  CompressionKind compression = CompressionKind::kNone;
  bool quote_all = false;
  bool escape_quotes = true;
  bool trim_leading = true, trim_trailing = true;
  std::string empty_value_written = "\"\"";
  std::string extension = "csv";

  /// Whether only the wanted columns are looked at: then rows of a wrong length are not malformed.
  bool Prunes(const types::DataType& wanted) const;
};

}  // namespace sluice::formats
