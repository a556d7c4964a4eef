// Spark's checks of the options of file streams.
#include "connectors/file/file_stream_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/durable_file.h"
#include "base/error.h"
#include "connectors/file/path_glob.h"
#include "formats/number_parser.h"

namespace sluice::connectors {
namespace {

base::Error Invalid(const std::string& message) {
  return base::Error::Plain(base::ErrorKind::kIllegalArgument, message);
}

base::Error InvalidValue(const std::string& value, const char* name, const char* must) {
  return Invalid(fmt::format("Invalid value '{}' for option '{}', must be {}", value, name, must));
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

template <typename T>
std::optional<int64_t> NumberOption(const plan::Options& options, const char* name, T least, const char* must) {
  auto text = plan::FindOption(options, name);
  if (!text) return std::nullopt;
  T value = 0;
  if (!formats::ParseInteger(text->data(), text->size(), &value) || value < least)
    throw InvalidValue(*text, name, must);
  return value;
}

bool FlagOption(const plan::Options& options, const char* name) {
  auto text = plan::FindOption(options, name);
  bool value = false;
  if (text && !formats::ParseBoolean(*text, &value)) throw InvalidValue(*text, name, "'true' or 'false'");
  return value;
}

float RatioOption(const plan::Options& options, float otherwise) {
  auto text = plan::FindOption(options, "discardCachedInputRatio");
  if (!text) return otherwise;
  float value = 0;
  if (!formats::ParseFloat(*text, &value) || !(value >= 0 && value <= 1)) {
    throw InvalidValue(*text, "discardCachedInputRatio", "a positive float between 0 and 1");
  }
  return value;
}

std::vector<std::string> PathParts(const std::string& path) {
  std::vector<std::string> out;
  size_t at = 0;
  while (at < path.size()) {
    size_t slash = std::min(path.find('/', at), path.size());
    if (slash > at) out.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return out;
}

// Compares to the depth of the shorter one: a source reads folders at any depth below its pattern.
bool ArchiveMatchesSource(const std::string& source, const std::string& archive) {
  std::vector<std::string> patterns = PathParts(source), names = PathParts(archive);
  for (size_t i = 0; i < std::min(patterns.size(), names.size()); ++i) {
    if (!MatchesGlob(patterns[i], names[i])) return false;
  }
  return true;
}

void ParseCleanSource(const plan::Options& options, const std::string& path, FileStreamOptions* out) {
  std::string mode = plan::FindOption(options, "cleanSource").value_or("off");
  std::string upper = Upper(mode);
  if (upper == "OFF") return;
  if (upper == "DELETE") {
    out->clean = CleanSource::kDelete;
    return;
  }
  if (upper != "ARCHIVE") {
    throw Invalid(
        fmt::format("Invalid mode for clean source option Some({}). Must be one of ARCHIVE,DELETE,OFF", mode));
  }
  auto folder = plan::FindOption(options, "sourceArchiveDir");
  if (!folder) throw Invalid("Archive mode must be used with 'sourceArchiveDir' option.");
  out->clean = CleanSource::kArchive;
  out->archive_folder = base::LocalPath(*folder);
  while (out->archive_folder.size() > 1 && out->archive_folder.back() == '/') out->archive_folder.pop_back();
  if (ArchiveMatchesSource(path, out->archive_folder)) {
    throw Invalid(
        "requirement failed: Base archive path cannot be set to the path where archived path can possibly match "
        "with source pattern. Ensure the base archive path doesn't match with source pattern in depth, where "
        "the depth is minimum of depth on both paths.");
  }
}

}  // namespace

FileStreamOptions ParseFileStreamOptions(const plan::Options& options, const std::string& path) {
  for (const char* refused : {"modifiedbefore", "modifiedafter"}) {
    if (plan::FindOption(options, refused)) {
      throw Invalid(fmt::format("option '{}' is not allowed in file stream sources", refused));
    }
  }
  FileStreamOptions out;
  out.max_files = NumberOption<int32_t>(options, "maxFilesPerTrigger", 1, "a positive integer");
  out.max_bytes = NumberOption<int64_t>(options, "maxBytesPerTrigger", 1, "a positive integer");
  if (out.max_files && out.max_bytes) {
    throw Invalid("Options 'maxFilesPerTrigger' and 'maxBytesPerTrigger' can't be both set at the same time");
  }
  out.max_age_ms = ParseTimeMillis(plan::FindOption(options, "maxFileAge").value_or("7d"));
  out.latest_first = FlagOption(options, "latestFirst");
  out.name_only = FlagOption(options, "fileNameOnly");
  ParseCleanSource(options, path, &out);
  out.max_cached_files = NumberOption<int32_t>(options, "maxCachedFiles", 0, "an integer greater than or equal to 0")
                             .value_or(out.max_cached_files);
  out.discard_cached_ratio = RatioOption(options, out.discard_cached_ratio);
  if (out.max_age_ms < 0) throw Invalid("requirement failed");
  // Old files that latestFirst has put off must not be too old when their turn comes.
  if (out.latest_first && (out.max_files || out.max_bytes)) out.max_age_ms = INT64_MAX;
  return out;
}

int64_t ParseTimeMillis(const std::string& text) {
  auto failed = [&](const std::string& what) {
    return base::Error::Plain(
        base::ErrorKind::kNumberFormat,
        "Time must be specified as seconds (s), milliseconds (ms), microseconds (us), minutes (m or "
        "min), hour (h), or day (d). E.g. 50s, 100ms, or 250us.\n" +
            what);
  };
  size_t begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
  std::string trimmed = begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
  int64_t value = 0;
  auto [rest, status] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  std::string unit(rest, trimmed.data() + trimmed.size() - rest);
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return std::tolower(c); });
  bool letters = std::all_of(unit.begin(), unit.end(), [](unsigned char c) { return c >= 'a' && c <= 'z'; });
  if (status != std::errc() || !letters) throw failed("Failed to parse time string: " + text);
  if (unit.empty() || unit == "ms") return value;
  if (unit == "us") return value / 1000;
  int64_t factor = unit == "s"                    ? 1000
                   : unit == "m" || unit == "min" ? 60'000
                   : unit == "h"                  ? 3'600'000
                   : unit == "d"                  ? 86'400'000
                                                  : 0;
  if (factor == 0) throw failed(fmt::format("Invalid suffix: \"{}\"", unit));
  int64_t millis = 0;
  // As java.util.concurrent.TimeUnit, which stops at the largest number.
  if (__builtin_mul_overflow(value, factor, &millis)) return value < 0 ? INT64_MIN : INT64_MAX;
  return millis;
}

}  // namespace sluice::connectors
