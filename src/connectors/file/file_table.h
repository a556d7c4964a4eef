// Batch tables over files, and what batch reads, streams and sinks of files share.
#pragma once

#include <functional>

#include "connectors/file/file_reader.h"
#include "connectors/spi/registry.h"

namespace sluice::connectors {

/// Makes a format from the user's options; one a format.
using MakeFormat = std::function<formats::FileFormatPtr(formats::FormatContext)>;

/// Fills read, read_stream, write and write_stream of a file format's entry.
void AddFileFormat(ConnectorRegistry& registry, DataSourceEntry entry, MakeFormat make);

BatchTablePtr MakeFileTable(const ReadSpec& spec, const MakeFormat& make);
BatchWritePtr MakeFileWrite(const WriteSpec& spec, const MakeFormat& make);
std::shared_ptr<StreamDefinition> MakeFileStream(const ReadSpec& spec, const MakeFormat& make);
std::unique_ptr<StreamSink> MakeFileSink(const StreamSinkContext& context, const plan::Options& options,
                                         const std::string& path, const MakeFormat& make);

/// The paths of a reader: load(…) arguments or option "path".
std::vector<std::string> PathsOf(const ReadSpec& spec);

/// Writes the rows of one partition into files of `folder`, one for each combination of partition values. Files that
/// were begun are deleted on Abort. `on_file` learns of each finished file and its size.
class FolderWriter : public PartitionWriter {
 public:
  FolderWriter(formats::FileFormatPtr format, std::string folder, types::TypePtr schema,
               std::vector<std::string> partition_by, int partition, std::string job_id, bool sync);
  void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override;
  WriterMessage Finish() override;
  void Abort() override;

 private:
  struct Open {
    std::string path;
    formats::FileWriterPtr writer;
  };
  Open& Writer(const std::string& sub_folder);
  formats::FileFormatPtr format_;
  std::string folder_;
  types::TypePtr schema_, file_schema_;
  std::vector<int> partition_columns_, file_columns_;
  int partition_;
  std::string job_id_;
  bool sync_;
  std::map<std::string, Open> open_;
  int64_t rows_ = 0;
};

}  // namespace sluice::connectors
