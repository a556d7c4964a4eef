// Parquet files by Arrow's reader, with Spark's schema rules on top.
#include "formats/parquet/parquet_reader.h"

#include <arrow/io/file.h>
#include <parquet/arrow/schema.h>
#include <parquet/properties.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/arrow_status.h"
#include "base/error.h"
#include "formats/array_adapter.h"
#include "formats/byte_input.h"
#include "formats/parquet/parquet_schema.h"

namespace sluice::formats {
namespace {

constexpr int64_t kCountedRows = 1 << 16;

void CollectLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const auto& child : field.children) CollectLeaves(child, leaves);
}

// Where a row group lies in the file, as parquet-mr reckons it.
int64_t MiddleOf(const parquet::RowGroupMetaData& row_group) {
  auto first = row_group.ColumnChunk(0);
  int64_t start = first->data_page_offset();
  if (first->has_dictionary_page() && first->dictionary_page_offset() > 0) {
    start = std::min(start, first->dictionary_page_offset());
  }
  int64_t size = 0;
  for (int i = 0; i < row_group.num_columns(); ++i) size += row_group.ColumnChunk(i)->total_compressed_size();
  return start + size / 2;
}

class ParquetReader : public FileReader {
 public:
  ParquetReader(const FileSlice& slice, const FileReadRequest& request, bool case_sensitive)
      : path_(slice.path),
        slice_start_(slice.start),
        slice_end_(slice.whole() ? INT64_MAX : slice.start + slice.length),
        columns_(request.columns),
        schema_(types::ToArrowSchema(*request.columns)),
        case_sensitive_(case_sensitive) {
    auto opened = OpenParquet(path_, request.batch_rows);
    if (!opened.ok()) {
      if (access(path_.c_str(), R_OK) != 0) ThrowOpenError(path_, errno);
      ThrowReadError(
          path_, "java.lang.RuntimeException: file:" + path_ + " is not a Parquet file. " + opened.status().message());
    }
    reader_ = std::move(*opened);
    Bind(request);
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (!batches_) return NextCounted();
    std::shared_ptr<arrow::RecordBatch> batch;
    arrow::Status status = batches_->ReadNext(&batch);
    if (!status.ok()) ThrowReadError(path_, "java.io.IOException: " + status.message());
    if (!batch) return nullptr;
    arrow::ArrayVector arrays;
    for (size_t i = 0; i < columns_->fields().size(); ++i) {
      const TypeOf& column = bound_[i];
      const types::TypePtr& type = columns_->fields()[i].type;
      std::shared_ptr<arrow::Array> array;
      if (column.position < 0) {
        array = NullArray(type, batch->num_rows());
      } else {
        array = AdaptArray(batch->column(column.position), type, case_sensitive_);
        if (!array) ThrowMismatch(column, type);
      }
      arrays.push_back(std::move(array));
    }
    return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(arrays));
  }

 private:
  struct TypeOf {
    int position = -1;  // among the columns that are read; -1 = not in the file
    const parquet::arrow::SchemaField* field = nullptr;
  };

  const parquet::arrow::SchemaField* Find(const std::string& name) const {
    const auto& fields = reader_->manifest().schema_fields;
    auto same = [&](const auto& field) {
      const std::string& other = field.field->name();
      if (case_sensitive_) return other == name;
      return std::equal(other.begin(), other.end(), name.begin(), name.end(),
                        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    };
    auto found = std::find_if(fields.begin(), fields.end(), same);
    return found == fields.end() ? nullptr : &*found;
  }

  void Bind(const FileReadRequest& request) {
    auto metadata = reader_->parquet_reader()->metadata();
    std::vector<int> leaves, positions;
    const auto& fields = reader_->manifest().schema_fields;
    for (const types::StructField& wanted : request.columns->fields()) {
      TypeOf column;
      column.field = Find(wanted.name);
      if (column.field) {
        CollectLeaves(*column.field, &leaves);
        positions.push_back(static_cast<int>(column.field - fields.data()));
        types::TypePtr found = TypeOfParquetField(*column.field, *metadata->schema());
        bool instant = found->Is(types::TypeId::kTimestamp);
        bool plain = found->Is(types::TypeId::kTimestampNtz);
        if ((instant && wanted.type->Is(types::TypeId::kTimestampNtz)) ||
            (plain && wanted.type->Is(types::TypeId::kTimestamp)) ||
            !CanAdapt(*column.field->field->type(), *wanted.type)) {
          ThrowMismatch(column, wanted.type);
        }
      }
      bound_.push_back(column);
    }
    // The reader gives columns in the file's order.
    std::vector<int> order = positions;
    std::sort(order.begin(), order.end());
    order.erase(std::unique(order.begin(), order.end()), order.end());
    for (TypeOf& column : bound_) {
      if (!column.field) continue;
      int field = static_cast<int>(column.field - fields.data());
      column.position = static_cast<int>(std::lower_bound(order.begin(), order.end(), field) - order.begin());
    }
    std::sort(leaves.begin(), leaves.end());
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    std::vector<int> row_groups = Choose(request, *metadata);
    if (leaves.empty()) return;
    auto batches = reader_->GetRecordBatchReader(row_groups, leaves);
    if (!batches.ok()) ThrowReadError(path_, "java.io.IOException: " + batches.status().message());
    batches_ = std::move(*batches);
  }

  bool MayMatchTree(const SourceFilter& filter, const parquet::RowGroupMetaData& row_group,
                    const parquet::SchemaDescriptor& schema) const {
    auto may = [&](const SourceFilter& child) { return MayMatchTree(child, row_group, schema); };
    switch (filter.op) {
      case SourceFilter::Op::kAnd:
        return std::all_of(filter.children.begin(), filter.children.end(), may);
      case SourceFilter::Op::kOr:
        return std::any_of(filter.children.begin(), filter.children.end(), may);
      case SourceFilter::Op::kNot:
      case SourceFilter::Op::kAlwaysFalse:
        return true;
      default:
        break;
    }
    const auto* field = Find(filter.column);
    if (!field || !field->is_leaf()) return true;
    return MayMatch(row_group, field->column_index, filter, *TypeOfParquetField(*field, schema));
  }

  std::vector<int> Choose(const FileReadRequest& request, const parquet::FileMetaData& metadata) {
    std::vector<int> chosen;
    for (int i = 0; i < metadata.num_row_groups(); ++i) {
      auto row_group = metadata.RowGroup(i);
      if (row_group->num_columns() > 0) {
        int64_t middle = MiddleOf(*row_group);
        if (middle < slice_start_ || middle >= slice_end_) continue;
      }
      bool may_match = std::all_of(request.filters.begin(), request.filters.end(), [&](const SourceFilter& filter) {
        return MayMatchTree(filter, *row_group, *metadata.schema());
      });
      if (!may_match) continue;
      chosen.push_back(i);
      rows_left_ += row_group->num_rows();
    }
    return chosen;
  }

  // Rows of which no column is in the file, or none is wanted.
  std::shared_ptr<arrow::RecordBatch> NextCounted() {
    if (rows_left_ == 0) return nullptr;
    int64_t rows = std::min(rows_left_, kCountedRows);
    rows_left_ -= rows;
    arrow::ArrayVector arrays;
    for (const types::StructField& field : columns_->fields()) arrays.push_back(NullArray(field.type, rows));
    return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
  }

  [[noreturn]] void ThrowMismatch(const TypeOf& column, const types::TypePtr& type) const {
    auto metadata = reader_->parquet_reader()->metadata();
    throw base::Error(base::ErrorKind::kSpark, "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
                      {{"path", FileUri(path_)},
                       {"column", "[" + column.field->field->name() + "]"},
                       {"expectedType", type->SimpleString()},
                       {"actualType", PhysicalName(*column.field, *metadata->schema())}});
  }

  std::string path_;
  int64_t slice_start_, slice_end_;
  types::TypePtr columns_;
  std::shared_ptr<arrow::Schema> schema_;
  bool case_sensitive_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<TypeOf> bound_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  int64_t rows_left_ = 0;
};

}  // namespace

arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquet(const std::string& path, int64_t batch_rows) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  parquet::ReaderProperties properties;
  properties.enable_buffered_stream();
  properties.set_buffer_size(1 << 20);
  parquet::ArrowReaderProperties arrow_properties(false);
  arrow_properties.set_batch_size(batch_rows);
  arrow_properties.set_pre_buffer(false);
  arrow_properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(file, properties));
  builder.properties(arrow_properties);
  return builder.Build();
}

FileReaderPtr OpenParquetReader(const FileSlice& slice, const FileReadRequest& request, bool case_sensitive) {
  return std::make_unique<ParquetReader>(slice, request, case_sensitive);
}

}  // namespace sluice::formats
