// Writing the files of one partition of a batch or micro-batch.
#include <arrow/compute/api.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "base/arrow_status.h"
#include "base/durable_file.h"
#include "base/error.h"
#include "connectors/file/file_table.h"

namespace sluice::connectors {

FolderWriter::FolderWriter(formats::FileFormatPtr format, std::string folder, types::TypePtr schema,
                           std::vector<std::string> partition_by, int partition, std::string job_id, bool sync)
    : format_(std::move(format)),
      folder_(std::move(folder)),
      schema_(std::move(schema)),
      partition_(partition),
      job_id_(std::move(job_id)),
      sync_(sync) {
  std::vector<types::StructField> data;
  std::vector<bool> is_partition(schema_->fields().size());
  for (const std::string& column : partition_by) {
    int index = *schema_->FieldIndex(column);
    partition_columns_.push_back(index);
    is_partition[index] = true;
  }
  for (size_t i = 0; i < schema_->fields().size(); ++i) {
    if (is_partition[i]) continue;
    data.push_back(schema_->fields()[i]);
    file_columns_.push_back(static_cast<int>(i));
  }
  file_schema_ = types::Struct(std::move(data));
  format_->CheckWrite(*file_schema_);
  if (partition_columns_.empty() && partition_ == 0) Writer("");
}

FolderWriter::Open& FolderWriter::Writer(const std::string& sub_folder) {
  auto found = open_.find(sub_folder);
  if (found != open_.end()) return found->second;
  std::string folder = sub_folder.empty() ? folder_ : folder_ + "/" + sub_folder;
  base::CreateFoldersDurably(folder);
  Open open;
  open.path = fmt::format("{}/part-{:05}-{}{}{}", folder, partition_, job_id_,
                          partition_columns_.empty() ? "-c000" : ".c000", format_->Extension());
  open.writer = format_->OpenWriter(open.path, file_schema_);
  return open_.emplace(sub_folder, std::move(open)).first->second;
}

void FolderWriter::Write(const std::shared_ptr<arrow::RecordBatch>& batch) {
  rows_ += batch->num_rows();
  if (batch->num_rows() == 0) return;
  auto files = base::ValueOrThrow(batch->SelectColumns(file_columns_));
  if (partition_columns_.empty()) {
    Writer("").writer->Write(*files);
    return;
  }
  std::vector<std::shared_ptr<arrow::StringArray>> keys;
  for (int column : partition_columns_) {
    auto text = base::ValueOrThrow(arrow::compute::Cast(*batch->column(column), arrow::utf8()));
    keys.push_back(std::static_pointer_cast<arrow::StringArray>(text));
  }
  std::map<std::string, std::vector<int64_t>> rows;
  for (int64_t row = 0; row < batch->num_rows(); ++row) {
    std::string folder;
    for (size_t k = 0; k < keys.size(); ++k) {
      bool null = keys[k]->IsNull(row) || keys[k]->GetView(row).empty();
      folder += (k ? "/" : "") + EscapePartitionValue(schema_->fields()[partition_columns_[k]].name) + "=" +
                (null ? kNullPartition : EscapePartitionValue(std::string(keys[k]->GetView(row))));
    }
    rows[folder].push_back(row);
  }
  for (const auto& [folder, picked] : rows) {
    arrow::Int64Builder indices;
    base::ThrowIfError(indices.AppendValues(picked));
    auto taken = arrow::compute::Take(arrow::Datum(files), arrow::Datum(base::ValueOrThrow(indices.Finish())));
    Writer(folder).writer->Write(*base::ValueOrThrow(taken).record_batch());
  }
}

WriterMessage FolderWriter::Finish() {
  WriterMessage message;
  message.rows = rows_;
  for (auto& [folder, open] : open_) {
    open.writer->Close(sync_);
    if (sync_) base::SyncFolder(std::filesystem::path(open.path).parent_path().string());
    message.files.push_back(open.path);
  }
  return message;
}

void FolderWriter::Abort() {
  for (auto& [folder, open] : open_) {
    open.writer.reset();
    unlink(open.path.c_str());
  }
  open_.clear();
}

}  // namespace sluice::connectors
