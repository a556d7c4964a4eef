// Joins the columns of files and folders, and what is known of each file, into batches.
#include "connectors/file/file_reader.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <numeric>

#include "base/arrow_status.h"
#include "base/error.h"
#include "base/path_uri.h"
#include "connectors/file/partition_folders.h"
#include "connectors/file/source_filters.h"
#include "exec/compiled_expression.h"

namespace sluice::connectors {
namespace {

constexpr const char* kMetadata = "_metadata";

class FilesReader : public BatchReader {
 public:
  FilesReader(formats::FileFormatPtr format, const FileSchema& schema, const FilePartition& partition,
              const ScanRequest& request)
      : format_(std::move(format)),
        schema_(schema),
        parts_(partition.parts),
        request_(request),
        zone_(types::TimeZone::Get(request.time_zone)) {
    std::vector<types::StructField> wanted;
    for (const std::string& column : request.columns) {
      auto index = schema.PartitionIndex(column) ? std::nullopt : schema.data->FieldIndex(column);
      from_file_.push_back(index.has_value());
      if (index) wanted.push_back(schema.data->fields()[*index]);
    }
    file_request_.data_schema = schema.data;
    file_request_.columns = types::Struct(std::move(wanted));
    std::vector<logical::ExprPtr> on_files;
    for (const logical::ExprPtr& filter : request.filters)
      (OnFolders(filter) ? folder_filters_ : on_files).push_back(filter);
    // A reader that leaves rows out does not count them.
    if (!NumbersRows()) file_request_.filters = TranslateFilters(on_files);
    file_request_.batch_rows = request.batch_rows;
    arrow_schema_ = types::ToArrowSchema(*request.schema);
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    for (;;) {
      if (!reader_) {
        if (next_ == parts_.size()) return nullptr;
        BeginFile(parts_[next_++]);
        if (!FolderMayMatch()) continue;
        reader_ = format_->OpenReader(parts_[next_ - 1].slice, file_request_);
      }
      if (auto batch = reader_->Next()) return Complete(*batch);
      reader_.reset();
    }
  }
  std::string CurrentFile() const override { return next_ == 0 ? "" : ToFileUri(parts_[next_ - 1].slice.path); }

 private:
  // Works out what the columns that don't come out of the file are for all of its rows.
  void BeginFile(const FilePartition::Part& part) {
    row_index_ = 0;
    constants_.assign(request_.columns.size(), nullptr);
    std::vector<std::pair<std::string, std::string>> folders;
    if (!schema_.partition.empty()) folders = PartitionOf({.path = part.slice.path, .base = part.base});
    for (size_t i = 0; i < request_.columns.size(); ++i) {
      if (from_file_[i]) continue;
      const types::StructField& field = request_.schema->fields()[i];
      constants_[i] = request_.columns[i] == kMetadata && !schema_.PartitionIndex(kMetadata)
                          ? MetadataOf(part, field.type)
                          : FolderValue(folders, request_.columns[i], field.type);
    }
  }

  std::shared_ptr<arrow::Scalar> FolderValue(const std::vector<std::pair<std::string, std::string>>& folders,
                                             const std::string& column, const types::TypePtr& type) const {
    for (const auto& [name, value] : folders) {
      if (!types::Struct({{name, types::String()}})->FieldIndex(column)) continue;
      return ParsePartitionValue(name, value, type, zone_).value;
    }
    return types::Literal::Null(type).value;
  }

  std::shared_ptr<arrow::Scalar> MetadataOf(const FilePartition::Part& part, const types::TypePtr& type) {
    std::string path = base::EncodePath(part.slice.path);
    arrow::ScalarVector values;
    for (const types::StructField& field : type->fields()) {
      types::Literal value = types::Literal::Long(0);
      if (field.name == "file_path") value = types::Literal::String("file:" + path);
      if (field.name == "file_name") value = types::Literal::String(path.substr(path.rfind('/') + 1));
      if (field.name == "file_size") value = types::Literal::Long(part.slice.file_size);
      if (field.name == "file_block_start") value = types::Literal::Long(part.slice.start);
      if (field.name == "file_block_length") value = types::Literal::Long(part.slice.length);
      if (field.name == "file_modification_time") value = types::Literal::Timestamp(part.modified_ms * 1000);
      values.push_back(value.value);
    }
    return std::make_shared<arrow::StructScalar>(std::move(values), types::ToArrow(type));
  }

  std::shared_ptr<arrow::RecordBatch> Complete(const arrow::RecordBatch& batch) {
    arrow::ArrayVector columns;
    int from_file = 0;
    for (size_t i = 0; i < request_.columns.size(); ++i) {
      columns.push_back(from_file_[i] ? batch.column(from_file++) : Repeat(i, batch.num_rows()));
    }
    row_index_ += batch.num_rows();
    return arrow::RecordBatch::Make(arrow_schema_, batch.num_rows(), std::move(columns));
  }

  std::shared_ptr<arrow::Array> Repeat(size_t column, int64_t rows) {
    const auto& value = constants_[column];
    const types::TypePtr& type = request_.schema->fields()[column].type;
    if (!value || !value->is_valid) return base::ValueOrThrow(arrow::MakeArrayOfNull(types::ToArrow(type), rows));
    if (request_.columns[column] != kMetadata || !type->Is(types::TypeId::kStruct)) {
      return base::ValueOrThrow(arrow::MakeArrayFromScalar(*value, rows));
    }
    const auto& known = static_cast<const arrow::StructScalar&>(*value);
    arrow::ArrayVector fields;
    for (size_t i = 0; i < type->fields().size(); ++i) {
      fields.push_back(type->fields()[i].name == "row_index"
                           ? RowNumbers(rows)
                           : base::ValueOrThrow(arrow::MakeArrayFromScalar(*known.value[i], rows)));
    }
    return std::make_shared<arrow::StructArray>(types::ToArrow(type), rows, std::move(fields));
  }

  std::shared_ptr<arrow::Array> RowNumbers(int64_t rows) const {
    std::vector<int64_t> numbers(rows);
    std::iota(numbers.begin(), numbers.end(), row_index_);
    arrow::Int64Builder builder;
    base::ThrowIfError(builder.AppendValues(numbers));
    return base::ValueOrThrow(builder.Finish());
  }

  std::optional<size_t> IndexOf(const std::string& column) const {
    for (size_t i = 0; i < request_.columns.size(); ++i) {
      if (request_.columns[i] == column) return i;
    }
    return std::nullopt;
  }

  bool NumbersRows() const {
    auto metadata = IndexOf(kMetadata);
    if (!metadata || from_file_[*metadata]) return false;
    const types::TypePtr& type = request_.schema->fields()[*metadata].type;
    return type->Is(types::TypeId::kStruct) && type->FieldIndex("row_index").has_value();
  }

  // A filter on nothing but columns that folders give.
  bool OnFolders(const logical::ExprPtr& filter) const {
    auto columns = logical::References(filter);
    return !columns.empty() && std::all_of(columns.begin(), columns.end(), [&](const logical::AttributePtr& column) {
      auto index = IndexOf(column->name);
      return index && !from_file_[*index] && schema_.PartitionIndex(column->name);
    });
  }

  bool FolderMayMatch() const {
    logical::EvalContext context;
    context.time_zone = request_.time_zone;
    return std::all_of(folder_filters_.begin(), folder_filters_.end(), [&](const logical::ExprPtr& filter) {
      logical::ExprPtr constant = logical::Transform(filter, [&](const logical::ExprPtr& node) -> logical::ExprPtr {
        const auto* column = node->As<logical::AttributeExpr>();
        return column ? logical::MakeLiteral({column->type, constants_[*IndexOf(column->name)]}) : nullptr;
      });
      try {
        types::Literal holds = exec::EvaluateConstant(constant, context);
        return !holds.is_null() && static_cast<const arrow::BooleanScalar&>(*holds.value).value;
      } catch (const base::Error&) {
        return true;  // the error belongs to the rows, if there are any
      }
    });
  }

  formats::FileFormatPtr format_;
  FileSchema schema_;
  std::vector<FilePartition::Part> parts_;
  ScanRequest request_;
  types::TimeZone zone_;
  std::vector<bool> from_file_;
  std::vector<logical::ExprPtr> folder_filters_;
  formats::FileReadRequest file_request_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  formats::FileReaderPtr reader_;
  arrow::ScalarVector constants_;
  int64_t row_index_ = 0;
  size_t next_ = 0;
};

}  // namespace

std::optional<int> FileSchema::PartitionIndex(const std::string& column) const {
  for (size_t i = 0; i < partition.size(); ++i) {
    if (types::Struct({partition[i]})->FieldIndex(column)) return static_cast<int>(i);
  }
  return std::nullopt;
}

types::TypePtr FileSchema::All() const {
  std::vector<types::StructField> fields;
  for (const types::StructField& field : data->fields()) {
    auto folder = PartitionIndex(field.name);
    fields.push_back(folder ? partition[*folder] : field);
  }
  for (const types::StructField& field : partition) {
    if (!data->FieldIndex(field.name)) fields.push_back(field);
  }
  return types::Struct(std::move(fields));
}

FileSchema SplitSchema(const types::TypePtr& given, const std::vector<ListedFile>& files, bool infer,
                       const std::string& time_zone) {
  FileSchema out;
  out.partition = PartitionColumns(files, given, infer, time_zone);
  std::vector<types::StructField> data;
  for (const types::StructField& field : given->fields()) {
    if (!out.PartitionIndex(field.name)) data.push_back(field);
  }
  out.data = types::Struct(std::move(data));
  return out;
}

types::TypePtr FileMetadataColumns(const formats::FileFormat& format) {
  std::vector<types::StructField> fields = {
      {"file_path", types::String(), false},       {"file_name", types::String(), false},
      {"file_size", types::Long(), false},         {"file_block_start", types::Long(), false},
      {"file_block_length", types::Long(), false}, {"file_modification_time", types::Timestamp(), false}};
  if (format.name() == "Parquet") fields.push_back({"row_index", types::Long(), false});
  return types::Struct({{kMetadata, types::Struct(std::move(fields)), false,
                         R"({"__file_source_metadata_col":true,"__metadata_col":"_metadata"})"}});
}

bool WantsRowIndex(const formats::FileFormat& format, const ScanRequest& request) {
  return format.name() == "Parquet" &&
         std::find(request.columns.begin(), request.columns.end(), kMetadata) != request.columns.end();
}

BatchReaderPtr OpenFiles(formats::FileFormatPtr format, const FileSchema& schema, const FilePartition& partition,
                         const ScanRequest& request) {
  return std::make_unique<FilesReader>(std::move(format), schema, partition, request);
}

}  // namespace sluice::connectors
