// Reads and writes ORC files by Arrow's adapter.
#include "formats/orc/orc_format.h"

#include <arrow/adapters/orc/adapter.h>
#include <arrow/io/file.h>
#include <unistd.h>

#include <algorithm>

#include "base/arrow_status.h"
#include "base/error.h"
#include "formats/array_adapter.h"
#include "formats/arrow_output.h"
#include "formats/byte_input.h"
#include "formats/option_reader.h"

namespace sluice::formats {
namespace {

using arrow::adapters::orc::ORCFileReader;
using types::TypeId;

struct CodecName {
  std::string_view name;
  arrow::Compression::type type;
  std::string_view extension;
};
constexpr CodecName kCodecs[] = {
    {"none", arrow::Compression::UNCOMPRESSED, ""},    {"uncompressed", arrow::Compression::UNCOMPRESSED, ""},
    {"snappy", arrow::Compression::SNAPPY, ".snappy"}, {"zlib", arrow::Compression::GZIP, ".zlib"},
    {"lz4", arrow::Compression::LZ4, ".lz4"},          {"zstd", arrow::Compression::ZSTD, ".zstd"},
};

arrow::Result<std::unique_ptr<ORCFileReader>> OpenOrc(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  return ORCFileReader::Open(file, arrow::default_memory_pool());
}

// ORC's timestamps have no zone; Spark takes them for instants.
types::TypePtr SparkType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::TIMESTAMP:
      return types::Timestamp();
    case arrow::Type::STRUCT: {
      std::vector<types::StructField> fields;
      for (const auto& field : type.fields()) fields.push_back({field->name(), SparkType(*field->type()), true});
      return types::Struct(std::move(fields));
    }
    case arrow::Type::LIST:
      return types::Array(SparkType(*type.field(0)->type()));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return types::Map(SparkType(*map.key_type()), SparkType(*map.item_type()));
    }
    default:
      return types::FromArrow(type);
  }
}

// Timestamps without a zone, so that they become ORC's plain timestamps.
std::shared_ptr<arrow::DataType> WithoutZones(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::TIMESTAMP:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(field->WithType(WithoutZones(field->type())));
      return arrow::struct_(fields);
    }
    case arrow::Type::LIST:
      return arrow::list(type->field(0)->WithType(WithoutZones(type->field(0)->type())));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return arrow::map(WithoutZones(map.key_type()), map.item_field()->WithType(WithoutZones(map.item_type())));
    }
    default:
      return type;
  }
}

std::shared_ptr<arrow::ArrayData> Relabel(const std::shared_ptr<arrow::ArrayData>& data,
                                          const std::shared_ptr<arrow::DataType>& type) {
  auto copy = data->Copy();
  copy->type = type;
  for (size_t i = 0; i < copy->child_data.size(); ++i) {
    copy->child_data[i] = Relabel(copy->child_data[i], type->field(static_cast<int>(i))->type());
  }
  return copy;
}

class OrcReader : public FileReader {
 public:
  OrcReader(const FileSlice& slice, const FileReadRequest& request, bool case_sensitive)
      : path_(slice.path),
        columns_(request.columns),
        schema_(types::ToArrowSchema(*request.columns)),
        batch_rows_(request.batch_rows),
        case_sensitive_(case_sensitive) {
    auto opened = OpenOrc(path_);
    if (!opened.ok()) {
      if (access(path_.c_str(), R_OK) != 0) ThrowOpenError(path_, errno);
      ThrowReadError(path_, "org.apache.orc.FileFormatException: Malformed ORC file file:" + path_ + ". " +
                                opened.status().message());
    }
    reader_ = std::move(*opened);
    auto file_schema = base::ValueOrThrow(reader_->ReadSchema());
    auto file_type = types::Struct([&] {
      std::vector<types::StructField> fields;
      for (const auto& field : file_schema->fields()) fields.push_back({field->name(), types::Null(), true});
      return fields;
    }());
    // Files of old Hive versions name columns by position.
    bool positional = !file_schema->fields().empty() &&
                      std::all_of(file_schema->fields().begin(), file_schema->fields().end(),
                                  [](const auto& field) { return field->name().starts_with("_col"); });
    for (const types::StructField& wanted : columns_->fields()) {
      auto index = positional ? request.data_schema->FieldIndex(wanted.name, case_sensitive)
                              : file_type->FieldIndex(wanted.name, case_sensitive);
      if (index && *index >= file_schema->num_fields()) index = std::nullopt;
      if (index) names_.push_back(file_schema->field(*index)->name());
      file_names_.push_back(index ? file_schema->field(*index)->name() : "");
    }
    for (int64_t i = 0; i < reader_->NumberOfStripes(); ++i) {
      auto stripe = reader_->GetStripeInformation(i);
      int64_t middle = stripe.offset + stripe.length / 2;
      if (slice.whole() || (middle >= slice.start && middle < slice.start + slice.length)) stripes_.push_back(stripe);
    }
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (names_.empty()) return NextCounted();
    for (;;) {
      if (!stripe_ && !OpenStripe()) return nullptr;
      std::shared_ptr<arrow::RecordBatch> batch;
      arrow::Status status = stripe_->ReadNext(&batch);
      if (!status.ok()) ThrowReadError(path_, "java.io.IOException: " + status.message());
      if (!batch) {
        stripe_ = nullptr;
        continue;
      }
      if (batch->num_rows() > 0) return Adapt(*batch);
    }
  }

 private:
  bool OpenStripe() {
    if (next_ == stripes_.size()) return false;
    arrow::Status status = reader_->Seek(stripes_[next_++].first_row_id);
    if (status.ok()) {
      auto opened = reader_->NextStripeReader(batch_rows_, Indices());
      status = opened.status();
      if (status.ok()) stripe_ = *opened;
    }
    if (!status.ok()) ThrowReadError(path_, "java.io.IOException: " + status.message());
    return stripe_ != nullptr;
  }

  std::vector<int> Indices() {
    auto schema = base::ValueOrThrow(reader_->ReadSchema());
    std::vector<int> indices;
    for (const std::string& name : names_) indices.push_back(schema->GetFieldIndex(name));
    std::sort(indices.begin(), indices.end());
    indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    return indices;
  }

  std::shared_ptr<arrow::RecordBatch> Adapt(const arrow::RecordBatch& batch) {
    arrow::ArrayVector arrays;
    for (size_t i = 0; i < columns_->fields().size(); ++i) {
      const types::StructField& field = columns_->fields()[i];
      std::shared_ptr<arrow::Array> array;
      auto column = file_names_[i].empty() ? nullptr : batch.GetColumnByName(file_names_[i]);
      array = column ? AdaptArray(column, field.type, case_sensitive_) : NullArray(field.type, batch.num_rows());
      if (!array) {
        ThrowReadError(path_, "java.lang.ClassCastException: column " + field.name + " of type " +
                                  column->type()->ToString() + " can't be read as " + field.type->SimpleString());
      }
      arrays.push_back(std::move(array));
    }
    return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(arrays));
  }

  std::shared_ptr<arrow::RecordBatch> NextCounted() {
    while (next_ < stripes_.size() && stripes_[next_].num_rows == 0) ++next_;
    if (next_ == stripes_.size()) return nullptr;
    int64_t rows = stripes_[next_++].num_rows;
    arrow::ArrayVector arrays;
    for (const types::StructField& field : columns_->fields()) arrays.push_back(NullArray(field.type, rows));
    return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
  }

  std::string path_;
  types::TypePtr columns_;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t batch_rows_;
  bool case_sensitive_;
  std::unique_ptr<ORCFileReader> reader_;
  std::vector<std::string> names_, file_names_;
  std::vector<arrow::adapters::orc::StripeInformation> stripes_;
  std::shared_ptr<arrow::RecordBatchReader> stripe_;
  size_t next_ = 0;
};

class OrcWriter : public FileWriter {
 public:
  OrcWriter(const std::string& path, const types::TypePtr& schema, arrow::Compression::type compression)
      : output_(std::make_shared<ArrowOutput>(OpenOutput(path, CompressionKind::kNone))) {
    auto arrow_schema = types::ToArrowSchema(*schema);
    type_ = WithoutZones(arrow::struct_(arrow_schema->fields()));
    arrow::adapters::orc::WriteOptions options;
    options.compression = compression;
    writer_ = base::ValueOrThrow(arrow::adapters::orc::ORCFileWriter::Open(output_.get(), options));
    // Also a file without rows has a schema.
    arrow::ArrayVector empty;
    for (const auto& field : type_->fields()) empty.push_back(base::ValueOrThrow(arrow::MakeEmptyArray(field->type())));
    base::ThrowIfError(writer_->Write(*arrow::RecordBatch::Make(arrow::schema(type_->fields()), 0, empty)));
  }

  void Write(const arrow::RecordBatch& batch) override {
    if (batch.num_rows() == 0) return;
    std::vector<std::shared_ptr<arrow::ArrayData>> columns;
    for (int i = 0; i < batch.num_columns(); ++i) {
      columns.push_back(Relabel(batch.column_data(i), type_->field(i)->type()));
    }
    base::ThrowIfError(writer_->Write(
        *arrow::RecordBatch::Make(arrow::schema(type_->fields()), batch.num_rows(), std::move(columns))));
  }

  int64_t Close(bool sync) override {
    base::ThrowIfError(writer_->Close());
    return output_->Finish(sync);
  }

 private:
  std::shared_ptr<ArrowOutput> output_;
  std::shared_ptr<arrow::DataType> type_;
  std::unique_ptr<arrow::adapters::orc::ORCFileWriter> writer_;
};

class OrcFormat : public FileFormat {
 public:
  explicit OrcFormat(const FormatContext& context) {
    OptionReader options(context);
    auto name = options.Find("compression");
    if (!name) name = options.Find("orc.compress");
    std::string codec = name.value_or(options.Conf("spark.sql.orc.compression.codec", "zstd"));
    std::transform(codec.begin(), codec.end(), codec.begin(), [](unsigned char c) { return std::tolower(c); });
    auto found =
        std::find_if(std::begin(kCodecs), std::end(kCodecs), [&](const CodecName& c) { return c.name == codec; });
    if (found == std::end(kCodecs)) {
      throw base::Error(
          base::ErrorKind::kIllegalArgument, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
          {{"codecName", codec}, {"availableCodecs", "brotli, uncompressed, lzo, snappy, zlib, none, zstd, lz4"}});
    }
    codec_ = *found;
    case_sensitive_ = options.ConfBoolean("spark.sql.caseSensitive", false);
    options.Refuse("mergeSchema", "false");
  }

  std::string name() const override { return "ORC"; }

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
      case TypeId::kNull:
        return read;
      case TypeId::kCalendarInterval:
      case TypeId::kVariant:
        return false;
      default:
        return true;
    }
  }

  types::TypePtr InferSchema(const std::vector<FileSlice>& files) const override {
    if (files.empty()) return nullptr;
    auto reader = OpenOrc(files[0].path);
    if (!reader.ok()) {
      if (access(files[0].path.c_str(), R_OK) != 0) ThrowOpenError(files[0].path, errno);
      throw base::Error(base::ErrorKind::kSpark, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER",
                        {{"path", "file:" + files[0].path}})
          .WithDomain(base::ErrorDomain::kExternal, false)
          .WithCause("org.apache.orc.FileFormatException: " + reader.status().message());
    }
    auto schema = base::ValueOrThrow((*reader)->ReadSchema());
    std::vector<types::StructField> fields;
    for (const auto& field : schema->fields()) fields.push_back({field->name(), SparkType(*field->type()), true});
    return types::Struct(std::move(fields));
  }

  bool Splittable(const std::string&) const override { return true; }

  FileReaderPtr OpenReader(const FileSlice& slice, const FileReadRequest& request) const override {
    return std::make_unique<OrcReader>(slice, request, case_sensitive_);
  }

  FileWriterPtr OpenWriter(const std::string& path, const types::TypePtr& schema) const override {
    return std::make_unique<OrcWriter>(path, schema, codec_.type);
  }

  std::string Extension() const override { return std::string(codec_.extension) + ".orc"; }

 private:
  CodecName codec_;
  bool case_sensitive_ = false;
};

}  // namespace

FileFormatPtr MakeOrcFormat(FormatContext context) { return std::make_shared<OrcFormat>(context); }

}  // namespace sluice::formats
