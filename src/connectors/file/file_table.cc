// Batch reads and writes of files.
#include "connectors/file/file_table.h"
#include "connectors/file/file_splitting.h"

#include <filesystem>
#include <fstream>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/uuid.h"

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
      : format_(FormatOf(spec.options, spec.conf, make)),
        files_(ListFiles(PathsOf(spec), ParseListingOptions(spec.options), false)),
        splitting_(FileSplitting::FromConf(spec.conf)) {
    bool infer = !spec.conf || spec.conf->GetBool("spark.sql.sources.partitionColumnTypeInference.enabled");
    schema_.partition = PartitionColumns(files_, infer);
    if (spec.schema) {
      std::vector<types::StructField> data;
      for (const types::StructField& field : spec.schema->fields()) {
        bool in_folders = false;
        for (types::StructField& partition : schema_.partition) {
          if (!types::Struct({field})->FieldIndex(partition.name)) continue;
          in_folders = true;
          partition = {field.name, field.type, true};
        }
        if (!in_folders) data.push_back(field);
      }
      schema_.data = types::Struct(std::move(data));
    } else {
      schema_.data = format_->InferSchema(WholeFiles(files_));
      if (!schema_.data) {
        throw base::Error(base::ErrorKind::kAnalysis, "UNABLE_TO_INFER_SCHEMA", {{"format", format_->name()}});
      }
    }
    schema_.data = types::AsNullable(schema_.data);
  }

  std::string Describe() const override { return "FileScan " + format_->name(); }
  types::TypePtr schema() const override { return schema_.All(); }
  std::vector<InputPartitionPtr> Partitions(const ScanRequest&, int parallelism) override {
    return PlanFiles(files_, *format_, splitting_, parallelism);
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
  formats::FileFormatPtr format_;
  std::vector<ListedFile> files_;
  FileSplitting splitting_;
  FileSchema schema_;
};

/// Files are written into a hidden folder beside their place and moved when all are complete.
class FileWrite : public BatchWrite {
 public:
  FileWrite(const WriteSpec& spec, formats::FileFormatPtr format)
      : spec_(spec), format_(std::move(format)), path_(base::LocalPath(spec.path)), job_id_(base::NewUuid()) {
    staging_ = path_ + "/_temporary-" + job_id_;
    fs::create_directories(staging_);
  }
  PartitionWriterPtr OpenPartition(int partition) override {
    return std::make_unique<FolderWriter>(format_, staging_, spec_.schema, spec_.partition_by, partition, job_id_, true);
  }
  void Commit(const std::vector<WriterMessage>& messages) override {
    if (spec_.mode == plan::SaveMode::kOverwrite) {
      for (const auto& old : fs::directory_iterator(path_)) {
        if (old.path().string() != staging_) fs::remove_all(old.path());
      }
    }
    for (const WriterMessage& message : messages) {
      for (const std::string& file : message.files) {
        fs::path target = fs::path(path_) / fs::path(file).lexically_relative(staging_);
        fs::create_directories(target.parent_path());
        fs::rename(file, target);
        base::SyncFolder(target.parent_path().string());
      }
    }
    fs::remove_all(staging_);
    base::WriteFileDurably(path_ + "/_SUCCESS", "", base::Existing::kReplace);
  }
  void Abort() override {
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
  }

 private:
  WriteSpec spec_;
  formats::FileFormatPtr format_;
  std::string path_, job_id_, staging_;
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
  if (spec.mode == plan::SaveMode::kOverwrite && spec.conf && !spec.partition_by.empty() &&
      spec.conf->GetString("spark.sql.sources.partitionOverwriteMode") != "STATIC") {
    throw base::Error::Unsupported("Overwriting single partitions (spark.sql.sources.partitionOverwriteMode=dynamic)");
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
