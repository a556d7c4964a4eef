// Reading, writing and compacting the file logs.
#include "checkpoint/compactible_file_log.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "base/durable_file.h"
#include "checkpoint/metadata_log.h"

namespace sluice::checkpoint {
namespace {

/// Entries by id; of an id that has both, the compacted file counts.
std::map<int64_t, std::string> Entries(const std::string& folder) {
  std::map<int64_t, std::string> out;
  std::error_code missing;
  for (const auto& file : std::filesystem::directory_iterator(folder, missing)) {
    std::string name = file.path().filename().string();
    int64_t id = 0;
    auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), id);
    std::string_view rest(end, name.data() + name.size() - end);
    if (status != std::errc() || (!rest.empty() && rest != ".compact")) continue;
    if (!rest.empty() || !out.contains(id)) out[id] = name;
  }
  return out;
}

}  // namespace

CompactibleFileLog::CompactibleFileLog(std::string folder, int64_t interval)
    : folder_(std::move(folder)), interval_(std::max<int64_t>(1, interval)) {}

bool CompactibleFileLog::Exists() const { return std::filesystem::is_directory(folder_); }

std::optional<int64_t> CompactibleFileLog::Latest() const {
  auto entries = Entries(folder_);
  if (entries.empty()) return std::nullopt;
  return entries.rbegin()->first;
}

std::vector<std::string> CompactibleFileLog::Read(const std::string& name) const {
  std::string path = folder_ + "/" + name;
  std::string text = base::ReadWholeFile(path);
  return ReadingLogFile(path, [&] {
    std::vector<std::string_view> lines = SplitLines(text);
    ParseLogVersion(lines.empty() ? std::string_view() : lines[0], 1);
    return std::vector<std::string>(lines.begin() + 1, lines.end());
  });
}

std::vector<std::string> CompactibleFileLog::All() const {
  auto entries = Entries(folder_);
  auto first = entries.begin();
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    if (entry->second.ends_with(".compact")) first = entry;
  }
  std::vector<std::string> out;
  for (auto entry = first; entry != entries.end(); ++entry) {
    auto lines = Read(entry->second);
    out.insert(out.end(), lines.begin(), lines.end());
  }
  return out;
}

bool CompactibleFileLog::Add(int64_t batch, const std::vector<std::string>& lines) {
  if (auto latest = Latest(); latest && *latest >= batch) return false;
  std::string content = "v1";
  if (IsCompaction(batch)) {
    for (const std::string& line : All()) content.append("\n").append(line);
  }
  for (const std::string& line : lines) content.append("\n").append(line);
  std::string name = std::to_string(batch) + (IsCompaction(batch) ? ".compact" : "");
  return base::WriteFileDurably(folder_ + "/" + name, content, base::Existing::kFail);
}

}  // namespace sluice::checkpoint
