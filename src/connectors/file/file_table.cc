// Batch reads and writes of files.
#include "connectors/file/file_table.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/uuid.h"
#include "connectors/file/file_splitting.h"
#include "connectors/file/folder_writer.h"
#include "connectors/file/partition_folders.h"

namespace sluice::connectors {
namespace {

namespace fs = std::filesystem;

formats::FileFormatPtr FormatOf(const plan::Options& options, const base::SqlConf* conf, const MakeFormat& make) {
  return make({formats::Options(options.begin(), options.end()), conf});
}

std::vector<formats::FileSlice> WholeFiles(const std::vector<ListedFile>& files) {
  std::vector<formats::FileSlice> out;
  for (const ListedFile& file : files) out.push_back({file.path, 0, file.size, file.size});
  return out;
}

class FileTable : public BatchTable {
 public:
  FileTable(const ReadSpec& spec, const MakeFormat& make)
      : format_(FormatOf(spec.options, spec.conf, make)), splitting_(FileSplitting::FromConf(spec.conf)) {
    BooleanOption(spec.options, "ignoreMissingFiles", false);
    files_ = ListFiles(PathsOf(spec), ParseListingOptions(spec.options, spec.conf), false);
    bool infer = !spec.conf || spec.conf->GetBool("spark.sql.sources.partitionColumnTypeInference.enabled");
    std::string time_zone = spec.conf ? spec.conf->session_time_zone() : "UTC";
    if (spec.schema) {
      schema_ = SplitSchema(spec.schema, files_, infer, time_zone);
    } else {
      schema_.partition = PartitionColumns(files_, nullptr, infer, time_zone);
      KeepPartitioned();
      schema_.data = format_->InferSchema(WholeFiles(files_));
      if (!schema_.data) {
        throw base::Error(base::ErrorKind::kAnalysis, "UNABLE_TO_INFER_SCHEMA", {{"format", format_->name()}});
      }
    }
    KeepPartitioned();
    schema_.data = types::AsNullable(schema_.data);
  }

  std::string Describe() const override { return "FileScan " + format_->name(); }
  types::TypePtr schema() const override { return schema_.All(); }
  types::TypePtr metadata_columns() const override { return FileMetadataColumns(*format_); }
  std::vector<InputPartitionPtr> Partitions(const ScanRequest& request, int parallelism) override {
    return PlanFiles(files_, *format_, splitting_, parallelism, WantsRowIndex(*format_, request));
  }
  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return OpenFiles(format_, schema_, static_cast<const FilePartition&>(*partition), request);
  }
  std::vector<std::string> InputFiles() override {
    std::vector<std::string> out;
    for (const ListedFile& file : files_) out.push_back(ToFileUri(file.path));
    return out;
  }

 private:
  // Files beside the folders of a partitioned table don't belong to it.
  void KeepPartitioned() {
    if (schema_.partition.empty()) return;
    std::erase_if(files_, [](const ListedFile& file) { return PartitionOf(file).empty(); });
  }

  formats::FileFormatPtr format_;
  FileSplitting splitting_;
  std::vector<ListedFile> files_;
  FileSchema schema_;
};

bool OverwritesPartitions(const WriteSpec& spec) {
  if (spec.mode != plan::SaveMode::kOverwrite || spec.partition_by.empty()) return false;
  std::string mode = spec.conf ? spec.conf->GetString("spark.sql.sources.partitionOverwriteMode") : "STATIC";
  mode = plan::FindOption(spec.options, "partitionOverwriteMode").value_or(mode);
  std::transform(mode.begin(), mode.end(), mode.begin(), [](unsigned char c) { return std::toupper(c); });
  if (mode != "STATIC" && mode != "DYNAMIC") {
    throw base::Error::Plain(base::ErrorKind::kNoSuchElement, "No value found for '" + mode + "'");
  }
  return mode == "DYNAMIC";
}

/// Files are written into a hidden folder beside their place and moved when all are complete.
class FileWrite : public BatchWrite {
 public:
  FileWrite(const WriteSpec& spec, formats::FileFormatPtr format)
      : mode_(spec.mode), only_partitions_(OverwritesPartitions(spec)), path_(base::LocalPath(spec.path)) {
    auto write = std::make_shared<FolderWriteSpec>();
    write->format = std::move(format);
    write->job_id = base::NewUuid();
    write->folder = path_ + "/_temporary-" + write->job_id;
    write->schema = spec.schema;
    write->partition_by = spec.partition_by;
    if (spec.conf) write->time_zone = spec.conf->session_time_zone();
    write->time_zone = plan::FindOption(spec.options, "timeZone").value_or(write->time_zone);
    write->max_records_per_file = FolderWriteSpec::MaxRecordsPerFile(spec.options, spec.conf);
    base::CreateFoldersDurably(write->folder);
    write_ = std::move(write);
  }
  PartitionWriterPtr OpenPartition(int partition) override { return std::make_unique<FolderWriter>(write_, partition); }
  void Commit(const std::vector<WriterMessage>& messages) override {
    std::set<std::string> folders;
    for (const WriterMessage& message : messages) {
      for (const std::string& file : message.files) folders.insert(TargetOf(file).parent_path().string());
    }
    if (mode_ == plan::SaveMode::kOverwrite) RemoveOld(folders);
    for (const std::string& folder : folders) base::CreateFoldersDurably(folder);
    for (const WriterMessage& message : messages) {
      for (const std::string& file : message.files) Move(file, TargetOf(file));
    }
    for (const std::string& folder : folders) base::SyncFolder(folder);
    fs::remove_all(write_->folder);
    base::WriteFileDurably(path_ + "/_SUCCESS", "", base::Existing::kReplace);
  }
  void Abort() override {
    std::error_code ignored;
    fs::remove_all(write_->folder, ignored);
  }

 private:
  fs::path TargetOf(const std::string& file) const {
    return fs::path(path_) / fs::path(file).lexically_relative(write_->folder);
  }
  static void Move(const std::string& file, const fs::path& target) {
    std::error_code failed;
    fs::rename(file, target, failed);
    if (!failed) return;
    throw base::Error::Plain(base::ErrorKind::kSpark,
                             "Cannot rename " + file + " to " + target.string() + ": " + failed.message())
        .WithDomain(base::ErrorDomain::kExternal, true);
  }
  // A dynamic overwrite replaces only the partitions that get rows.
  void RemoveOld(const std::set<std::string>& folders) const {
    if (only_partitions_) {
      for (const std::string& folder : folders) fs::remove_all(folder);
      return;
    }
    for (const auto& old : fs::directory_iterator(path_)) {
      if (old.path().string() != write_->folder) fs::remove_all(old.path());
    }
  }

  plan::SaveMode mode_;
  bool only_partitions_;
  std::string path_;
  std::shared_ptr<const FolderWriteSpec> write_;
};

}  // namespace

std::vector<std::string> PathsOf(const ReadSpec& spec) {
  std::vector<std::string> paths = spec.paths;
  if (paths.empty()) {
    if (auto path = plan::FindOption(spec.options, "path")) paths.push_back(*path);
  }
  if (paths.empty()) throw base::Error(base::ErrorKind::kIllegalArgument, "_LEGACY_ERROR_TEMP_2047");
  return paths;
}

BatchTablePtr MakeFileTable(const ReadSpec& spec, const MakeFormat& make) {
  return std::make_shared<FileTable>(spec, make);
}

BatchWritePtr MakeFileWrite(const WriteSpec& spec, const MakeFormat& make) {
  if (spec.path.empty()) throw base::Error(base::ErrorKind::kIllegalArgument, "_LEGACY_ERROR_TEMP_2047");
  std::string path = base::LocalPath(spec.path);
  if (fs::exists(path)) {
    if (spec.mode == plan::SaveMode::kIgnore) return nullptr;
    if (spec.mode == plan::SaveMode::kErrorIfExists) {
      throw base::Error(base::ErrorKind::kAnalysis, "PATH_ALREADY_EXISTS", {{"outputPath", "file:" + path}});
    }
  }
  if (!spec.partition_by.empty() && spec.partition_by.size() == spec.schema->fields().size()) {
    throw base::Error(base::ErrorKind::kAnalysis, "ALL_PARTITION_COLUMNS_NOT_ALLOWED");
  }
  return std::make_unique<FileWrite>(spec, FormatOf(spec.options, spec.conf, make));
}

void AddFileFormat(ConnectorRegistry& registry, DataSourceEntry entry, MakeFormat make) {
  entry.read = [make](const ReadSpec& spec) { return MakeFileTable(spec, make); };
  entry.write = [make](const WriteSpec& spec) { return MakeFileWrite(spec, make); };
  entry.read_stream = [make](const ReadSpec& spec) { return MakeFileStream(spec, make); };
  entry.write_stream = [make](const StreamSinkContext& context, const plan::Options& options, const std::string& path) {
    return MakeFileSink(context, options, path, make);
  };
  entry.output_modes = {OutputMode::kAppend};
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
