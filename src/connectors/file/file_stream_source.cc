// The file stream source: new files of a folder, in the order of their modification times, logged batch by batch.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "checkpoint/compactible_file_log.h"
#include "connectors/file/file_splitting.h"
#include "connectors/file/file_table.h"

namespace sluice::connectors {
namespace {

enum class CleanSource { kOff, kDelete, kArchive };

struct StreamOptions {
  std::optional<int64_t> max_files, max_bytes;
  bool latest_first = false;
  bool name_only = false;
  CleanSource clean = CleanSource::kOff;
  std::string archive_folder;
};

base::Error Invalid(const std::string& message) { return base::Error::Plain(base::ErrorKind::kIllegalArgument, message); }

std::optional<int64_t> PositiveOption(const plan::Options& options, const char* name) {
  auto text = plan::FindOption(options, name);
  if (!text) return std::nullopt;
  int64_t value = 0;
  auto [end, status] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (status != std::errc() || end != text->data() + text->size() || value <= 0) {
    throw Invalid(fmt::format("Invalid value '{}' for option '{}', must be a positive integer", *text, name));
  }
  return value;
}

bool BoolOption(const plan::Options& options, const char* name) {
  std::string text = plan::FindOption(options, name).value_or("false");
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  if (text != "true" && text != "false") {
    throw Invalid(fmt::format("Invalid value '{}' for option '{}', must be 'true' or 'false'", text, name));
  }
  return text == "true";
}

StreamOptions ParseStreamOptions(const plan::Options& options) {
  StreamOptions out;
  out.max_files = PositiveOption(options, "maxFilesPerTrigger");
  out.max_bytes = PositiveOption(options, "maxBytesPerTrigger");
  if (out.max_files && out.max_bytes) {
    throw Invalid("Options 'maxFilesPerTrigger' and 'maxBytesPerTrigger' can't be both set at the same time");
  }
  out.latest_first = BoolOption(options, "latestFirst");
  out.name_only = BoolOption(options, "fileNameOnly");
  std::string clean = plan::FindOption(options, "cleanSource").value_or("off");
  std::string upper = clean;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (upper == "DELETE") {
    out.clean = CleanSource::kDelete;
  } else if (upper == "ARCHIVE") {
    out.clean = CleanSource::kArchive;
    out.archive_folder = plan::FindOption(options, "sourceArchiveDir").value_or("");
    if (out.archive_folder.empty()) throw Invalid("Archive mode must be used with 'sourceArchiveDir' option.");
    out.archive_folder = base::LocalPath(out.archive_folder);
  } else if (upper != "OFF") {
    throw Invalid(fmt::format("Invalid mode for clean source option Some({}). Must be one of ARCHIVE,DELETE,OFF", clean));
  }
  return out;
}

struct LoggedFile {
  std::string path;
  int64_t timestamp = 0;
  int64_t batch = 0;
};

class FileStreamSource : public StreamSource {
 public:
  FileStreamSource(const ReadSpec& spec, formats::FileFormatPtr format, FileSchema schema,
                   const StreamSourceContext& context)
      : paths_(PathsOf(spec)),
        listing_(ParseListingOptions(spec.options)),
        options_(ParseStreamOptions(spec.options)),
        format_(std::move(format)),
        schema_(std::move(schema)),
        splitting_(FileSplitting::FromConf(context.conf)),
        parallelism_(context.parallelism),
        log_(context.metadata_path, context.conf->GetLong("spark.sql.streaming.fileSource.log.compactInterval")) {
    for (const std::string& line : log_.All()) {
      auto entry = nlohmann::json::parse(line);
      logged_.push_back({entry.at("path"), entry.at("timestamp"), entry.at("batchId")});
      seen_.insert(SeenKey(FromFileUri(logged_.back().path)));
    }
    latest_ = log_.Latest().value_or(-1);
  }

  std::string Description() const override { return "FileStreamSource[file:" + base::LocalPath(paths_[0]) + "]"; }

  std::optional<Offset> LatestOffset(const std::optional<Offset>&, const ReadLimit& limit) override {
    std::vector<ListedFile> files = NewFiles(limit);
    if (!files.empty()) {
      std::vector<std::string> lines;
      ++latest_;
      for (const ListedFile& file : files) {
        LoggedFile entry{ToFileUri(file.path), file.modified_ms, latest_};
        nlohmann::ordered_json line{{"path", entry.path}, {"timestamp", entry.timestamp}, {"batchId", entry.batch}};
        lines.push_back(line.dump());
        logged_.push_back(std::move(entry));
        seen_.insert(SeenKey(file.path));
      }
      if (!log_.Add(latest_, lines)) {
        throw base::Error(base::ErrorKind::kIllegalState, "CONCURRENT_STREAM_LOG_UPDATE", {{"batchId", std::to_string(latest_)}});
      }
      base::FaultPoint("source.after_log");
    }
    if (latest_ < 0) return std::nullopt;
    return fmt::format("{{\"logOffset\":{}}}", latest_);
  }

  void PrepareForTriggerAvailableNow() override {
    fixed_.emplace();
    for (const ListedFile& file : Unseen()) fixed_->insert(file.path);
  }

  std::vector<InputPartitionPtr> Partitions(const std::optional<Offset>& start, const Offset& end,
                                            const ScanRequest&) override {
    int64_t first = start ? LogOffset(*start) : -1, last = LogOffset(end);
    std::vector<ListedFile> files;
    for (const LoggedFile& entry : logged_) {
      if (entry.batch <= first || entry.batch > last) continue;
      std::string path = FromFileUri(entry.path);
      std::vector<ListedFile> found = ListFiles({path}, {}, true);
      if (found.empty()) throw base::Error(base::ErrorKind::kFileNotFound, "FAILED_READ_FILE.FILE_NOT_EXIST", {{"path", path}});
      found[0].partition = PartitionOf(path);
      files.push_back(std::move(found[0]));
    }
    return PlanFiles(files, *format_, splitting_, parallelism_);
  }

  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return OpenFiles(format_, schema_, static_cast<const FilePartition&>(*partition), request);
  }

  void Commit(const Offset& end) override {
    if (options_.clean == CleanSource::kOff) return;
    int64_t last = LogOffset(end);
    for (const LoggedFile& entry : logged_) {
      if (entry.batch <= cleaned_ || entry.batch > last) continue;
      Clean(FromFileUri(entry.path));
    }
    cleaned_ = std::max(cleaned_, last);
  }

 private:
  static int64_t LogOffset(const Offset& offset) {
    auto json = nlohmann::json::parse(offset, nullptr, false);
    if (json.is_number_integer()) return json.get<int64_t>();
    if (json.is_object() && json.contains("logOffset")) return json["logOffset"].get<int64_t>();
    throw base::Error::Plain(base::ErrorKind::kIllegalState, "Not an offset of a file stream: " + offset);
  }

  std::string SeenKey(const std::string& path) const {
    return options_.name_only ? std::filesystem::path(path).filename().string() : path;
  }

  std::vector<ListedFile> Unseen() const {
    std::vector<ListedFile> files = ListFiles(paths_, listing_, true);
    std::erase_if(files, [&](const ListedFile& file) { return seen_.contains(SeenKey(file.path)); });
    std::stable_sort(files.begin(), files.end(), [&](const ListedFile& a, const ListedFile& b) {
      return options_.latest_first ? a.modified_ms > b.modified_ms : a.modified_ms < b.modified_ms;
    });
    return files;
  }

  std::vector<ListedFile> NewFiles(const ReadLimit& limit) const {
    std::vector<ListedFile> files = Unseen();
    if (fixed_) std::erase_if(files, [&](const ListedFile& file) { return !fixed_->contains(file.path); });
    if (limit.all_available) return files;
    if (options_.max_files && files.size() > static_cast<size_t>(*options_.max_files)) files.resize(*options_.max_files);
    if (options_.max_bytes) {
      // At least one file, then as many as fit.
      int64_t bytes = 0;
      size_t taken = 0;
      while (taken < files.size() && (taken == 0 || bytes + files[taken].size <= *options_.max_bytes)) {
        bytes += files[taken++].size;
      }
      files.resize(taken);
    }
    return files;
  }

  std::vector<std::pair<std::string, std::string>> PartitionOf(const std::string& path) const {
    if (schema_.partition.empty()) return {};
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& part : std::filesystem::path(path).parent_path()) {
      std::string text = part.string();
      if (size_t equals = text.find('='); equals != std::string::npos) {
        out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
      }
    }
    return out;
  }

  void Clean(const std::string& path) const {
    std::error_code failed;
    if (options_.clean == CleanSource::kDelete) {
      std::filesystem::remove(path, failed);
      return;
    }
    std::filesystem::path target = options_.archive_folder + path;
    std::filesystem::create_directories(target.parent_path(), failed);
    std::filesystem::rename(path, target, failed);
  }

  std::vector<std::string> paths_;
  ListingOptions listing_;
  StreamOptions options_;
  formats::FileFormatPtr format_;
  FileSchema schema_;
  FileSplitting splitting_;
  int parallelism_;
  checkpoint::CompactibleFileLog log_;
  std::vector<LoggedFile> logged_;
  std::set<std::string> seen_;
  std::optional<std::set<std::string>> fixed_;
  int64_t latest_ = -1, cleaned_ = -1;
};

class FileStream : public StreamDefinition {
 public:
  FileStream(ReadSpec spec, const MakeFormat& make)
      : spec_(std::move(spec)), format_(make({formats::Options(spec_.options.begin(), spec_.options.end()), spec_.conf})) {
    std::vector<std::string> paths = PathsOf(spec_);
    std::vector<ListedFile> files;
    try {
      files = ListFiles(paths, ParseListingOptions(spec_.options), false);
    } catch (const base::Error& error) {
      if (error.condition() != "PATH_NOT_FOUND") throw;
      throw base::Error(base::ErrorKind::kAnalysis, "PATH_NOT_FOUND", {{"path", base::LocalPath(paths[0])}});
    }
    types::TypePtr given = spec_.schema;
    if (!given || given->fields().empty()) {
      bool infer = spec_.conf && spec_.conf->GetBool("spark.sql.streaming.schemaInference");
      std::vector<formats::FileSlice> slices;
      for (const ListedFile& file : files) slices.push_back({file.path, 0, file.size, file.size});
      if (infer || format_->name() == "Text" || format_->name() == "text") given = format_->InferSchema(slices);
      if (!given) throw base::Error(base::ErrorKind::kIllegalArgument, "_LEGACY_ERROR_TEMP_2048");
    }
    schema_.partition = PartitionColumns(files, true);
    std::vector<types::StructField> data;
    for (const types::StructField& field : given->fields()) {
      bool in_folders = false;
      for (types::StructField& partition : schema_.partition) {
        if (!types::Struct({field})->FieldIndex(partition.name)) continue;
        in_folders = true;
        partition = {field.name, field.type, true};
      }
      if (!in_folders) data.push_back(field);
    }
    schema_.data = types::AsNullable(types::Struct(std::move(data)));
    description_ = "FileSource[" + paths[0] + "]";
    spec_.conf = nullptr;
  }
  std::string Describe() const override { return description_; }
  types::TypePtr schema() const override { return schema_.All(); }
  std::string short_name() const override { return format_->name(); }
  std::unique_ptr<StreamSource> Create(const StreamSourceContext& context) override {
    return std::make_unique<FileStreamSource>(spec_, format_, schema_, context);
  }

 private:
  ReadSpec spec_;
  formats::FileFormatPtr format_;
  FileSchema schema_;
  std::string description_;
};

}  // namespace

std::shared_ptr<StreamDefinition> MakeFileStream(const ReadSpec& spec, const MakeFormat& make) {
  return std::make_shared<FileStream>(spec, make);
}

}  // namespace sluice::connectors
