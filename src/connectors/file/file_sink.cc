// The file sink: files written in place, made visible by one entry of the _spark_metadata log.
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "base/uuid.h"
#include "checkpoint/compactible_file_log.h"
#include "connectors/file/file_table.h"

namespace sluice::connectors {
namespace {

/// Exactly once: a batch whose entry is in the log is not written again (ManifestFileCommitProtocol).
class FileSink : public StreamSink {
 public:
  FileSink(const StreamSinkContext& context, formats::FileFormatPtr format, const std::string& path)
      : format_(std::move(format)),
        path_(base::LocalPath(path)),
        schema_(context.schema),
        partition_by_(context.partition_by),
        log_(path_ + "/_spark_metadata", context.conf->GetLong("spark.sql.streaming.fileSink.log.compactInterval")) {}

  std::string Description() const override { return "FileSink[file:" + path_ + "]"; }

  bool BeginBatch(const SinkBatch& batch) override {
    if (auto latest = log_.Latest(); latest && *latest >= batch.batch_id) return false;
    job_id_ = base::NewUuid();
    base::CreateFoldersDurably(path_);
    return true;
  }
  PartitionWriterPtr OpenPartition(const SinkBatch&, int partition) override {
    return std::make_unique<FolderWriter>(format_, path_, schema_, partition_by_, partition, job_id_, true);
  }
  void CommitBatch(const SinkBatch& batch, const std::vector<WriterMessage>& messages) override {
    base::FaultPoint("sink.after_files");
    std::vector<std::string> lines;
    for (const WriterMessage& message : messages) {
      for (const std::string& file : message.files) lines.push_back(LogLine(file));
    }
    if (!log_.Add(batch.batch_id, lines)) {
      throw base::Error::Plain(base::ErrorKind::kIllegalState, fmt::format("Race while writing batch {}", batch.batch_id));
    }
    base::FaultPoint("sink.after_log");
  }

 private:
  static std::string LogLine(const std::string& file) {
    struct stat status {};
    stat(file.c_str(), &status);
    nlohmann::ordered_json line{{"path", ToFileUri(file)},
                                {"size", status.st_size},
                                {"isDir", false},
                                {"modificationTime", status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000},
                                {"blockReplication", 1},
                                {"blockSize", 33554432},
                                {"action", "add"}};
    return line.dump();
  }

  formats::FileFormatPtr format_;
  std::string path_;
  types::TypePtr schema_;
  std::vector<std::string> partition_by_;
  checkpoint::CompactibleFileLog log_;
  std::string job_id_;
};

}  // namespace

std::unique_ptr<StreamSink> MakeFileSink(const StreamSinkContext& context, const plan::Options& options,
                                         const std::string& path, const MakeFormat& make) {
  if (path.empty()) throw base::Error(base::ErrorKind::kIllegalArgument, "_LEGACY_ERROR_TEMP_2047");
  return std::make_unique<FileSink>(context, make({formats::Options(options.begin(), options.end()), context.conf}), path);
}

}  // namespace sluice::connectors
