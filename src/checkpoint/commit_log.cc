// Text form of the commit log.
#include "checkpoint/commit_log.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace sluice::checkpoint {
namespace {

constexpr int kVersion = 1;
constexpr int kMaxVersion = 2;

}  // namespace

std::string FormatCommitEntry(const CommitEntry& entry) {
  return "v" + std::to_string(kVersion) + "\n{\"nextBatchWatermarkMs\":" + std::to_string(entry.next_watermark_ms) +
         "}";
}

CommitEntry ParseCommitEntry(std::string_view text) {
  std::vector<std::string_view> lines = SplitLines(text);
  auto damaged = [](const std::string& message) {
    return base::Error::Plain(base::ErrorKind::kIllegalState, message).WithDomain(base::ErrorDomain::kExternal, false);
  };
  if (lines.empty()) throw damaged("Incomplete log file in the offset commit log");
  ParseLogVersion(lines[0], kMaxVersion);
  CommitEntry entry;
  if (lines.size() < 2) return entry;
  nlohmann::json parsed = nlohmann::json::parse(lines[1], nullptr, false);
  if (!parsed.is_object()) throw damaged("Malformed commit line: " + std::string(lines[1]));
  if (auto ids = parsed.find("stateUniqueIds"); ids != parsed.end() && !ids->empty()) {
    throw base::Error::Unsupported("State of checkpoint format 2 (stateUniqueIds in the commit log)",
                                   "Use a checkpoint of the HDFS-backed state store provider.");
  }
  if (auto watermark = parsed.find("nextBatchWatermarkMs"); watermark != parsed.end()) {
    if (!watermark->is_number_integer()) throw damaged("Malformed commit line: " + std::string(lines[1]));
    entry.next_watermark_ms = watermark->get<int64_t>();
  }
  return entry;
}

std::optional<CommitEntry> CommitLog::Get(int64_t batch) const {
  std::optional<std::string> text = Read(batch);
  if (!text) return std::nullopt;
  return ReadingLogFile(PathOf(batch), [&] { return ParseCommitEntry(*text); });
}

}  // namespace sluice::checkpoint
