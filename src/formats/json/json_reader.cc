// Rows of JSON files in Spark's three parse modes: a document a line, or a file.
#include "formats/json/json_reader.h"

#include <simdjson.h>

#include "base/error.h"
#include "formats/byte_input.h"
#include "formats/json/json_parser.h"
#include "formats/line_blocks.h"
#include "formats/utf8_repair.h"

namespace sluice::formats {
namespace {

constexpr int64_t kMaxBatchBytes = 64 << 20;
constexpr int64_t kRowsBetweenChecks = 256;

// The wanted columns without the one for bad records.
types::TypePtr ParsedSchema(const types::DataType& wanted, const std::string& corrupt_column) {
  std::vector<types::StructField> fields;
  for (const types::StructField& field : wanted.fields()) {
    if (field.name != corrupt_column) fields.push_back(field);
  }
  return types::Struct(std::move(fields));
}

// Gives one document after the other.
class Documents {
 public:
  virtual ~Documents() = default;
  virtual bool Next(std::string_view* document) = 0;
  virtual bool padded() const = 0;
};

class LineDocuments : public Documents {
 public:
  LineDocuments(const FileSlice& slice, const JsonOptions& options)
      : default_ends_(options.line_separator.empty()),
        separator_(options.line_separator),
        blocks_(slice, options.line_separator, options.encoding) {}

  bool Next(std::string_view* document) override {
    while (block_.empty()) {
      if (!blocks_.Next(&block_)) return false;
      has_returns_ = default_ends_ && std::memchr(block_.data(), '\r', block_.size()) != nullptr;
    }
    if (has_returns_) {
      *document = TakeLine(&block_);
      return true;
    }
    size_t end = separator_.size() > 1 ? block_.find(separator_)
                                       : static_cast<const char*>(std::memchr(
                                             block_.data(), default_ends_ ? '\n' : separator_[0], block_.size())) -
                                             block_.data();
    *document = block_.substr(0, end);
    block_.remove_prefix(end + (default_ends_ ? 1 : separator_.size()));
    return true;
  }
  // Only behind \n and \r the short way stops by itself.
  bool padded() const override { return default_ends_; }

 private:
  bool default_ends_;
  std::string separator_;
  LineBlocks blocks_;
  std::string_view block_;
  bool has_returns_ = false;
};

class WholeFile : public Documents {
 public:
  WholeFile(const FileSlice& slice, const JsonOptions& options)
      : text_(ReadAll(*OpenInput(slice.path, 0, options.encoding))) {}

  bool Next(std::string_view* document) override {
    if (given_) return false;
    given_ = true;
    *document = text_;
    return true;
  }
  bool padded() const override { return false; }

 private:
  std::string text_;
  bool given_ = false;
};

class JsonReader : public FileReader {
 public:
  JsonReader(const FileSlice& slice, const FileReadRequest& request, const JsonOptions& options,
             const OptionReader& reader)
      : path_(slice.path),
        options_(options),
        batch_rows_(request.batch_rows),
        schema_(types::ToArrowSchema(*request.columns)),
        parsed_(ParsedSchema(*request.columns, options.corrupt_column)),
        parser_(parsed_, options_, reader, true),
        filter_(options.filters ? request.filters : std::vector<SourceFilter>(), *parsed_, RowFilter::Order::kAny) {
    parser_.SetFilter(&filter_);
    if (options_.multi_line) {
      documents_ = std::make_unique<WholeFile>(slice, options_);
    } else {
      documents_ = std::make_unique<LineDocuments>(slice, options_);
    }
    int position = 0;
    for (const types::StructField& field : request.columns->fields()) {
      if (field.name == options.corrupt_column) {
        corrupt_position_ = position;
        corrupt_ = std::make_unique<ColumnBuilder>(field.type);
      } else {
        columns_.emplace_back(field.type);
      }
      ++position;
    }
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    for (ColumnBuilder& column : columns_) column.Reserve(batch_rows_);
    const bool padded = documents_->padded();
    int64_t rows = 0;
    int64_t next_check = kRowsBetweenChecks;
    std::string_view document;
    while (rows < batch_rows_ && documents_->Next(&document)) {
      JsonParser::Outcome outcome = parser_.AppendRow(document, &columns_, padded);
      if (outcome.bad) [[unlikely]] {
        outcome.rows = HandleBad(document, rows, outcome.rows);
      } else if (corrupt_) {
        for (int i = 0; i < outcome.rows; ++i) corrupt_->AppendNull();
      }
      rows += outcome.rows;
      if (rows >= next_check) {
        if (DataBytes() > kMaxBatchBytes) break;
        next_check = rows + kRowsBetweenChecks;
      }
    }
    return rows == 0 ? nullptr : Finish(rows);
  }

 private:
  // The rows that stay of a bad document.
  int HandleBad(std::string_view document, int64_t before, int rows) {
    switch (options_.mode) {
      case ParseMode::kFailFast:
        ThrowMalformedRecord(path_, Describe(before));
      case ParseMode::kDropMalformed:
        for (ColumnBuilder& column : columns_) column.Truncate(before);
        return 0;
      default:
        break;
    }
    if (corrupt_) {
      std::string repaired;
      if (!simdjson::validate_utf8(document.data(), document.size())) {
        RepairUtf8(document, &repaired);
        document = repaired;
      }
      for (int i = 0; i < rows; ++i) corrupt_->AppendString(document);
    }
    return rows;
  }

  // The row as Spark's message shows it, as far as it is simple: [null,null].
  std::string Describe(int64_t) const {
    std::string out = "[";
    for (size_t i = 0; i < columns_.size(); ++i) out += i == 0 ? "null" : ",null";
    return out + "]";
  }

  int64_t DataBytes() const {
    int64_t bytes = corrupt_ ? corrupt_->data_bytes() : 0;
    for (const ColumnBuilder& column : columns_) bytes += column.data_bytes();
    return bytes;
  }

  std::shared_ptr<arrow::RecordBatch> Finish(int64_t rows) {
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (ColumnBuilder& column : columns_) arrays.push_back(column.Finish());
    if (corrupt_) arrays.insert(arrays.begin() + corrupt_position_, corrupt_->Finish());
    return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
  }

  std::string path_;
  JsonOptions options_;
  int64_t batch_rows_;
  std::shared_ptr<arrow::Schema> schema_;
  types::TypePtr parsed_;
  JsonParser parser_;
  RowFilter filter_;
  std::unique_ptr<Documents> documents_;
  std::vector<ColumnBuilder> columns_;
  std::unique_ptr<ColumnBuilder> corrupt_;
  int corrupt_position_ = -1;
};

}  // namespace

FileReaderPtr OpenJsonReader(const FileSlice& slice, const FileReadRequest& request, const JsonOptions& options,
                             const OptionReader& reader) {
  return std::make_unique<JsonReader>(slice, request, options, reader);
}

}  // namespace sluice::formats
