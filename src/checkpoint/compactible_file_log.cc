// Reading, writing, compacting and cleaning up the file logs.
#include "checkpoint/compactible_file_log.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/durable_writer.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "checkpoint/metadata_log.h"

namespace sluice::checkpoint {
namespace {

constexpr std::string_view kCompact = ".compact";

struct Entry {
  int64_t id = 0;
  bool compacted = false;
  std::string name;
};

std::vector<Entry> ListEntries(const std::string& folder) {
  std::vector<Entry> out;
  std::error_code missing;
  for (const auto& file : std::filesystem::directory_iterator(folder, missing)) {
    Entry entry{.name = file.path().filename().string()};
    std::string_view text = entry.name;
    entry.compacted = text.ends_with(kCompact);
    if (entry.compacted) text.remove_suffix(kCompact.size());
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), entry.id);
    if (status == std::errc() && end == text.data() + text.size() && entry.id >= 0) out.push_back(std::move(entry));
  }
  return out;
}

// CompactibleFileStreamLog.deriveCompactInterval: the first divisor of what the one compacted entry holds that is not
// below the default.
int64_t DeriveInterval(int64_t otherwise, int64_t compacted) {
  int64_t entries = compacted + 1;
  if (entries > otherwise && otherwise < entries / 2) {
    for (int64_t divisor = otherwise; divisor <= entries / 2; ++divisor) {
      if (entries % divisor == 0) return divisor;
    }
  }
  return entries;
}

base::Error BadLog(const std::string& file, const std::string& message) {
  return base::Error::Plain(base::ErrorKind::kIllegalState, "Failed to read log file " + file + ". " + message)
      .WithDomain(base::ErrorDomain::kExternal, false);
}

}  // namespace

FileLogSettings FileLogSettings::FromConf(const base::SqlConf& conf, const std::string& log) {
  std::string prefix = "spark.sql.streaming." + log + ".log.";
  FileLogSettings out;
  out.compact_interval = conf.GetLong(prefix + "compactInterval");
  if (out.compact_interval <= 0) {
    throw base::Error::Plain(
        base::ErrorKind::kIllegalArgument,
        fmt::format("requirement failed: Please set {}compactInterval (was {}) to a positive value.", prefix,
                    out.compact_interval));
  }
  out.delete_expired = conf.GetBool(prefix + "deletion");
  out.cleanup_delay_ms = conf.GetMillis(prefix + "cleanupDelay");
  out.min_batches_to_retain = conf.GetLong("spark.sql.streaming.minBatchesToRetain");
  return out;
}

CompactibleFileLog::CompactibleFileLog(std::string folder, std::string shown, FileLogSettings settings)
    : folder_(std::move(folder)), shown_(std::move(shown)), settings_(settings) {}

bool CompactibleFileLog::Exists() const { return std::filesystem::is_directory(folder_); }

// What is there decides: an interval other than that of the existing compacted entries would miss them.
int64_t CompactibleFileLog::interval() const {
  if (interval_) return *interval_;
  int64_t last = -1, before = -1;
  for (const Entry& entry : ListEntries(folder_)) {
    if (!entry.compacted || entry.id <= before) continue;
    before = entry.id;
    if (before > last) std::swap(before, last);
  }
  int64_t derived = settings_.compact_interval;
  if (before >= 0) {
    derived = last - before;
  } else if (last >= 0) {
    derived = DeriveInterval(settings_.compact_interval, last);
  }
  interval_ = derived;
  return derived;
}

std::string CompactibleFileLog::NameOf(int64_t batch) const {
  return std::to_string(batch) + (IsCompaction(batch) ? std::string(kCompact) : "");
}

std::optional<int64_t> CompactibleFileLog::Latest() const {
  std::optional<int64_t> out;
  for (const Entry& entry : ListEntries(folder_)) {
    if (out && entry.id <= *out) continue;
    if (entry.compacted == IsCompaction(entry.id)) out = entry.id;
  }
  return out;
}

std::optional<int64_t> CompactibleFileLog::LatestCompacted() const {
  std::optional<int64_t> out;
  for (const Entry& entry : ListEntries(folder_)) {
    if (entry.compacted && (!out || entry.id > *out)) out = entry.id;
  }
  return out;
}

bool CompactibleFileLog::ForEachOf(int64_t batch, const Visitor& visit) const {
  std::string name = NameOf(batch);
  std::ifstream in(folder_ + "/" + name);
  if (!in) return false;
  LogPosition position{shown_ + "/" + name, 1};
  std::string line;
  if (!std::getline(in, line)) throw BadLog(position.file, "Incomplete log file");
  try {
    ParseLogVersion(line, 1);
  } catch (const base::Error& error) {
    throw BadLog(position.file, error.message());
  }
  while (std::getline(in, line)) {
    ++position.line;
    visit(line, position);
  }
  if (in.bad()) throw BadLog(position.file, "The file can't be read to its end");
  return true;
}

void CompactibleFileLog::Visit(int64_t first, int64_t last, const std::string& why, const Visitor& visit) const {
  for (int64_t batch = first; batch <= last; ++batch) {
    if (ForEachOf(batch, visit)) continue;
    throw base::Error::Plain(base::ErrorKind::kFileNotFound,
                             fmt::format("{}/{} doesn't exist {}", shown_, NameOf(batch), why))
        .WithDomain(base::ErrorDomain::kExternal, false);
  }
}

void CompactibleFileLog::ForEach(const Visitor& visit) const {
  std::optional<int64_t> latest = Latest();
  if (!latest) return;
  int64_t first = std::max<int64_t>(0, (*latest + 1) / interval() * interval() - 1);
  Visit(first, *latest, fmt::format("(latestId: {}, compactInterval: {})", *latest, interval()), visit);
}

bool CompactibleFileLog::Add(int64_t batch, const std::vector<std::string>& lines, const Filter& keep) {
  base::DurableWriter file(folder_ + "/" + NameOf(batch));
  file.Append("v1");
  if (IsCompaction(batch)) {
    auto copy = [&](std::string_view line, const LogPosition& position) {
      if (keep && !keep(line, position)) return;
      file.Append("\n");
      file.Append(line);
    };
    Visit(std::max<int64_t>(0, batch - interval()), batch - 1,
          fmt::format("when compacting batch {} (compactInterval: {})", batch, interval()), copy);
    base::FaultPoint("file_log.compacting");
  }
  for (const std::string& line : lines) {
    file.Append("\n");
    file.Append(line);
  }
  if (!file.Publish(base::Existing::kFail)) return false;
  if (settings_.delete_expired) DeleteExpired(batch);
  return true;
}

// Keeps the compacted entry that the retained batches need; others are deleted once a reader can't be at them any more.
void CompactibleFileLog::DeleteExpired(int64_t batch) const {
  int64_t retained = batch + 1 - settings_.min_batches_to_retain;
  if (interval() > retained) return;
  int64_t needed = retained - retained % interval() - 1;
  auto now = std::chrono::system_clock::now().time_since_epoch();
  int64_t expired_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count() - settings_.cleanup_delay_ms;
  for (const Entry& entry : ListEntries(folder_)) {
    if (entry.id >= needed) continue;
    std::string path = folder_ + "/" + entry.name;
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) continue;
    if (status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000 <= expired_ms) base::RemoveFile(path);
  }
}

}  // namespace sluice::checkpoint
