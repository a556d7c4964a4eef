// Writing the files of one partition of a batch or micro-batch.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "connectors/spi/batch.h"
#include "formats/file_format.h"
#include "logical/binding.h"

namespace sluice::connectors {

/// What all tasks of a write have in common.
struct FolderWriteSpec {
  formats::FileFormatPtr format;
  std::string folder;
  types::TypePtr schema;
  std::vector<std::string> partition_by;
  std::string job_id;
  std::string time_zone = "UTC";
  int64_t max_records_per_file = 0;  ///< 0: no limit
  /// Learns of each file before it is begun; called from several threads. May be null.
  std::function<void(const std::string& path)> on_file;

  /// Option or configuration maxRecordsPerFile.
  static int64_t MaxRecordsPerFile(const std::map<std::string, std::string>& options, const base::SqlConf* conf);
};

/// Writes the rows of one partition into files of the folder, one for each combination of partition values. Only so
/// many files are open at a time: rows of further combinations wait in memory, and when they are many, each of these
/// combinations gets a file. Files that were begun are deleted on Abort. Errors name the file.
class FolderWriter : public PartitionWriter {
 public:
  FolderWriter(std::shared_ptr<const FolderWriteSpec> spec, int partition);
  void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override;
  WriterMessage Finish() override;
  void Abort() override;

 private:
  struct Target {
    std::string sub_folder;
    std::string path;  ///< of the open file
    formats::FileWriterPtr writer;
    int files = 0;
    int64_t rows_in_file = 0;
    std::vector<std::shared_ptr<arrow::RecordBatch>> waiting;
  };
  struct Group {
    std::string sub_folder;
    int64_t begin = 0, length = 0;
  };
  Target& TargetOf(const std::string& sub_folder);
  void OpenFile(Target& target);
  void CloseFile(Target& target);
  void WriteTo(Target& target, const std::shared_ptr<arrow::RecordBatch>& rows);
  void WriteWaiting();
  /// The rows of a batch ordered by their folder.
  std::vector<Group> GroupRows(const arrow::RecordBatch& batch, std::shared_ptr<arrow::Array>* order);
  std::vector<std::string> FolderNames(int column, const std::shared_ptr<arrow::Array>& values);

  std::shared_ptr<const FolderWriteSpec> spec_;
  int partition_;
  types::TypePtr file_schema_;
  std::vector<int> partition_columns_, file_columns_;
  std::vector<logical::ScalarKernel> to_text_;
  std::unordered_map<std::string, Target> targets_;
  size_t open_ = 0;
  std::vector<Target*> waiting_;
  int64_t waiting_bytes_ = 0;
  std::vector<std::string> files_;
  int64_t rows_ = 0;
};

}  // namespace sluice::connectors
