// Reads and writes text files as Spark's text source does.
#include "formats/text/text_format.h"

#include "base/error.h"
#include "formats/byte_input.h"
#include "formats/column_builder.h"
#include "formats/compression.h"
#include "formats/line_blocks.h"
#include "formats/option_reader.h"
#include "formats/text_output.h"

namespace sluice::formats {
namespace {

constexpr int64_t kMaxBatchBytes = 64 << 20;

struct TextOptions {
  explicit TextOptions(const FormatContext& context) {
    OptionReader options(context);
    whole_text = options.GetBoolean("wholetext", false);
    if (auto codec = options.Find("compression")) compression = ParseCompression(*codec);
    if (options.Find("encoding") || options.Find("charset")) encoding = EncodingOf(options, "TextOptions");
    if (auto text = options.Find("lineSep")) {
      if (text->empty()) {
        throw base::Error::Plain(base::ErrorKind::kIllegalArgument,
                                 "requirement failed: 'lineSep' cannot be an empty string.");
      }
      line_separator = *text;
    }
  }

  bool whole_text = false;
  std::string line_separator;
  std::string encoding = "UTF-8";
  CompressionKind compression = CompressionKind::kNone;
};

class TextReader : public FileReader {
 public:
  TextReader(const FileSlice& slice, const FileReadRequest& request, const TextOptions& options)
      : batch_rows_(request.batch_rows),
        schema_(types::ToArrowSchema(*request.columns)),
        wants_value_(!request.columns->fields().empty()),
        column_(types::String()) {
    if (options.whole_text) {
      whole_ = OpenInput(slice.path, 0);
    } else {
      lines_ = std::make_unique<LineReader>(slice, options.line_separator);
    }
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    int64_t rows = 0;
    if (whole_) {
      column_.AppendString(ReadAll(*whole_));
      whole_ = nullptr;
      rows = 1;
    } else if (lines_) {
      if (wants_value_) column_.Reserve(batch_rows_);
      std::string_view line;
      while (rows < batch_rows_ && column_.data_bytes() < kMaxBatchBytes && lines_->Next(&line)) {
        if (wants_value_) column_.AppendString(line);
        ++rows;
      }
    }
    if (rows == 0) return nullptr;
    arrow::ArrayVector columns;
    if (wants_value_) columns.push_back(column_.Finish());
    return arrow::RecordBatch::Make(schema_, rows, std::move(columns));
  }

 private:
  int64_t batch_rows_;
  std::shared_ptr<arrow::Schema> schema_;
  bool wants_value_;
  ColumnBuilder column_;
  std::unique_ptr<LineReader> lines_;
  ByteInputPtr whole_;
};

class TextWriter : public FileWriter {
 public:
  TextWriter(const std::string& path, const TextOptions& options)
      : separator_(options.line_separator.empty() ? "\n" : options.line_separator),
        output_(path, options.compression, options.encoding) {}

  void Write(const arrow::RecordBatch& batch) override {
    const auto& values = static_cast<const arrow::StringArray&>(*batch.column(0));
    for (int64_t row = 0; row < values.length(); ++row) {
      if (!values.IsNull(row)) output_.text() += values.GetView(row);
      output_.text() += separator_;
      output_.FlushIfFull();
    }
  }
  int64_t Close(bool sync) override { return output_.Close(sync); }

 private:
  std::string separator_;
  TextOutput output_;
};

class TextFormat : public FileFormat {
 public:
  explicit TextFormat(const FormatContext& context) : options_(context) {}

  std::string name() const override { return "Text"; }
  bool SupportsType(const types::DataType& type, bool) const override { return type.IsStringLike(); }
  types::TypePtr InferSchema(const std::vector<FileSlice>&) const override {
    return types::Struct({{"value", types::String(), true}});
  }
  bool Splittable(const std::string& path) const override {
    return !options_.whole_text && !IsCompressed(path) && options_.line_separator.size() <= 1;
  }
  FileReaderPtr OpenReader(const FileSlice& slice, const FileReadRequest& request) const override {
    CheckColumns(*request.data_schema);
    return std::make_unique<TextReader>(slice, request, options_);
  }
  void CheckWrite(const types::DataType& schema) const override { CheckColumns(schema); }
  FileWriterPtr OpenWriter(const std::string& path, const types::TypePtr&) const override {
    return std::make_unique<TextWriter>(path, options_);
  }
  std::string Extension() const override { return ".txt" + std::string(ExtensionOf(options_.compression)); }

 private:
  static void CheckColumns(const types::DataType& schema) {
    if (schema.fields().size() <= 1) return;
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1290",
                      {{"schemaSize", std::to_string(schema.fields().size())}});
  }

  TextOptions options_;
};

}  // namespace

FileFormatPtr MakeTextFormat(FormatContext context) { return std::make_shared<TextFormat>(context); }

}  // namespace sluice::formats
