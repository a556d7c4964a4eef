// Writes JSON lines.
#pragma once

#include <arrow/array.h>

#include <string>

#include "formats/datetime_values.h"
#include "formats/file_format.h"
#include "formats/json/json_options.h"

namespace sluice::formats {

/// Spark's JacksonGenerator: values as JSON text. Thread safe.
class JsonGenerator {
 public:
  JsonGenerator(const JsonOptions& options, const OptionReader& reader);

  /// Appends a value of any type, "null" for null.
  void Append(const types::DataType& type, const arrow::Array& array, int64_t row, std::string* out) const;

 private:
  void AppendAt(const types::DataType& type, const arrow::Array& array, int64_t row, int indent,
                std::string* out) const;
  void AppendStruct(const types::DataType& type, const arrow::Array& array, int64_t row, int indent,
                    std::string* out) const;
  void AppendMap(const types::DataType& type, const arrow::Array& array, int64_t row, int indent,
                 std::string* out) const;
  void AppendList(const types::DataType& type, const arrow::Array& array, int64_t row, int indent,
                  std::string* out) const;
  void AppendString(std::string_view text, std::string* out) const;
  std::string KeyText(const types::DataType& type, const arrow::Array& array, int64_t row) const;
  void NewLine(int indent, std::string* out) const;

  JsonOptions options_;
  DateTimeWriter datetimes_;
};

FileWriterPtr OpenJsonWriter(const std::string& path, const types::TypePtr& schema, const JsonOptions& options,
                             const OptionReader& reader);

}  // namespace sluice::formats
