// Binds JSON's options to its reader, writer and schema inference.
#include "formats/json/json_format.h"

#include <algorithm>

#include "base/error.h"
#include "formats/byte_input.h"
#include "formats/json/json_reader.h"
#include "formats/json/json_schema.h"
#include "formats/json/json_writer.h"

namespace sluice::formats {
namespace {

using types::TypeId;

class JsonFormat : public FileFormat {
 public:
  explicit JsonFormat(FormatContext context) : context_(std::move(context)), options_(context_) {}

  std::string name() const override { return "JSON"; }

  bool SupportsType(const types::DataType& type, bool read) const override {
    switch (type.id()) {
      case TypeId::kUdt:
        return SupportsType(*type.sql_type(), read);
      case TypeId::kArray:
        return SupportsType(*type.element(), read);
      case TypeId::kMap:
        return SupportsType(*type.key(), read) && SupportsType(*type.value(), read);
      case TypeId::kStruct:
        return std::all_of(type.fields().begin(), type.fields().end(),
                           [&](const types::StructField& field) { return SupportsType(*field.type, read); });
      case TypeId::kCalendarInterval:
      case TypeId::kVariant:
        return false;
      default:
        return true;
    }
  }

  types::TypePtr InferSchema(const std::vector<FileSlice>& files) const override {
    return InferJsonSchema(files, options_, OptionReader(context_));
  }

  bool Splittable(const std::string& path) const override {
    return !options_.multi_line && !IsCompressed(path) && options_.line_separator.size() <= 1 &&
           (options_.encoding == "UTF-8" || options_.encoding == "US-ASCII");
  }

  FileReaderPtr OpenReader(const FileSlice& slice, const FileReadRequest& request) const override {
    CheckCorruptColumn(*request.data_schema, options_.corrupt_column);
    CheckNotOnlyCorruptColumn(*request.columns, *request.data_schema, options_.corrupt_column);
    return OpenJsonReader(slice, request, options_, OptionReader(context_));
  }

  FileWriterPtr OpenWriter(const std::string& path, const types::TypePtr& schema) const override {
    return OpenJsonWriter(path, schema, options_, OptionReader(context_));
  }

  std::string Extension() const override { return ".json" + std::string(ExtensionOf(options_.compression)); }

 private:
  FormatContext context_;
  JsonOptions options_;
};

}  // namespace

FileFormatPtr MakeJsonFormat(FormatContext context) { return std::make_shared<JsonFormat>(std::move(context)); }

}  // namespace sluice::formats
