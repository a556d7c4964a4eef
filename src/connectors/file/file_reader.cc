// Joins the columns of files and folders into batches, and plans who reads what.
#include "connectors/file/file_reader.h"

#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <algorithm>

#include "base/arrow_status.h"

namespace sluice::connectors {
namespace {

class FilesReader : public BatchReader {
 public:
  FilesReader(formats::FileFormatPtr format, const FileSchema& schema, const FilePartition& partition,
              const ScanRequest& request)
      : format_(std::move(format)), schema_(schema), parts_(partition.parts), request_(request) {
    std::vector<types::StructField> wanted;
    for (const std::string& column : request.columns) {
      if (auto index = schema.data->FieldIndex(column)) wanted.push_back(schema.data->fields()[*index]);
    }
    file_request_.data_schema = schema.data;
    file_request_.columns = types::Struct(std::move(wanted));
    file_request_.batch_rows = request.batch_rows;
    arrow_schema_ = types::ToArrowSchema(*request.schema);
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    for (;;) {
      if (!reader_) {
        if (next_ == parts_.size()) return nullptr;
        reader_ = format_->OpenReader(parts_[next_++].slice, file_request_);
      }
      if (auto batch = reader_->Next()) return WithFolders(*batch);
      reader_.reset();
    }
  }
  std::string CurrentFile() const override { return next_ == 0 ? "" : ToFileUri(parts_[next_ - 1].slice.path); }

 private:
  std::shared_ptr<arrow::RecordBatch> WithFolders(const arrow::RecordBatch& batch) {
    arrow::ArrayVector columns;
    int from_file = 0;
    for (const std::string& name : request_.columns) {
      if (schema_.data->FieldIndex(name)) {
        columns.push_back(batch.column(from_file++));
      } else {
        columns.push_back(FolderColumn(name, batch.num_rows()));
      }
    }
    return arrow::RecordBatch::Make(arrow_schema_, batch.num_rows(), std::move(columns));
  }

  std::shared_ptr<arrow::Array> FolderColumn(const std::string& name, int64_t rows) {
    auto type = types::ToArrow(request_.schema->fields()[*request_.schema->FieldIndex(name)].type);
    for (const auto& [key, value] : parts_[next_ - 1].partition) {
      if (!types::Struct({{key, types::String()}})->FieldIndex(name) || value == kNullPartition) continue;
      auto scalar = arrow::Scalar::Parse(type, value);
      if (scalar.ok()) return base::ValueOrThrow(arrow::MakeArrayFromScalar(**scalar, rows));
    }
    return base::ValueOrThrow(arrow::MakeArrayOfNull(type, rows));
  }

  formats::FileFormatPtr format_;
  FileSchema schema_;
  std::vector<FilePartition::Part> parts_;
  ScanRequest request_;
  formats::FileReadRequest file_request_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  formats::FileReaderPtr reader_;
  size_t next_ = 0;
};

}  // namespace

types::TypePtr FileSchema::All() const {
  std::vector<types::StructField> fields = data->fields();
  for (const types::StructField& field : partition) {
    if (!data->FieldIndex(field.name)) fields.push_back(field);
  }
  return types::Struct(std::move(fields));
}

BatchReaderPtr OpenFiles(formats::FileFormatPtr format, const FileSchema& schema, const FilePartition& partition,
                         const ScanRequest& request) {
  return std::make_unique<FilesReader>(std::move(format), schema, partition, request);
}

}  // namespace sluice::connectors
