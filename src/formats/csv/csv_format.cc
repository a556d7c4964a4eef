// Binds CSV's options to its reader, writer and schema inference.
#include "formats/csv/csv_format.h"

#include "base/error.h"
#include "formats/byte_input.h"
#include "formats/csv/csv_reader.h"
#include "formats/csv/csv_schema.h"
#include "formats/csv/csv_writer.h"

namespace sluice::formats {
namespace {

using types::TypeId;

class CsvFormat : public FileFormat {
 public:
  explicit CsvFormat(FormatContext context) : context_(std::move(context)), options_(context_) {}

  std::string name() const override { return "CSV"; }

  bool SupportsType(const types::DataType& type, bool read) const override {
    switch (type.id()) {
      case TypeId::kUdt:
        return SupportsType(*type.sql_type(), read);
      case TypeId::kNull:
      case TypeId::kCalendarInterval:
      case TypeId::kVariant:
      case TypeId::kArray:
      case TypeId::kMap:
      case TypeId::kStruct:
        return false;
      case TypeId::kBinary:
        return !read;
      default:
        return true;
    }
  }

  types::TypePtr InferSchema(const std::vector<FileSlice>& files) const override {
    return InferCsvSchema(files, options_, OptionReader(context_));
  }

  bool Splittable(const std::string& path) const override {
    return !options_.multi_line && !IsCompressed(path) && options_.dialect.line_separator.size() <= 1 &&
           (options_.encoding == "UTF-8" || options_.encoding == "US-ASCII");
  }

  FileReaderPtr OpenReader(const FileSlice& slice, const FileReadRequest& request) const override {
    CheckCorruptColumn(*request.data_schema, options_.corrupt_column);
    CheckNotOnlyCorruptColumn(*request.columns, *request.data_schema, options_.corrupt_column);
    return OpenCsvReader(slice, request, options_, OptionReader(context_));
  }

  FileWriterPtr OpenWriter(const std::string& path, const types::TypePtr& schema) const override {
    return OpenCsvWriter(path, schema, options_, OptionReader(context_));
  }

  std::string Extension() const override {
    return "." + options_.extension + std::string(ExtensionOf(options_.compression));
  }

 private:
  FormatContext context_;
  CsvOptions options_;
};

}  // namespace

FileFormatPtr MakeCsvFormat(FormatContext context) { return std::make_shared<CsvFormat>(std::move(context)); }

}  // namespace sluice::formats
