// Rows of CSV files in Spark's three parse modes.
#include "formats/csv/csv_reader.h"

#include <arrow/compute/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/arrow_status.h"
#include "base/error.h"
#include "formats/byte_input.h"
#include "formats/csv/line_tokenizer.h"
#include "formats/csv/multi_line_source.h"
#include "formats/row_filter.h"

namespace sluice::formats {
namespace {

constexpr int kRowsPerStep = 1024;
constexpr int64_t kMaxBatchBytes = 64 << 20;

std::string Join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

// Where the wanted columns stand in the file: all columns but the corrupt one, in order.
TokenSelection Select(const FileReadRequest& request, const CsvOptions& options) {
  TokenSelection selection;
  int position = 0;
  for (const types::StructField& field : request.data_schema->fields()) {
    if (field.name == options.corrupt_column) continue;
    auto wanted = request.columns->FieldIndex(field.name, true);
    selection.slot_of_column.push_back(wanted ? *wanted : -1);
    ++position;
  }
  selection.slots = static_cast<int>(request.columns->fields().size());
  // univocity selects tokens only if some column is left out; otherwise rows of another length are noticed.
  auto wanted =
      std::count_if(selection.slot_of_column.begin(), selection.slot_of_column.end(), [](int s) { return s >= 0; });
  bool selects = options.Prunes(*request.columns) && wanted < position;
  if (!selects) selection.expected = position;
  return selection;
}

bool Mentions(const SourceFilter& filter, const std::string& column) {
  return filter.column == column || std::any_of(filter.children.begin(), filter.children.end(),
                                                [&](const SourceFilter& child) { return Mentions(child, column); });
}

// The column of bad records has its value only when the row is done.
std::vector<SourceFilter> WithoutCorrupt(std::vector<SourceFilter> filters, const std::string& corrupt_column) {
  std::erase_if(filters, [&](const SourceFilter& filter) { return Mentions(filter, corrupt_column); });
  return filters;
}

class CsvReader : public FileReader {
 public:
  CsvReader(const FileSlice& slice, const FileReadRequest& request, const CsvOptions& options,
            const OptionReader& reader)
      : path_(slice.path),
        options_(options),
        batch_rows_(request.batch_rows),
        schema_(types::ToArrowSchema(*request.columns)),
        selection_(Select(request, options)),
        table_(selection_.slots),
        converter_(options_, reader),
        source_(OpenTokens(slice, options_, selection_)),
        filter_(options.filters ? WithoutCorrupt(request.filters, options.corrupt_column) : std::vector<SourceFilter>(),
                *request.columns, RowFilter::Order::kFixed) {
    for (const types::StructField& field : request.columns->fields()) {
      if (field.name == options.corrupt_column) corrupt_ = static_cast<int>(columns_.size());
      columns_.emplace_back(field.type);
    }
    if (options.header && slice.start == 0) ReadHeader(request, reader);
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    try {
      return NextBatch();
    } catch (const base::Error& error) {
      if (error.condition().starts_with("FAILED_READ_FILE")) throw;
      ThrowReadError(path_, error);
    }
  }

 private:
  void ReadHeader(const FileReadRequest& request, const OptionReader& reader) {
    std::vector<TokenView> tokens;
    if (!source_->TakeWhole(&tokens, &table_) || options_.enforce_schema) return;
    bool case_sensitive = reader.ConfBoolean("spark.sql.caseSensitive", false);
    std::vector<std::string> header, names;
    bool prunes = options_.Prunes(*request.columns);
    size_t position = 0;
    for (const types::StructField& field : request.data_schema->fields()) {
      if (field.name == options_.corrupt_column) continue;
      bool wanted = !prunes || request.columns->FieldIndex(field.name, true);
      if (wanted) names.push_back(field.name);
      if (position < tokens.size() && wanted) {
        const TokenView& token = tokens[position];
        header.emplace_back(token.size < 0 ? "null" : std::string(token.data, token.size));
      }
      ++position;
    }
    for (; position < tokens.size() && !prunes; ++position) {
      header.emplace_back(tokens[position].size < 0 ? "null"
                                                    : std::string(tokens[position].data, tokens[position].size));
    }
    CheckHeader(header, names, case_sensitive);
  }

  void CheckHeader(const std::vector<std::string>& header, const std::vector<std::string>& names, bool case_sensitive) {
    std::string message;
    if (header.size() != names.size()) {
      message = fmt::format(
          "Number of column in CSV header is not equal to number of fields in the schema:\n"
          " Header length: {}, schema size: {}\nCSV file: {}",
          header.size(), names.size(), FileUri(path_));
    }
    auto lower = [](std::string text) {
      std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
      return text;
    };
    for (size_t i = 0; message.empty() && i < names.size(); ++i) {
      if (case_sensitive ? names[i] == header[i] : lower(names[i]) == lower(header[i])) continue;
      message = fmt::format(
          "CSV header does not conform to the schema.\n Header: {}\n Schema: {}\nExpected: {} but found: {}\nCSV file: "
          "{}",
          Join(header), Join(names), case_sensitive ? names[i] : lower(names[i]),
          case_sensitive ? header[i] : lower(header[i]), FileUri(path_));
    }
    if (!message.empty()) {
      ThrowReadError(path_, base::Error::Plain(base::ErrorKind::kIllegalArgument, message));
    }
  }

  std::shared_ptr<arrow::RecordBatch> NextBatch() {
    int64_t rows = 0;
    keep_.clear();
    dropped_ = 0;
    for (ColumnBuilder& column : columns_) column.Reserve(batch_rows_);
    while (rows < batch_rows_ && !ended_) {
      table_.Clear();
      int taken = source_->Take(static_cast<int>(std::min<int64_t>(kRowsPerStep, batch_rows_ - rows)), &table_);
      if (taken == 0) {
        ended_ = true;
        break;
      }
      Append(taken);
      rows += taken;
      if (DataBytes() > kMaxBatchBytes) break;
    }
    if (rows == 0) return nullptr;
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (ColumnBuilder& column : columns_) arrays.push_back(column.Finish());
    auto batch = arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
    return dropped_ == 0 ? batch : Filter(batch);
  }

  int64_t DataBytes() const {
    int64_t bytes = 0;
    for (const ColumnBuilder& column : columns_) bytes += column.data_bytes();
    return bytes;
  }

  void Append(int rows) {
    bad_.assign(rows, 0);
    skipped_.assign(filter_.empty() ? 0 : rows, 0);
    for (int slot = 0; slot < static_cast<int>(columns_.size()); ++slot) {
      if (slot == corrupt_) continue;
      if (filter_.Concerns(slot)) {
        ConvertAndSkip(slot, rows);
      } else {
        converter_.Convert(table_, slot, &columns_[slot], bad_.data());
      }
    }
    if (selection_.expected >= 0) {
      for (int i = 0; i < rows; ++i) bad_[i] |= table_.rows[i].malformed;
    }
    // What is left out is not malformed.
    for (size_t i = 0; i < skipped_.size(); ++i) bad_[i] &= !skipped_[i];
    if (corrupt_ >= 0) AppendCorrupt(rows);
    if (options_.mode == ParseMode::kPermissive && filter_.empty()) return;
    const void* found = std::memchr(bad_.data(), 1, bad_.size());
    if (options_.mode == ParseMode::kFailFast && found) {
      ThrowMalformedRecord(path_, Describe(static_cast<int>(static_cast<const uint8_t*>(found) - bad_.data())));
    }
    const bool drops_bad = options_.mode == ParseMode::kDropMalformed;
    if (!drops_bad && filter_.empty()) return;
    for (int i = 0; i < rows; ++i) {
      bool dropped = (drops_bad && bad_[i]) || (!skipped_.empty() && skipped_[i]);
      keep_.push_back(!dropped);
      dropped_ += dropped;
    }
  }

  // A row whose value could not be read is not judged by it, as in Spark.
  void ConvertAndSkip(int slot, int rows) {
    unread_.assign(rows, 0);
    const int64_t base = columns_[slot].length();
    converter_.Convert(table_, slot, &columns_[slot], unread_.data());
    for (int i = 0; i < rows; ++i) {
      bad_[i] |= unread_[i];
      if (!skipped_[i] && !unread_[i]) skipped_[i] = !filter_.Keeps(slot, columns_.data(), base + i);
    }
  }

  void AppendCorrupt(int rows) {
    for (int i = 0; i < rows; ++i) {
      if (bad_[i]) {
        columns_[corrupt_].AppendString(table_.rows[i].text, table_.rows[i].size);
      } else {
        columns_[corrupt_].AppendNull();
      }
    }
  }

  // The row as Spark's error message shows it: [1,null].
  std::string Describe(int row) const {
    std::string out = "[";
    for (size_t slot = 0; slot < columns_.size(); ++slot) {
      const TokenView& token = table_.tokens[row * table_.slots + slot];
      const ColumnBuilder& column = columns_[slot];
      int64_t at = column.length() - static_cast<int64_t>(table_.rows.size()) + row;
      bool null = static_cast<int>(slot) != corrupt_ && (token.size < 0 || column.IsNull(at));
      if (slot > 0) out += ',';
      if (static_cast<int>(slot) == corrupt_) {
        out.append(table_.rows[row].text, table_.rows[row].size);
      } else if (null) {
        out += "null";
      } else {
        out.append(token.data, token.size);
      }
    }
    return out + "]";
  }

  std::shared_ptr<arrow::RecordBatch> Filter(const std::shared_ptr<arrow::RecordBatch>& batch) {
    if (batch->num_columns() == 0)
      return arrow::RecordBatch::Make(schema_, batch->num_rows() - dropped_, arrow::ArrayVector{});
    arrow::BooleanBuilder mask;
    base::ThrowIfError(mask.AppendValues(keep_));
    auto filtered = arrow::compute::Filter(batch, base::ValueOrThrow(mask.Finish()));
    return base::ValueOrThrow(std::move(filtered)).record_batch();
  }

  std::string path_;
  CsvOptions options_;
  int64_t batch_rows_;
  std::shared_ptr<arrow::Schema> schema_;
  TokenSelection selection_;
  TokenTable table_;
  CsvConverter converter_;
  std::unique_ptr<TokenSource> source_;
  RowFilter filter_;
  std::vector<ColumnBuilder> columns_;
  std::vector<uint8_t> bad_, unread_, skipped_;
  std::vector<bool> keep_;
  int64_t dropped_ = 0;
  int corrupt_ = -1;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<TokenSource> OpenTokens(const FileSlice& slice, const CsvOptions& options, TokenSelection selection) {
  if (options.multi_line) {
    return std::make_unique<MultiLineTokenSource>(slice.path, options.dialect, options.encoding, std::move(selection));
  }
  return std::make_unique<LineTokenSource>(slice, options.dialect, options.encoding, std::move(selection));
}

FileReaderPtr OpenCsvReader(const FileSlice& slice, const FileReadRequest& request, const CsvOptions& options,
                            const OptionReader& reader) {
  return std::make_unique<CsvReader>(slice, request, options, reader);
}

}  // namespace sluice::formats
