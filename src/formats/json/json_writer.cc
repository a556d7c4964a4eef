// JSON text of Arrow values, and files of it.
#include "formats/json/json_writer.h"

#include <arrow/record_batch.h>
#include <arrow/util/base64.h>
#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "formats/json/json_text.h"
#include "formats/text_output.h"
#include "formats/value_text.h"

namespace sluice::formats {
namespace {

using types::TypeId;

class JsonWriter : public FileWriter {
 public:
  JsonWriter(const std::string& path, types::TypePtr schema, const JsonOptions& options, const OptionReader& reader)
      : schema_(std::move(schema)),
        separator_(options.line_separator.empty() ? "\n" : options.line_separator),
        generator_(options, reader),
        output_(path, options.compression, options.encoding) {}

  void Write(const arrow::RecordBatch& batch) override {
    // Without columns, too, a row is an object.
    arrow::StructArray rows(arrow::struct_(batch.schema()->fields()), batch.num_rows(), batch.columns());
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      generator_.Append(*schema_, rows, row, &output_.text());
      output_.text() += separator_;
      output_.FlushIfFull();
    }
  }

  int64_t Close(bool sync) override { return output_.Close(sync); }

 private:
  types::TypePtr schema_;
  std::string separator_;
  JsonGenerator generator_;
  TextOutput output_;
};

template <typename T>
void AppendFloating(T value, const types::DataType& type, const arrow::Array& array, int64_t row,
                    const DateTimeWriter& datetimes, std::string* out) {
  bool quoted = !std::isfinite(value);
  if (quoted) *out += '"';
  AppendPlainValue(type, array, row, datetimes, out);
  if (quoted) *out += '"';
}

}  // namespace

JsonGenerator::JsonGenerator(const JsonOptions& options, const OptionReader& reader)
    : options_(options), datetimes_(reader) {}

void JsonGenerator::NewLine(int indent, std::string* out) const {
  if (!options_.pretty) return;
  *out += '\n';
  out->append(indent * 2, ' ');
}

void JsonGenerator::AppendString(std::string_view text, std::string* out) const {
  AppendJsonString(text, options_.write_non_ascii_as_code_point ? JsonEscapes::kNonAscii : JsonEscapes::kNone, out);
}

void JsonGenerator::Append(const types::DataType& type, const arrow::Array& array, int64_t row,
                           std::string* out) const {
  AppendAt(type, array, row, 0, out);
}

void JsonGenerator::AppendAt(const types::DataType& type, const arrow::Array& array, int64_t row, int indent,
                             std::string* out) const {
  if (array.IsNull(row)) {
    *out += "null";
    return;
  }
  switch (type.id()) {
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
      AppendString(static_cast<const arrow::StringArray&>(array).GetView(row), out);
      return;
    case TypeId::kBinary:
      *out += '"';
      *out += arrow::util::base64_encode(static_cast<const arrow::BinaryArray&>(array).GetView(row));
      *out += '"';
      return;
    case TypeId::kFloat:
      AppendFloating(static_cast<const arrow::FloatArray&>(array).Value(row), type, array, row, datetimes_, out);
      return;
    case TypeId::kDouble:
      AppendFloating(static_cast<const arrow::DoubleArray&>(array).Value(row), type, array, row, datetimes_, out);
      return;
    case TypeId::kDate:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
    case TypeId::kTime:
    case TypeId::kDayTimeInterval:
    case TypeId::kYearMonthInterval: {
      std::string text;
      AppendPlainValue(type, array, row, datetimes_, &text);
      AppendString(text, out);
      return;
    }
    case TypeId::kStruct:
      AppendStruct(type, array, row, indent, out);
      return;
    case TypeId::kArray:
      AppendList(type, array, row, indent, out);
      return;
    case TypeId::kMap:
      AppendMap(type, array, row, indent, out);
      return;
    case TypeId::kUdt:
      AppendAt(*type.sql_type(), array, row, indent, out);
      return;
    default:
      AppendPlainValue(type, array, row, datetimes_, out);
  }
}

void JsonGenerator::AppendStruct(const types::DataType& type, const arrow::Array& array, int64_t row, int indent,
                                 std::string* out) const {
  const auto& values = static_cast<const arrow::StructArray&>(array);
  *out += '{';
  bool first = true;
  for (size_t i = 0; i < type.fields().size(); ++i) {
    const auto& field = values.field(static_cast<int>(i));
    if (options_.ignore_null_fields && field->IsNull(row)) continue;
    if (!first) *out += ',';
    first = false;
    NewLine(indent + 1, out);
    AppendString(type.fields()[i].name, out);
    *out += options_.pretty ? " : " : ":";
    AppendAt(*type.fields()[i].type, *field, row, indent + 1, out);
  }
  if (!first) {
    NewLine(indent, out);
  } else if (options_.pretty) {
    *out += ' ';
  }
  *out += '}';
}

// Keys are what toString of Spark's internal values gives: days and micros for dates and times.
std::string JsonGenerator::KeyText(const types::DataType& type, const arrow::Array& array, int64_t row) const {
  std::string out;
  switch (type.id()) {
    case TypeId::kDate:
      return fmt::to_string(static_cast<const arrow::Date32Array&>(array).Value(row));
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      return fmt::to_string(static_cast<const arrow::TimestampArray&>(array).Value(row));
    case TypeId::kTime:
      return fmt::to_string(static_cast<const arrow::Time64Array&>(array).Value(row));
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kStruct:
    case TypeId::kBinary:
      throw base::Error::Unsupported("map keys of type " + type.Sql() + " in JSON");
    default:
      AppendPlainValue(type, array, row, datetimes_, &out);
      return out;
  }
}

void JsonGenerator::AppendMap(const types::DataType& type, const arrow::Array& array, int64_t row, int indent,
                              std::string* out) const {
  const auto& map = static_cast<const arrow::MapArray&>(array);
  *out += '{';
  for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    if (i > map.value_offset(row)) *out += ',';
    NewLine(indent + 1, out);
    AppendString(KeyText(*type.key(), *map.keys(), i), out);
    *out += options_.pretty ? " : " : ":";
    AppendAt(*type.value(), *map.items(), i, indent + 1, out);
  }
  if (map.value_length(row) > 0) {
    NewLine(indent, out);
  } else if (options_.pretty) {
    *out += ' ';
  }
  *out += '}';
}

void JsonGenerator::AppendList(const types::DataType& type, const arrow::Array& array, int64_t row, int indent,
                               std::string* out) const {
  const auto& list = static_cast<const arrow::ListArray&>(array);
  *out += '[';
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    if (i > list.value_offset(row)) *out += ',';
    if (options_.pretty) *out += ' ';
    AppendAt(*type.element(), *list.values(), i, indent, out);
  }
  if (options_.pretty) *out += ' ';
  *out += ']';
}

FileWriterPtr OpenJsonWriter(const std::string& path, const types::TypePtr& schema, const JsonOptions& options,
                             const OptionReader& reader) {
  return std::make_unique<JsonWriter>(path, schema, options, reader);
}

}  // namespace sluice::formats
