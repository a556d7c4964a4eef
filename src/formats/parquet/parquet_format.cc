// Binds Parquet's options to its reader and writer.
#include "formats/parquet/parquet_format.h"

#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "formats/byte_input.h"
#include "formats/option_reader.h"
#include "formats/parquet/parquet_reader.h"
#include "formats/parquet/parquet_schema.h"
#include "formats/parquet/parquet_writer.h"

namespace sluice::formats {
namespace {

using types::TypeId;

struct CodecName {
  std::string_view name;
  arrow::Compression::type type;
  std::string_view extension;
};
constexpr CodecName kCodecs[] = {
    {"none", arrow::Compression::UNCOMPRESSED, ""},    {"uncompressed", arrow::Compression::UNCOMPRESSED, ""},
    {"snappy", arrow::Compression::SNAPPY, ".snappy"}, {"gzip", arrow::Compression::GZIP, ".gz"},
    {"zstd", arrow::Compression::ZSTD, ".zstd"},       {"lz4", arrow::Compression::LZ4_HADOOP, ".lz4hadoop"},
    {"lz4_raw", arrow::Compression::LZ4, ".lz4raw"},   {"lz4raw", arrow::Compression::LZ4, ".lz4raw"},
    {"brotli", arrow::Compression::BROTLI, ".br"},
};

class ParquetFormat : public FileFormat {
 public:
  explicit ParquetFormat(const FormatContext& context) {
    OptionReader options(context);
    auto name = options.Find("compression");
    if (!name) name = options.Find("parquet.compression");
    std::string codec = name.value_or(options.Conf("spark.sql.parquet.compression.codec", "snappy"));
    std::transform(codec.begin(), codec.end(), codec.begin(), [](unsigned char c) { return std::tolower(c); });
    auto found =
        std::find_if(std::begin(kCodecs), std::end(kCodecs), [&](const CodecName& c) { return c.name == codec; });
    if (found == std::end(kCodecs)) {
      throw base::Error(base::ErrorKind::kIllegalArgument, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
                        {{"codecName", codec},
                         {"availableCodecs", "brotli, uncompressed, lzo, snappy, lz4_raw, none, zstd, lz4, gzip"}});
    }
    codec_ = *found;
    write_.compression = codec_.type;
    std::string timestamps = options.Conf("spark.sql.parquet.outputTimestampType", "INT96");
    std::transform(timestamps.begin(), timestamps.end(), timestamps.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    write_.int96 = timestamps == "INT96";
    write_.millis = timestamps == "TIMESTAMP_MILLIS";
    write_.dictionary = options.GetBoolean("parquet.enable.dictionary", true);
    write_.block_size = options.GetInt("parquet.block.size", 128 << 20);
    write_.page_size = options.GetInt("parquet.page.size", 1 << 20);
    case_sensitive_ = options.ConfBoolean("spark.sql.caseSensitive", false);
    filter_pushdown_ = options.ConfBoolean("spark.sql.parquet.filterPushdown", true);
    merge_ = options.GetBoolean("mergeSchema", options.ConfBoolean("spark.sql.parquet.mergeSchema", false));
    options.Refuse("datetimeRebaseMode", "CORRECTED");
    options.Refuse("int96RebaseMode", "CORRECTED");
  }

  std::string name() const override { return "Parquet"; }

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
    types::TypePtr schema;
    for (const FileSlice& file : files) {
      auto reader = OpenParquet(file.path, 1024);
      if (!reader.ok()) {
        if (access(file.path.c_str(), R_OK) != 0) ThrowOpenError(file.path, errno);
        throw base::Error(base::ErrorKind::kSpark, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER",
                          {{"path", "file:" + file.path}})
            .WithDomain(base::ErrorDomain::kExternal, false)
            .WithCause("java.lang.RuntimeException: file:" + file.path + " is not a Parquet file. " +
                       reader.status().message());
      }
      types::TypePtr found = SchemaOfParquet(**reader);
      schema = schema ? Merge(schema, found) : found;
      if (!merge_) break;
    }
    return schema;
  }

  bool Splittable(const std::string&) const override { return true; }

  FileReaderPtr OpenReader(const FileSlice& slice, const FileReadRequest& request) const override {
    if (filter_pushdown_) return OpenParquetReader(slice, request, case_sensitive_);
    FileReadRequest all = request;
    all.filters.clear();
    return OpenParquetReader(slice, all, case_sensitive_);
  }

  FileWriterPtr OpenWriter(const std::string& path, const types::TypePtr& schema) const override {
    return OpenParquetWriter(path, schema, write_);
  }

  std::string Extension() const override { return std::string(codec_.extension) + ".parquet"; }

 private:
  // Columns of the first file, then those that only later ones have; equal names must have equal types.
  static types::TypePtr Merge(const types::TypePtr& left, const types::TypePtr& right) {
    std::vector<types::StructField> fields = left->fields();
    for (const types::StructField& field : right->fields()) {
      auto index = left->FieldIndex(field.name, true);
      if (!index) {
        fields.push_back(field);
        continue;
      }
      const types::TypePtr& known = fields[*index].type;
      if (known->Is(TypeId::kStruct) && field.type->Is(TypeId::kStruct)) {
        fields[*index].type = Merge(known, field.type);
      } else if (!types::Equal(known, field.type, true)) {
        throw base::Error(base::ErrorKind::kSpark, "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE",
                          {{"left", "\"" + known->Sql() + "\""}, {"right", "\"" + field.type->Sql() + "\""}});
      }
    }
    return types::Struct(std::move(fields));
  }

  CodecName codec_;
  ParquetWriteOptions write_;
  bool case_sensitive_ = false;
  bool merge_ = false;
  bool filter_pushdown_ = true;
};

}  // namespace

FileFormatPtr MakeParquetFormat(FormatContext context) { return std::make_shared<ParquetFormat>(context); }

}  // namespace sluice::formats
