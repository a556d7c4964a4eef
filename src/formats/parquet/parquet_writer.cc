// Parquet files by Arrow's writer.
#include "formats/parquet/parquet_writer.h"

#include <arrow/io/interfaces.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>

#include "base/arrow_status.h"
#include "formats/arrow_output.h"
#include "formats/parquet/parquet_schema.h"

namespace sluice::formats {
namespace {

constexpr int64_t kMaxRowsInGroup = 1 << 19;

class ParquetWriter : public FileWriter {
 public:
  ParquetWriter(const std::string& path, const types::TypePtr& schema, const ParquetWriteOptions& options)
      : options_(options),
        arrow_schema_(types::ToArrowSchema(*schema)),
        output_(std::make_shared<ArrowOutput>(OpenOutput(path, CompressionKind::kNone))) {
    parquet::WriterProperties::Builder builder;
    builder.version(parquet::ParquetVersion::PARQUET_2_6)
        ->data_page_version(parquet::ParquetDataPageVersion::V1)
        ->compression(options.compression)
        ->data_pagesize(options.page_size)
        ->dictionary_pagesize_limit(options.page_size)
        ->max_row_group_length(kMaxRowsInGroup)
        ->enable_store_decimal_as_integer()
        ->created_by("sluice");
    if (!options.dictionary) builder.disable_dictionary();
    auto pairs = arrow::key_value_metadata({{"org.apache.spark.version", "4.2.0"}, {kSparkSchemaKey, schema->Json()}});
    auto node = ParquetSchemaOf(*arrow_schema_, options.int96, options.millis);
    auto file = parquet::ParquetFileWriter::Open(output_, node, builder.build(), pairs);
    auto arrow_properties = parquet::ArrowWriterProperties::Builder();
    if (options.int96) {
      arrow_properties.enable_deprecated_int96_timestamps();
    } else if (options.millis) {
      arrow_properties.coerce_timestamps(arrow::TimeUnit::MILLI)->allow_truncated_timestamps();
    }
    base::ThrowIfError(parquet::arrow::FileWriter::Make(arrow::default_memory_pool(), std::move(file), arrow_schema_,
                                                        arrow_properties.build(), &writer_));
  }

  void Write(const arrow::RecordBatch& batch) override {
    if (batch.num_rows() == 0) return;
    if (group_bytes_ > options_.block_size) {
      base::ThrowIfError(writer_->NewBufferedRowGroup());
      group_bytes_ = 0;
    }
    auto rows = arrow::RecordBatch::Make(arrow_schema_, batch.num_rows(), batch.columns());
    base::ThrowIfError(writer_->WriteRecordBatch(*rows));
    group_bytes_ += arrow::util::TotalBufferSize(batch);
    group_rows_ += batch.num_rows();
    if (group_rows_ >= kMaxRowsInGroup) group_rows_ = group_bytes_ = 0;
  }

  int64_t Close(bool sync) override {
    base::ThrowIfError(writer_->Close());
    return output_->Finish(sync);
  }

 private:
  ParquetWriteOptions options_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::shared_ptr<ArrowOutput> output_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  int64_t group_bytes_ = 0, group_rows_ = 0;
};

}  // namespace

FileWriterPtr OpenParquetWriter(const std::string& path, const types::TypePtr& schema,
                                const ParquetWriteOptions& options) {
  return std::make_unique<ParquetWriter>(path, schema, options);
}

}  // namespace sluice::formats
