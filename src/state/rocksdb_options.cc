// Reading of the settings of the RocksDB-backed provider.
#include "state/rocksdb_options.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"

namespace sluice::state {
namespace {

class Reader {
 public:
  explicit Reader(const base::SqlConf& conf) : conf_(conf) {}

  void Read(const std::string& name, bool* value) const {
    auto text = Find(name);
    if (!text) return;
    if (*text != "true" && *text != "false") Refuse(name, "must be a boolean");
    *value = *text == "true";
  }
  void ReadPositive(const std::string& name, int64_t* value) const {
    auto text = Find(name);
    if (!text) return;
    if (!Parse(*text, value) || *value < 0) Refuse(name, "must be a positive integer");
  }
  template <typename Number>
  void ReadNumber(const std::string& name, Number* value) const {
    auto text = Find(name);
    if (text && !Parse(*text, value)) Refuse(name, "must be an integer");
  }
  void ReadRatio(const std::string& name, double* value) const {
    auto text = Find(name);
    if (!text) return;
    if (!Parse(*text, value) || *value < 0 || *value > 1) Refuse(name, "must be between 0.0 and 1.0");
  }
  void Read(const std::string& name, std::string* value) const {
    if (auto text = Find(name)) *value = *text;
  }

 private:
  static std::string FullName(const std::string& name) { return "spark.sql.streaming.stateStore.rocksdb." + name; }
  std::optional<std::string> Find(const std::string& name) const { return conf_.Find(FullName(name)); }
  template <typename Number>
  static bool Parse(const std::string& text, Number* value) {
    auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), *value);
    return status == std::errc() && end == text.data() + text.size();
  }
  [[noreturn]] static void Refuse(const std::string& name, const std::string& reason) {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument,
                             fmt::format("Invalid value for '{}', {}", FullName(name), reason));
  }
  const base::SqlConf& conf_;
};

}  // namespace

RocksDbOptions ReadRocksDbOptions(const base::SqlConf& conf) {
  RocksDbOptions options;
  Reader reader(conf);
  reader.Read("changelogCheckpointing.enabled", &options.changelog);
  reader.Read("compactOnCommit", &options.compact_on_commit);
  reader.Read("trackTotalNumberOfRows", &options.track_rows);
  reader.Read("resetStatsOnLoad", &options.reset_statistics);
  reader.Read("boundedMemoryUsage", &options.bounded_memory);
  reader.Read("allowFAllocate", &options.allow_fallocate);
  reader.ReadPositive("blockSizeKB", &options.block_size_kb);
  reader.ReadPositive("blockCacheSizeMB", &options.block_cache_mb);
  reader.ReadPositive("lockAcquireTimeoutMs", &options.lock_timeout_ms);
  reader.ReadPositive("maxMemoryUsageMB", &options.max_memory_mb);
  reader.ReadNumber("maxOpenFiles", &options.max_open_files);
  reader.ReadNumber("writeBufferSizeMB", &options.write_buffer_mb);
  reader.ReadNumber("maxWriteBufferNumber", &options.max_write_buffers);
  reader.ReadNumber("formatVersion", &options.format_version);
  reader.ReadNumber("mergeOperatorVersion", &options.merge_version);
  reader.ReadRatio("writeBufferCacheRatio", &options.write_buffer_ratio);
  reader.ReadRatio("highPriorityPoolRatio", &options.high_priority_ratio);
  reader.Read("compression", &options.compression);
  return options;
}

}  // namespace sluice::state
