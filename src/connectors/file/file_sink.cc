// The file sink: files written in place, made visible by one entry of the _spark_metadata log.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "base/uuid.h"
#include "checkpoint/file_log_entry.h"
#include "connectors/file/file_stream_options.h"
#include "connectors/file/file_table.h"
#include "connectors/file/folder_writer.h"

namespace sluice::connectors {
namespace {

/// Exactly once: a batch whose entry is in the log is not written again (ManifestFileCommitProtocol).
class FileSink : public StreamSink {
 public:
  FileSink(const StreamSinkContext& context, const plan::Options& options, formats::FileFormatPtr format,
           const std::string& path)
      : path_(base::LocalPath(path)),
        log_(path_ + "/_spark_metadata", path + "/_spark_metadata",
             checkpoint::FileLogSettings::FromConf(*context.conf, "fileSink")) {
    while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
    if (auto retention = plan::FindOption(options, "retention")) retention_ms_ = ParseTimeMillis(*retention);
    write_.format = std::move(format);
    write_.folder = path_;
    write_.schema = context.schema;
    write_.partition_by = context.partition_by;
    write_.time_zone = plan::FindOption(options, "timeZone").value_or(context.conf->session_time_zone());
    write_.max_records_per_file = FolderWriteSpec::MaxRecordsPerFile(options, context.conf);
    write_.on_file = [this](const std::string& file) {
      std::lock_guard lock(mutex_);
      begun_.push_back(file);
    };
  }

  std::string Description() const override { return "FileSink[file:" + path_ + "]"; }

  bool BeginBatch(const SinkBatch& batch) override {
    if (!latest_) latest_ = log_.Latest().value_or(-1);
    if (batch.batch_id <= *latest_) return false;
    begun_.clear();
    base::CreateFoldersDurably(path_);
    write_.job_id = base::NewUuid();
    batch_write_ = std::make_shared<const FolderWriteSpec>(write_);
    return true;
  }
  PartitionWriterPtr OpenPartition(const SinkBatch&, int partition) override {
    return std::make_unique<FolderWriter>(batch_write_, partition);
  }
  void CommitBatch(const SinkBatch& batch, const std::vector<WriterMessage>& messages) override {
    base::FaultPoint("sink.after_files");
    std::vector<std::string> lines;
    rows_ = 0;
    for (const WriterMessage& message : messages) {
      rows_ += message.rows;
      for (const std::string& file : message.files) lines.push_back(LogLine(file));
    }
    // From here on the entry may be in the log, so the files must stay.
    begun_.clear();
    if (!log_.Add(batch.batch_id, lines, Retention())) {
      throw base::Error::Internal(fmt::format("Race while writing batch {}", batch.batch_id));
    }
    latest_ = batch.batch_id;
    base::FaultPoint("sink.after_log");
  }
  void AbortBatch(const SinkBatch&) override {
    for (const std::string& file : begun_) unlink(file.c_str());
    begun_.clear();
  }
  int64_t LastOutputRows() const override { return rows_; }

 private:
  checkpoint::CompactibleFileLog::Filter Retention() const {
    if (!retention_ms_) return nullptr;
    auto now = std::chrono::system_clock::now().time_since_epoch();
    int64_t oldest_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count() - *retention_ms_;
    return [oldest_ms](std::string_view line, const checkpoint::LogPosition& position) {
      return ParseSinkLogEntry(line, position).modification_time >= oldest_ms;
    };
  }

  static std::string LogLine(const std::string& file) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) {
      throw base::Error::Plain(base::ErrorKind::kFileNotFound, fmt::format("File {} does not exist", ToFileUri(file)))
          .WithDomain(base::ErrorDomain::kExternal, true);
    }
    return FormatLogEntry(checkpoint::SinkLogEntry{
        ToFileUri(file), status.st_size, status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000, false});
  }

  std::string path_;
  checkpoint::CompactibleFileLog log_;
  FolderWriteSpec write_;
  std::shared_ptr<const FolderWriteSpec> batch_write_;
  std::optional<int64_t> retention_ms_, latest_;
  std::mutex mutex_;
  std::vector<std::string> begun_;  ///< of a batch that is not committed
  int64_t rows_ = -1;
};

}  // namespace

std::unique_ptr<StreamSink> MakeFileSink(const StreamSinkContext& context, const plan::Options& options,
                                         const std::string& path, const MakeFormat& make) {
  if (path.empty()) throw base::Error(base::ErrorKind::kIllegalArgument, "_LEGACY_ERROR_TEMP_2047");
  auto format = make({formats::Options(options.begin(), options.end()), context.conf});
  return std::make_unique<FileSink>(context, options, std::move(format), path);
}

}  // namespace sluice::connectors
