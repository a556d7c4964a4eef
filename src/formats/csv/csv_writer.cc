// CSV rows as Spark's UnivocityGenerator writes them.
#include "formats/csv/csv_writer.h"

#include <arrow/record_batch.h>

#include "formats/text_output.h"
#include "formats/value_text.h"

namespace sluice::formats {
namespace {

bool IsSpace(char c) { return static_cast<unsigned char>(c) <= ' '; }

class CsvWriter : public FileWriter {
 public:
  CsvWriter(const std::string& path, types::TypePtr schema, const CsvOptions& options, const OptionReader& reader)
      : schema_(std::move(schema)),
        options_(options),
        datetimes_(reader),
        rows_(options_),
        output_(path, options.compression, options.encoding) {
    if (!options_.header) return;
    std::string& text = output_.text();
    size_t start = text.size();
    for (size_t i = 0; i < schema_->fields().size(); ++i) rows_.Append(i == 0, &schema_->fields()[i].name, &text);
    rows_.EndRow(start, &text);
  }

  void Write(const arrow::RecordBatch& batch) override {
    std::string value;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      std::string& text = output_.text();
      size_t start = text.size();
      for (int i = 0; i < batch.num_columns(); ++i) {
        const arrow::Array& column = *batch.column(i);
        if (column.IsNull(row)) {
          rows_.Append(i == 0, nullptr, &text);
          continue;
        }
        value.clear();
        AppendPlainValue(*schema_->fields()[i].type, column, row, datetimes_, &value);
        rows_.Append(i == 0, &value, &text);
      }
      rows_.EndRow(start, &text);
      output_.FlushIfFull();
    }
  }

  int64_t Close(bool sync) override { return output_.Close(sync); }

 private:
  types::TypePtr schema_;
  CsvOptions options_;
  DateTimeWriter datetimes_;
  CsvRowWriter rows_;
  TextOutput output_;
};

}  // namespace

CsvRowWriter::CsvRowWriter(const CsvOptions& options)
    : options_(options),
      line_separator_(options.dialect.line_separator.empty() ? "\n" : options.dialect.line_separator) {}

bool CsvRowWriter::IsTrigger(char c) const {
  return c == '\n' || c == '\r' || (options_.escape_quotes && c == options_.dialect.quote) ||
         (!options_.dialect.line_separator.empty() &&
          (options_.dialect.line_separator.find(c) != std::string::npos || c == '\0'));
}

bool CsvRowWriter::StartsDelimiter(std::string_view text, size_t at) const {
  return text[at] == options_.dialect.delimiter[0] && text.substr(at).starts_with(options_.dialect.delimiter);
}

// Whether something from `from` on can only stand between quotes.
bool CsvRowWriter::NeedsQuotes(std::string_view text, size_t from) const {
  for (size_t i = from; i < text.size(); ++i) {
    if (StartsDelimiter(text, i) || IsTrigger(text[i])) return true;
  }
  return false;
}

void CsvRowWriter::AppendQuoted(std::string_view text, std::string* out) const {
  const CsvDialect& dialect = options_.dialect;
  *out += dialect.quote;
  for (char c : text) {
    if (c == dialect.quote) {
      *out += dialect.escape;
    } else if (c == dialect.escape && dialect.escape_escape != '\0') {
      *out += dialect.escape_escape;
    }
    *out += c;
  }
  *out += dialect.quote;
}

void CsvRowWriter::Append(bool first, const std::string* value, std::string* out) {
  const CsvDialect& dialect = options_.dialect;
  if (!first) *out += dialect.delimiter;
  std::string_view text = value ? std::string_view(*value) : std::string_view(options_.null_value);
  bool stands_in = value == nullptr;  // for a null or an empty value
  size_t begin = 0;
  if (value && options_.trim_leading) {
    while (begin < text.size() && IsSpace(text[begin])) ++begin;
  }
  if (value && begin == text.size()) {
    text = options_.empty_value_written;
    stands_in = true;
    begin = 0;
  }
  size_t end = text.size();
  if (options_.trim_trailing) {
    while (end > begin && IsSpace(text[end - 1])) --end;
  }
  const bool has_quote = dialect.quote != '\0';
  bool quoted = options_.quote_all;
  char comment = dialect.comment == '\0' ? '#' : dialect.comment;
  if (begin < text.size() && ((has_quote && text[begin] == dialect.quote) || (first && text[0] == comment)))
    quoted = true;
  std::string_view trimmed = text.substr(begin, end - begin);
  if (quoted && stands_in && text.size() >= 2 && text.front() == dialect.quote && text.back() == dialect.quote) {
    *out += text;
    return;
  }
  // An escape or quote alone does not call for quotes, unless something behind it does.
  if (quoted || NeedsQuotes(text, begin)) {
    AppendQuoted(trimmed, out);
  } else {
    *out += trimmed;
  }
}

void CsvRowWriter::EndRow(size_t start, std::string* out) const {
  if (out->size() > start) *out += line_separator_;
}

FileWriterPtr OpenCsvWriter(const std::string& path, const types::TypePtr& schema, const CsvOptions& options,
                            const OptionReader& reader) {
  return std::make_unique<CsvWriter>(path, schema, options, reader);
}

}  // namespace sluice::formats
