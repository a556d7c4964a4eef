// The file stream source: new files of a folder, in the order of their modification times, logged batch by batch.
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "checkpoint/file_log_entry.h"
#include "connectors/file/file_splitting.h"
#include "connectors/file/file_stream_options.h"
#include "connectors/file/file_table.h"
#include "connectors/file/folder_watcher.h"
#include "connectors/file/partition_folders.h"
#include "connectors/file/path_glob.h"
#include "connectors/file/seen_files.h"

namespace sluice::connectors {
namespace {

using checkpoint::SourceLogEntry;

int64_t LogOffset(const Offset& offset) {
  auto json = nlohmann::json::parse(offset, nullptr, false);
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_object() && json.contains("logOffset")) return json["logOffset"].get<int64_t>();
  throw base::Error::Plain(base::ErrorKind::kIllegalState, "Not an offset of a file stream: " + offset);
}

class FileStreamSource : public StreamSource {
 public:
  FileStreamSource(const ReadSpec& spec, formats::FileFormatPtr format, FileSchema schema,
                   const StreamSourceContext& context)
      : given_path_(PathsOf(spec)[0]),
        path_(base::LocalPath(given_path_)),
        listing_(ParseListingOptions(spec.options, context.conf)),
        options_(ParseFileStreamOptions(spec.options, path_)),
        format_(std::move(format)),
        schema_(std::move(schema)),
        splitting_(FileSplitting::FromConf(context.conf)),
        time_zone_(context.conf->session_time_zone()),
        parallelism_(context.parallelism),
        wake_(context.wake),
        log_(context.metadata_path, "file:" + context.metadata_path,
             checkpoint::FileLogSettings::FromConf(*context.conf, "fileSource")),
        seen_(options_.max_age_ms, options_.name_only) {
    while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
    if (HasGlob(path_)) from_sink_log_ = false;
    log_.ForEach([&](std::string_view line, const checkpoint::LogPosition& position) {
      SourceLogEntry entry = ParseSourceLogEntry(line, position);
      seen_.Add(FromFileUri(entry.path), entry.timestamp);
    });
    seen_.Purge();
    latest_ = log_.Latest().value_or(-1);
  }

  std::string Description() const override { return "FileStreamSource[file:" + path_ + "]"; }

  std::optional<Offset> LatestOffset(const std::optional<Offset>&, const ReadLimit& limit) override {
    std::vector<ListedFile> files = NextFiles(limit);
    for (const ListedFile& file : files) seen_.Add(file.path, file.modified_ms);
    seen_.Purge();
    if (!files.empty()) Log(files);
    if (latest_ < 0) return std::nullopt;
    return fmt::format("{{\"logOffset\":{}}}", latest_);
  }

  void PrepareForTriggerAvailableNow() override {
    pending_ = NewFiles();
    fixed_ = true;
  }

  void Recover(const std::optional<Offset>& start, const Offset& end) override {
    for (const SourceLogEntry& entry : EntriesBetween(start, end)) CheckBase(FromFileUri(entry.path));
  }

  std::vector<InputPartitionPtr> Partitions(const std::optional<Offset>& start, const Offset& end,
                                            const ScanRequest& request) override {
    std::vector<ListedFile> files;
    for (const SourceLogEntry& entry : EntriesBetween(start, end)) {
      ListedFile file{.path = FromFileUri(entry.path)};
      CheckBase(file.path);
      struct stat status {};
      if (stat(file.path.c_str(), &status) != 0) {
        spdlog::warn("The file {} of the stream {} was not found. Was it deleted very recently?", file.path,
                     given_path_);
        continue;
      }
      file.size = status.st_size;
      file.modified_ms = status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000;
      file.base = BaseOf(file.path);
      files.push_back(std::move(file));
    }
    FindFolderColumns(files);
    if (!schema_.partition.empty()) {
      std::erase_if(files, [](const ListedFile& file) { return PartitionOf(file).empty(); });
    }
    return PlanFiles(files, *format_, splitting_, parallelism_, WantsRowIndex(*format_, request));
  }

  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return OpenFiles(format_, schema_, static_cast<const FilePartition&>(*partition), request);
  }

  void Commit(const Offset& end) override {
    int64_t last = LogOffset(end);
    if (options_.clean != CleanSource::kOff && last > cleaned_) {
      for (const SourceLogEntry& entry : EntriesOf(last)) Clean(FromFileUri(entry.path));
      cleaned_ = last;
    }
    recent_.erase(recent_.begin(), recent_.upper_bound(last));
  }

  bool WakesOnData() const override {
    if (!wake_) return false;
    if (!watcher_) {
      watcher_ = std::make_unique<FolderWatcher>(path_, wake_);
      // What came after the last look and before the watch has to be looked for once more.
      if (watcher_->active()) wake_();
    }
    return watcher_->active();
  }

 private:
  std::deque<ListedFile> NewFiles() {
    listing_.read_sink_log = from_sink_log_.value_or(true);
    std::vector<ListedFile> files = ListFiles({given_path_}, listing_, true);
    if (!from_sink_log_) {
      if (HasSinkLog(path_)) {
        from_sink_log_ = true;
      } else if (!files.empty()) {
        from_sink_log_ = false;
      }
    }
    if (from_sink_log_.value_or(false) && options_.clean != CleanSource::kOff) {
      throw base::Error::Plain(base::ErrorKind::kUnsupportedOperation,
                               "Clean up source files is not supported when reading from the output directory of "
                               "FileStreamSink.");
    }
    std::deque<ListedFile> out;
    for (ListedFile& file : files) {
      if (seen_.IsNew(file.path, file.modified_ms)) out.push_back(std::move(file));
    }
    std::stable_sort(out.begin(), out.end(), [&](const ListedFile& a, const ListedFile& b) {
      return options_.latest_first ? a.modified_ms > b.modified_ms : a.modified_ms < b.modified_ms;
    });
    return out;
  }

  // The files of the next batch. What was listed and did not fit waits for the batches after it, so that a backlog is
  // not listed anew for each of them.
  std::vector<ListedFile> NextFiles(const ReadLimit& limit) {
    if (!fixed_ && pending_.empty()) pending_ = NewFiles();
    std::vector<ListedFile> out;
    int64_t bytes = 0;
    while (!pending_.empty()) {
      ListedFile& file = pending_.front();
      if (fixed_ && !seen_.IsNew(file.path, file.modified_ms)) {
        pending_.pop_front();
        continue;
      }
      if (!limit.all_available) {
        if (options_.max_files && out.size() >= static_cast<size_t>(*options_.max_files)) break;
        if (options_.max_bytes && !out.empty() && file.size > *options_.max_bytes - bytes) break;
      }
      bytes += file.size;
      out.push_back(std::move(file));
      pending_.pop_front();
    }
    if (!fixed_) TrimPending();
    return out;
  }

  void TrimPending() {
    double left = 0;
    if (options_.max_files) left = static_cast<double>(pending_.size());
    if (options_.max_bytes) {
      for (const ListedFile& file : pending_) left += static_cast<double>(file.size);
    }
    double most = static_cast<double>(options_.max_files.value_or(options_.max_bytes.value_or(0)));
    // Too few would make a small batch although more may have come.
    if (options_.latest_first || left < most * options_.discard_cached_ratio) pending_.clear();
    if (pending_.size() > static_cast<size_t>(options_.max_cached_files)) pending_.resize(options_.max_cached_files);
  }

  void Log(const std::vector<ListedFile>& files) {
    ++latest_;
    std::vector<std::string> lines;
    std::vector<SourceLogEntry>& entries = recent_[latest_];
    for (const ListedFile& file : files) {
      entries.push_back({ToFileUri(file.path), file.modified_ms, latest_});
      lines.push_back(FormatLogEntry(entries.back()));
    }
    if (!log_.Add(latest_, lines)) {
      throw base::Error::Plain(
          base::ErrorKind::kIllegalState,
          fmt::format("Concurrent update to the log. Multiple streaming jobs detected for {}", latest_));
    }
    base::FaultPoint("source.after_log");
  }

  std::vector<SourceLogEntry> EntriesBetween(const std::optional<Offset>& start, const Offset& end) {
    std::vector<SourceLogEntry> out;
    int64_t last = LogOffset(end);
    for (int64_t batch = start ? LogOffset(*start) + 1 : 0; batch <= last; ++batch) {
      std::vector<SourceLogEntry> entries = EntriesOf(batch);
      out.insert(out.end(), std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end()));
    }
    return out;
  }

  std::vector<SourceLogEntry> EntriesOf(int64_t batch) {
    auto known = recent_.find(batch);
    if (known != recent_.end()) return known->second;
    std::vector<SourceLogEntry> out;
    auto keep = [&](std::string_view line, const checkpoint::LogPosition& position) {
      SourceLogEntry entry = ParseSourceLogEntry(line, position);
      if (entry.batch == batch) out.push_back(std::move(entry));
    };
    if (log_.ForEachOf(batch, keep)) return out;
    // Its own file may have been cleaned up after a compaction.
    auto compacted = log_.LatestCompacted();
    if (compacted && *compacted > batch) log_.ForEachOf(*compacted, keep);
    if (out.empty()) {
      throw base::Error::Plain(base::ErrorKind::kIllegalState, fmt::format("batch {} doesn't exist", batch))
          .WithDomain(base::ErrorDomain::kExternal, false);
    }
    return out;
  }

  // A checkpoint of another folder's stream.
  void CheckBase(const std::string& file) const {
    if (!HasGlob(path_)) CheckBasePath(given_path_, file);
  }

  // Partition folders begin below what the path or pattern stands for.
  size_t BaseOf(const std::string& file) const {
    size_t parent = file.rfind('/');
    if (listing_.recursive) return parent;
    size_t base = 0;
    for (int64_t depth = std::count(path_.begin(), path_.end(), '/'); depth > 0 && base != std::string::npos; --depth) {
      base = file.find('/', base + 1);
    }
    return std::min(base, parent);
  }

  // Columns of the user's schema turn out to be partition columns when the first folders appear.
  void FindFolderColumns(const std::vector<ListedFile>& files) {
    if (!schema_.partition.empty()) return;
    auto with_folders =
        std::find_if(files.begin(), files.end(), [](const auto& file) { return !PartitionOf(file).empty(); });
    if (with_folders == files.end()) return;
    FileSchema split = SplitSchema(schema_.data, files, true, time_zone_);
    std::erase_if(split.partition,
                  [&](const types::StructField& field) { return !schema_.data->FieldIndex(field.name); });
    if (!split.partition.empty()) schema_ = std::move(split);
  }

  void Clean(const std::string& path) const {
    std::error_code failed;
    if (options_.clean == CleanSource::kDelete) {
      std::filesystem::remove(path, failed);
    } else {
      std::filesystem::path target = options_.archive_folder + path;
      std::filesystem::create_directories(target.parent_path(), failed);
      std::filesystem::rename(path, target, failed);
    }
    if (failed) spdlog::warn("The file {} could not be cleaned up: {}", path, failed.message());
  }

  std::string given_path_, path_;
  ListingOptions listing_;
  FileStreamOptions options_;
  formats::FileFormatPtr format_;
  FileSchema schema_;
  FileSplitting splitting_;
  std::string time_zone_;
  int parallelism_;
  std::function<void()> wake_;
  checkpoint::CompactibleFileLog log_;
  SeenFiles seen_;
  std::optional<bool> from_sink_log_;                      ///< unknown until there are files
  std::deque<ListedFile> pending_;                         ///< listed, not yet in a batch
  bool fixed_ = false;                                     ///< availableNow: nothing but pending_ is to come
  std::map<int64_t, std::vector<SourceLogEntry>> recent_;  ///< of batches that are not committed
  int64_t latest_ = -1, cleaned_ = -1;
  mutable std::unique_ptr<FolderWatcher> watcher_;
};

class FileStream : public StreamDefinition {
 public:
  FileStream(ReadSpec spec, const MakeFormat& make)
      : spec_(std::move(spec)),
        format_(make({formats::Options(spec_.options.begin(), spec_.options.end()), spec_.conf})) {
    std::vector<std::string> paths = PathsOf(spec_);
    std::string local = base::LocalPath(paths[0]);
    if (!HasGlob(local) && !std::filesystem::exists(local)) {
      throw base::Error(base::ErrorKind::kAnalysis, "PATH_NOT_FOUND", {{"path", paths[0]}});
    }
    BooleanOption(spec_.options, "ignoreMissingFiles", false);
    ListingOptions listing = ParseListingOptions(spec_.options, spec_.conf);
    // Refused when the stream starts.
    listing.modified_before_ms = listing.modified_after_ms = std::nullopt;
    std::vector<ListedFile> files = ListFiles(paths, listing, true);
    types::TypePtr given = spec_.schema;
    if (!given || given->fields().empty()) {
      bool infer = spec_.conf && spec_.conf->GetBool("spark.sql.streaming.schemaInference");
      std::vector<formats::FileSlice> slices;
      for (const ListedFile& file : files) slices.push_back({file.path, 0, file.size, file.size});
      if (infer || format_->name() == "Text") given = format_->InferSchema(slices);
      if (!given) throw base::Error(base::ErrorKind::kIllegalArgument, "_LEGACY_ERROR_TEMP_2048");
    }
    bool infer_types = !spec_.conf || spec_.conf->GetBool("spark.sql.sources.partitionColumnTypeInference.enabled");
    schema_ = SplitSchema(given, files, infer_types, spec_.conf ? spec_.conf->session_time_zone() : "UTC");
    if (!spec_.conf || spec_.conf->GetBool("spark.sql.streaming.fileSource.schema.forceNullable")) {
      schema_.data = types::AsNullable(schema_.data);
    }
    description_ = "FileSource[" + paths[0] + "]";
    spec_.conf = nullptr;
  }
  std::string Describe() const override { return description_; }
  types::TypePtr schema() const override { return schema_.All(); }
  types::TypePtr metadata_columns() const override { return FileMetadataColumns(*format_); }
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
