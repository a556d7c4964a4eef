// Text form of the offsets log and the settings kept in it.
#include "checkpoint/offset_log.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace sluice::checkpoint {
namespace {

using nlohmann::json;

constexpr std::string_view kNoOffset = "-";
constexpr int kVersion = 1;
constexpr int kMaxVersion = 2;  // that Spark 4.2 knows; its errors name it

// A setting with its default and, if another, its meaning in logs from before it was recorded. In
// the order in which Spark prints them.
struct LoggedKey {
  const char* key;
  const char* default_value;
  const char* legacy_value;  // null: the session's value stays
};
constexpr LoggedKey kLoggedKeys[] = {
    {"spark.sql.streaming.stateStore.providerClass",
     "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider", nullptr},
    {"spark.sql.streaming.stateStore.rocksdb.mergeOperatorVersion", "2", "1"},
    {"spark.sql.streaming.stateStore.rocksdb.formatVersion", "5", nullptr},
    {"spark.sql.streaming.queryEvolution.enableSourceEvolution", "false", "false"},
    {"spark.sql.streaming.stateStore.encodingFormat", "unsaferow", "unsaferow"},
    {"spark.sql.streaming.statefulOperator.useStrictDistribution", "true", "false"},
    {"spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion", "2", "1"},
    {"spark.sql.streaming.multipleWatermarkPolicy", "min", "min"},
    {"spark.sql.streaming.stateStore.rowChecksum.enabled", "false", "false"},
    {"spark.sql.streaming.aggregation.stateFormatVersion", "2", "1"},
    {"spark.sql.function.protobufExtensions.enabled", "false", "false"},
    {"spark.sql.shuffle.partitions", "200", nullptr},
    {"spark.sql.streaming.join.stateFormatVersion", "2", "1"},
    {"spark.sql.streaming.stateStore.compression.codec", "lz4", "lz4"},
    {"spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan", "false", "true"},
};

base::Error Damaged(const std::string& message) {
  return base::Error::Plain(base::ErrorKind::kIllegalState, message).WithDomain(base::ErrorDomain::kExternal, false);
}

OffsetMetadata ParseMetadata(std::string_view text) {
  json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) throw Damaged("Malformed metadata line: " + std::string(text));
  OffsetMetadata metadata;
  auto number = [&](const char* name) -> int64_t {
    auto found = parsed.find(name);
    if (found == parsed.end()) return 0;
    if (!found->is_number_integer()) throw Damaged("Malformed metadata line: " + std::string(text));
    return found->get<int64_t>();
  };
  metadata.watermark_ms = number("batchWatermarkMs");
  metadata.timestamp_ms = number("batchTimestampMs");
  if (auto conf = parsed.find("conf"); conf != parsed.end() && conf->is_object()) {
    for (const auto& [key, value] : conf->items()) {
      if (value.is_string()) metadata.conf[key] = value.get<std::string>();
    }
  }
  return metadata;
}

std::string Quote(const std::string& text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }

std::string FormatMetadata(const OffsetMetadata& metadata) {
  std::string out = "{\"batchWatermarkMs\":" + std::to_string(metadata.watermark_ms) +
                    ",\"batchTimestampMs\":" + std::to_string(metadata.timestamp_ms) + ",\"conf\":{";
  bool first = true;
  for (const LoggedKey& logged : kLoggedKeys) {
    auto found = metadata.conf.find(logged.key);
    if (found == metadata.conf.end()) continue;
    if (!first) out += ',';
    first = false;
    out += Quote(found->first) + ":" + Quote(found->second);
  }
  return out + "}}";
}

}  // namespace

std::string OffsetEntry::ToString() const {
  std::string out = "[";
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (i) out += ", ";
    out += offsets[i] ? *offsets[i] : std::string(kNoOffset);
  }
  return out + "]";
}

std::map<std::string, std::string> LoggedConf(const base::SqlConf& conf) {
  std::map<std::string, std::string> out;
  for (const LoggedKey& logged : kLoggedKeys) {
    out[logged.key] = conf.Find(logged.key).value_or(logged.default_value);
  }
  return out;
}

void RestoreLoggedConf(const OffsetMetadata& metadata, base::SqlConf& conf) {
  for (const LoggedKey& logged : kLoggedKeys) {
    auto found = metadata.conf.find(logged.key);
    if (found != metadata.conf.end()) {
      conf.Set(logged.key, found->second);
    } else if (logged.legacy_value) {
      conf.Set(logged.key, logged.legacy_value);
    }
  }
}

std::string FormatOffsetEntry(const OffsetEntry& entry) {
  std::string out = "v" + std::to_string(kVersion) + "\n";
  if (entry.has_metadata) out += FormatMetadata(entry.metadata);
  for (const auto& offset : entry.offsets) {
    out += '\n';
    out += offset ? *offset : std::string(kNoOffset);
  }
  return out;
}

OffsetEntry ParseOffsetEntry(std::string_view text) {
  std::vector<std::string_view> lines = SplitLines(text);
  if (lines.empty()) throw Damaged("Incomplete log file");
  if (ParseLogVersion(lines[0], kMaxVersion) != kVersion) {
    throw base::Error::Unsupported("The offsets log of a query with source evolution (version 2)",
                                   "Use a new checkpoint.");
  }
  if (lines.size() < 2) throw Damaged("Incomplete log file");
  OffsetEntry entry;
  entry.has_metadata = lines[1].find_first_not_of(" \t") != std::string_view::npos;
  if (entry.has_metadata) entry.metadata = ParseMetadata(lines[1]);
  for (size_t i = 2; i < lines.size(); ++i) {
    if (lines[i] == kNoOffset) {
      entry.offsets.emplace_back(std::nullopt);
    } else if (!json::accept(lines[i])) {
      throw Damaged("Malformed offset line: " + std::string(lines[i]));
    } else {
      entry.offsets.emplace_back(std::string(lines[i]));
    }
  }
  return entry;
}

std::optional<OffsetEntry> OffsetLog::Get(int64_t batch) const {
  std::optional<std::string> text = Read(batch);
  if (!text) return std::nullopt;
  return ReadingLogFile(PathOf(batch), [&] { return ParseOffsetEntry(*text); });
}

}  // namespace sluice::checkpoint
