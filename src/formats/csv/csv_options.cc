// Reads and checks the options of CSV files as CSVOptions does.
#include "formats/csv/csv_options.h"

#include <fmt/format.h>

#include <cctype>

#include "base/error.h"

namespace sluice::formats {
namespace {

using base::Error;
using base::ErrorKind;

void AppendUtf8(unsigned code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xc0 | code >> 6);
    *out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *out += static_cast<char>(0xe0 | code >> 12);
    *out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// CSVExprUtils.toChar: one character or one escape sequence.
void AppendDelimiterPart(std::string_view part, std::string* out) {
  if (part == "\\") throw Error(ErrorKind::kIllegalArgument, "INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH");
  if (part.size() < 2 || part[0] != '\\') {
    out->append(part);
    return;
  }
  if (part.starts_with("\\u") && part.size() == 6) {
    AppendUtf8(static_cast<unsigned>(std::stoul(std::string(part.substr(2)), nullptr, 16)), out);
    return;
  }
  switch (part[1]) {
    case 't':
      *out += '\t';
      return;
    case 'r':
      *out += '\r';
      return;
    case 'b':
      *out += '\b';
      return;
    case 'f':
      *out += '\f';
      return;
    case '"':
    case '\'':
    case '\\':
      *out += part[1];
      return;
    default:
      throw Error(ErrorKind::kIllegalArgument, "INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER",
                  {{"str", std::string(part)}});
  }
}

// CSVExprUtils.toDelimiterStr.
std::string ParseDelimiter(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t size = 1;
    if (text[at] == '\\') {
      if (at + 1 == text.size()) {
        throw Error(ErrorKind::kIllegalArgument, "INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH");
      }
      bool unicode = text[at + 1] == 'u' && at + 6 <= text.size();
      for (size_t i = at + 2; unicode && i < at + 6; ++i) {
        unicode = std::isxdigit(static_cast<unsigned char>(text[i]));
      }
      size = unicode ? 6 : 2;
    }
    AppendDelimiterPart(std::string_view(text).substr(at, size), &out);
    at += size;
  }
  if (out.empty()) throw Error(ErrorKind::kIllegalArgument, "INVALID_DELIMITER_VALUE.EMPTY_STRING");
  return out;
}

UnescapedQuote ParseUnescapedQuote(std::string name) {
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (name == "STOP_AT_CLOSING_QUOTE") return UnescapedQuote::kStopAtClosingQuote;
  if (name == "BACK_TO_DELIMITER") return UnescapedQuote::kBackToDelimiter;
  if (name == "STOP_AT_DELIMITER") return UnescapedQuote::kStopAtDelimiter;
  if (name == "SKIP_VALUE") return UnescapedQuote::kSkipValue;
  if (name == "RAISE_ERROR") return UnescapedQuote::kRaiseError;
  throw Error::Plain(ErrorKind::kIllegalArgument,
                     fmt::format("No enum constant com.univocity.parsers.csv.UnescapedQuoteHandling.{}", name));
}

std::string LineSeparator(const OptionReader& options) {
  auto text = options.Find("lineSep");
  if (!text) return "";
  if (text->empty()) {
    throw Error::Plain(ErrorKind::kIllegalArgument, "requirement failed: 'lineSep' cannot be an empty string.");
  }
  if (text->size() > 2) {
    throw Error::Plain(ErrorKind::kIllegalArgument, "requirement failed: 'lineSep' can contain only 1 character.");
  }
  return *text;
}

}  // namespace

CsvOptions::CsvOptions(const FormatContext& context) {
  OptionReader options(context);
  dialect.delimiter = ParseDelimiter(options.Get("sep", options.Get("delimiter", ",")));
  mode = ParseModeOf(options);
  corrupt_column = CorruptColumnOf(options);
  encoding = EncodingOf(options, "CSVOptions");
  dialect.quote = options.GetChar("quote", '"');
  dialect.escape = options.GetChar("escape", '\\');
  char otherwise = dialect.quote == dialect.escape ? '\0' : dialect.escape;
  dialect.escape_escape = otherwise;
  if (auto text = options.Find("charToEscapeQuoteEscaping"); text && !text->empty()) {
    dialect.escape_escape = options.GetChar("charToEscapeQuoteEscaping", '\0');
  }
  dialect.comment = options.GetChar("comment", '\0');
  header = options.GetFlag("header", false);
  infer_schema = options.GetFlag("inferSchema", false);
  dialect.ignore_leading_space = options.GetFlag("ignoreLeadingWhiteSpace", false);
  dialect.ignore_trailing_space = options.GetFlag("ignoreTrailingWhiteSpace", false);
  trim_leading = options.GetFlag("ignoreLeadingWhiteSpace", true);
  trim_trailing = options.GetFlag("ignoreTrailingWhiteSpace", true);
  multi_line = options.GetBoolean("multiLine", false);
  filters = options.ConfBoolean("spark.sql.csv.filterPushdown.enabled", true);
  column_pruning = options.GetFlag(
      "columnPruning", !multi_line && options.ConfBoolean("spark.sql.csv.parser.columnPruning.enabled", true));
  null_value = options.Get("nullValue", "");
  nan_value = options.Get("nanValue", "NaN");
  positive_inf = options.Get("positiveInf", "Inf");
  negative_inf = options.Get("negativeInf", "-Inf");
  if (auto codec = options.Find("compression"); codec || (codec = options.Find("codec"))) {
    compression = ParseCompression(*codec);
  }
  prefer_date = options.GetFlag("preferDate", true);
  dialect.max_columns = options.GetInt("maxColumns", 20480);
  dialect.max_chars = options.GetInt("maxCharsPerColumn", -1);
  escape_quotes = options.GetFlag("escapeQuotes", true);
  quote_all = options.GetFlag("quoteAll", false);
  options.GetInt("inputBufferSize", 0);  // univocity's read buffer: nothing depends on it, but its form is checked
  sampling_ratio = options.GetDouble("samplingRatio", 1.0);
  enforce_schema = options.GetFlag("enforceSchema", true);
  auto empty = options.Find("emptyValue");
  dialect.empty_value = empty.value_or("");
  empty_value_written = empty.value_or("\"\"");
  dialect.line_separator = LineSeparator(options);
  dialect.unescaped_quote = ParseUnescapedQuote(options.Get("unescapedQuoteHandling", "STOP_AT_DELIMITER"));
  extension = options.Get("extension", "csv");
  options.Refuse("singleVariantColumn");
}

bool CsvOptions::Prunes(const types::DataType& wanted) const {
  return column_pruning && !wanted.FieldIndex(corrupt_column, true);
}

}  // namespace sluice::formats
