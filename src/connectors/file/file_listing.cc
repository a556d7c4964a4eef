// Globs, hidden files, sink logs and partition folders of the local file system.
#include "connectors/file/file_listing.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/error.h"
#include "checkpoint/compactible_file_log.h"

namespace sluice::connectors {
namespace {

namespace fs = std::filesystem;

bool Hidden(const std::string& name) {
  // A folder such as _a=1 is a partition, not hidden.
  return name.starts_with(".") || (name.starts_with("_") && name.find('=') == std::string::npos);
}

bool HasGlob(const std::string& path) { return path.find_first_of("*?[{") != std::string::npos; }

std::vector<std::string> Expand(const std::string& path) {
  if (!HasGlob(path)) return {path};
  glob_t found{};
  std::vector<std::string> out;
  if (glob(path.c_str(), GLOB_BRACE | GLOB_NOSORT, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) {
      if (!Hidden(fs::path(found.gl_pathv[i]).filename().string())) out.emplace_back(found.gl_pathv[i]);
    }
  }
  globfree(&found);
  std::sort(out.begin(), out.end());
  return out;
}

std::string Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 3], value, 16).ptr == &text[i + 3]) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Collects the files of one root.
class Lister {
 public:
  Lister(std::string root, const ListingOptions& options, std::vector<ListedFile>* out)
      : root_(std::move(root)), options_(options), out_(out) {}

  void Folder(const std::string& folder) {
    checkpoint::CompactibleFileLog log(folder + "/_spark_metadata", 10);
    if (log.Exists()) {
      for (const std::string& line : log.All()) AddLogged(line);
      return;
    }
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(folder, gone)) {
      std::string name = entry.path().filename().string();
      if (Hidden(name)) continue;
      std::error_code raced;
      if (entry.is_directory(raced)) {
        if (options_.recursive || name.find('=') != std::string::npos) Folder(entry.path().string());
      } else if (entry.is_regular_file(raced)) {
        File(entry.path().string());
      }
    }
  }

  void File(const std::string& path) {
    struct stat status {};
    std::string name = fs::path(path).filename().string();
    if (!options_.name_glob.empty() && fnmatch(options_.name_glob.c_str(), name.c_str(), 0) != 0) return;
    if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    ListedFile file{path, status.st_size, status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000, {}};
    if (!options_.recursive) file.partition = Partition(path);
    out_->push_back(std::move(file));
  }

 private:
  void AddLogged(const std::string& line) {
    auto entry = nlohmann::json::parse(line, nullptr, false);
    if (entry.is_discarded() || !entry.contains("path") || entry.value("action", "add") != "add") return;
    ListedFile file{FromFileUri(entry["path"].get<std::string>()), entry.value("size", int64_t{0}),
                    entry.value("modificationTime", int64_t{0}), {}};
    file.partition = Partition(file.path);
    out_->push_back(std::move(file));
  }

  std::vector<std::pair<std::string, std::string>> Partition(const std::string& path) const {
    std::vector<std::pair<std::string, std::string>> out;
    fs::path below = fs::path(path).lexically_relative(root_).parent_path();
    for (const auto& part : below) {
      std::string text = part.string();
      size_t equals = text.find('=');
      if (equals != std::string::npos) out.emplace_back(Unescape(text.substr(0, equals)), Unescape(text.substr(equals + 1)));
    }
    return out;
  }

  std::string root_;
  const ListingOptions& options_;
  std::vector<ListedFile>* out_;
};

}  // namespace

ListingOptions ParseListingOptions(const plan::Options& options) {
  ListingOptions out;
  std::string recursive = plan::FindOption(options, "recursiveFileLookup").value_or("false");
  out.recursive = recursive == "true" || recursive == "True";
  out.name_glob = plan::FindOption(options, "pathGlobFilter").value_or("");
  return out;
}

std::vector<ListedFile> ListFiles(const std::vector<std::string>& paths, const ListingOptions& options,
                                  bool missing_is_empty) {
  std::vector<ListedFile> out;
  for (const std::string& given : paths) {
    std::string path = base::LocalPath(given);
    std::vector<std::string> expanded = Expand(path);
    if (!missing_is_empty && (expanded.empty() || !fs::exists(expanded[0]))) {
      throw base::Error(base::ErrorKind::kAnalysis, "PATH_NOT_FOUND", {{"path", "file:" + path}});
    }
    for (const std::string& one : expanded) {
      Lister lister(one, options, &out);
      if (fs::is_directory(one)) {
        lister.Folder(one);
      } else {
        lister.File(one);
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const ListedFile& a, const ListedFile& b) { return a.path < b.path; });
  return out;
}

std::string ToFileUri(const std::string& path) {
  std::string out = "file://";
  for (unsigned char c : path) {
    bool plain = std::isalnum(c) || std::string_view("/-_.~!$&'()*+,;=:@").find(static_cast<char>(c)) != std::string_view::npos;
    out += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return out;
}

std::string FromFileUri(const std::string& uri) { return Unescape(base::LocalPath(uri)); }

std::vector<types::StructField> PartitionColumns(const std::vector<ListedFile>& files, bool infer_types) {
  std::vector<types::StructField> out;
  for (const ListedFile& file : files) {
    for (size_t i = 0; i < file.partition.size(); ++i) {
      const auto& [name, value] = file.partition[i];
      if (i >= out.size()) out.push_back({name, infer_types ? types::Integer() : types::String(), true});
      if (value == kNullPartition || out[i].type->Is(types::TypeId::kString)) continue;
      int64_t number = 0;
      auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (status != std::errc() || end != value.data() + value.size()) {
        out[i].type = types::String();
      } else if (number > INT32_MAX || number < INT32_MIN) {
        out[i].type = types::Long();
      }
    }
  }
  return out;
}

std::string EscapePartitionValue(const std::string& value) {
  std::string out;
  for (unsigned char c : value) {
    bool special = c < 0x20 || c == 0x7f || std::string_view("\"#%'*/:=?\\{[]^").find(static_cast<char>(c)) != std::string_view::npos;
    out += special ? fmt::format("%{:02X}", c) : std::string(1, static_cast<char>(c));
  }
  return out;
}

}  // namespace sluice::connectors
