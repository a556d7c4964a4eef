// Globs, hidden files, sink logs and nested folders of the local file system.
#include "connectors/file/file_listing.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/path_uri.h"
#include "checkpoint/file_log_entry.h"
#include "connectors/file/path_glob.h"
#include "types/datetime_text.h"

namespace sluice::connectors {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSinkLog = "_spark_metadata";

base::Error IllegalArgument(const std::string& message) {
  return base::Error::Plain(base::ErrorKind::kIllegalArgument, message);
}

int64_t ModifiedMillis(const struct stat& status) {
  return status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000;
}

std::optional<int64_t> TimeOption(const plan::Options& options, const char* name, const types::TimeZone& zone) {
  auto text = plan::FindOption(options, name);
  if (!text) return std::nullopt;
  auto micros = types::ParseTimestamp(*text, zone);
  if (!micros) {
    std::string strategy = name;
    std::transform(strategy.begin(), strategy.end(), strategy.begin(), [](unsigned char c) { return std::tolower(c); });
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1294",
                      {{"strategy", strategy}, {"timeString", *text}});
  }
  return *micros / 1000;
}

/// Collects the files of one root; those of deeper folders apart, since they count only if the table is partitioned.
class Lister {
 public:
  explicit Lister(const ListingOptions& options) : options_(options) {}

  void Root(const std::string& root, std::vector<ListedFile>* direct, std::vector<ListedFile>* nested) {
    struct stat status {};
    if (stat(root.c_str(), &status) != 0) return;
    if (S_ISDIR(status.st_mode)) {
      Folder(root, root.size(), direct, nested);
    } else if (S_ISREG(status.st_mode) && !IsHiddenName(root.substr(root.rfind('/') + 1))) {
      Add(root, status, root.rfind('/'), direct);
    }
  }

  void Add(std::string path, const struct stat& status, size_t base, std::vector<ListedFile>* out) const {
    ListedFile file{std::move(path), status.st_size, ModifiedMillis(status), base};
    if (Wanted(file)) out->push_back(std::move(file));
  }

  bool Wanted(const ListedFile& file) const {
    if (options_.modified_before_ms && file.modified_ms >= *options_.modified_before_ms) return false;
    if (options_.modified_after_ms && file.modified_ms <= *options_.modified_after_ms) return false;
    return options_.name_glob.empty() || MatchesGlob(options_.name_glob, file.path.substr(file.path.rfind('/') + 1));
  }

 private:
  void Folder(const std::string& folder, size_t base, std::vector<ListedFile>* direct,
              std::vector<ListedFile>* nested) {
    DIR* entries = opendir(folder.c_str());
    if (!entries) return;
    std::vector<std::string> names;
    while (const dirent* entry = readdir(entries)) {
      std::string name = entry->d_name;
      if (!IsHiddenName(name)) names.push_back(std::move(name));
    }
    closedir(entries);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      std::string path = folder + "/" + name;
      struct stat status {};
      // What vanishes between the listing and here is as if it had never been.
      if (stat(path.c_str(), &status) != 0) continue;
      if (S_ISDIR(status.st_mode)) {
        Folder(path, base, nested, nested);
      } else if (S_ISREG(status.st_mode)) {
        Add(std::move(path), status, base, direct);
      }
    }
  }

  const ListingOptions& options_;
};

bool AnyPartition(const std::vector<ListedFile>& files) {
  return std::any_of(files.begin(), files.end(), [](const ListedFile& file) {
    size_t equals = file.path.find('=', file.base);
    return equals != std::string::npos && equals < file.path.rfind('/');
  });
}

std::vector<ListedFile> ListSinkLog(const std::string& root, const std::string& given, const Lister& lister) {
  checkpoint::CompactibleFileLog log(root + "/" + kSinkLog, given + "/" + kSinkLog);
  std::vector<ListedFile> direct, nested;
  std::set<std::string> deleted;
  log.ForEach([&](std::string_view line, const checkpoint::LogPosition& position) {
    checkpoint::SinkLogEntry entry = checkpoint::ParseSinkLogEntry(line, position);
    ListedFile file{FromFileUri(entry.path), entry.size, entry.modification_time, root.size()};
    if (entry.deleted) {
      deleted.insert(file.path);
    } else if (lister.Wanted(file)) {
      (file.path.rfind('/') == root.size() ? direct : nested).push_back(std::move(file));
    }
  });
  if (AnyPartition(nested)) direct.insert(direct.end(), nested.begin(), nested.end());
  std::erase_if(direct, [&](const ListedFile& file) { return deleted.contains(file.path); });
  return direct;
}

std::string WithoutLastSlash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

size_t BaseLength(const std::string& base_path) {
  std::string base = WithoutLastSlash(base::LocalPath(base_path));
  if (fs::exists(base) && !fs::is_directory(base)) throw IllegalArgument("Option 'basePath' must be a directory");
  return base.size();
}

}  // namespace

bool BooleanOption(const plan::Options& options, const char* name, bool otherwise) {
  auto given = plan::FindOption(options, name);
  if (!given) return otherwise;
  std::string text = *given;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  if (text != "true" && text != "false") throw IllegalArgument(fmt::format("For input string: \"{}\"", *given));
  return text == "true";
}

ListingOptions ParseListingOptions(const plan::Options& options, const base::SqlConf* conf) {
  ListingOptions out;
  out.recursive = BooleanOption(options, "recursiveFileLookup", false);
  out.name_glob = plan::FindOption(options, "pathGlobFilter").value_or("");
  std::string zone_name = conf ? conf->session_time_zone() : "UTC";
  types::TimeZone zone = types::TimeZone::Get(plan::FindOption(options, "timeZone").value_or(zone_name));
  out.modified_before_ms = TimeOption(options, "modifiedBefore", zone);
  out.modified_after_ms = TimeOption(options, "modifiedAfter", zone);
  out.base_path = plan::FindOption(options, "basePath").value_or("");
  return out;
}

bool IsHiddenName(const std::string& name) {
  // A folder such as _a=1 is a partition, not hidden.
  return name.starts_with(".") || (name.starts_with("_") && name.find('=') == std::string::npos) ||
         name.ends_with("._COPYING_");
}

bool HasSinkLog(const std::string& path) { return fs::is_directory(path + "/" + kSinkLog); }

void CheckBasePath(const std::string& base_path, const std::string& file) {
  std::string base = WithoutLastSlash(base::LocalPath(base_path));
  if (!file.starts_with(base)) {
    throw IllegalArgument(fmt::format("Wrong basePath {} for the root path: file:{}", base_path, file));
  }
}

std::vector<ListedFile> ListFiles(const std::vector<std::string>& paths, const ListingOptions& options,
                                  bool missing_is_empty) {
  Lister lister(options);
  if (options.read_sink_log && paths.size() == 1 && !HasGlob(paths[0])) {
    std::string root = WithoutLastSlash(base::LocalPath(paths[0]));
    if (HasSinkLog(root)) return ListSinkLog(root, WithoutLastSlash(paths[0]), lister);
  }
  std::vector<ListedFile> direct, nested;
  std::optional<size_t> base;
  if (!options.base_path.empty()) base = BaseLength(options.base_path);
  for (const std::string& given : paths) {
    std::string path = WithoutLastSlash(base::LocalPath(given));
    std::vector<std::string> roots = ExpandGlob(path);
    if (!missing_is_empty && (roots.empty() || !fs::exists(roots[0]))) {
      throw base::Error(base::ErrorKind::kAnalysis, "PATH_NOT_FOUND", {{"path", "file:" + path}});
    }
    for (const std::string& root : roots) {
      if ((root + "/").find(std::string("/") + kSinkLog + "/") != std::string::npos) continue;
      if (base) CheckBasePath(options.base_path, root);
      size_t first_direct = direct.size(), first_nested = nested.size();
      lister.Root(root, &direct, &nested);
      if (!base) continue;
      for (size_t i = first_direct; i < direct.size(); ++i) direct[i].base = *base;
      for (size_t i = first_nested; i < nested.size(); ++i) nested[i].base = *base;
    }
  }
  if (options.recursive || AnyPartition(direct) || AnyPartition(nested)) {
    direct.insert(direct.end(), std::make_move_iterator(nested.begin()), std::make_move_iterator(nested.end()));
  }
  if (options.recursive) {
    // No folder is a partition then.
    for (ListedFile& file : direct) file.base = file.path.rfind('/');
  }
  return direct;
}

std::string ToFileUri(const std::string& path) { return "file://" + base::EncodePath(path); }

std::string FromFileUri(const std::string& uri) { return base::PathFromUri(uri); }

}  // namespace sluice::connectors
