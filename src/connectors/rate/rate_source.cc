// The rate source: so many rows a second since the query's first start.
#include "connectors/rate/rate_source.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "base/error.h"
#include "checkpoint/metadata_log.h"
#include "connectors/rate/rate_options.h"
#include "connectors/rate/rate_reader.h"
#include "connectors/spi/option_values.h"
#include "connectors/spi/registry.h"

namespace sluice::connectors {
namespace {

using base::Error;
using base::ErrorKind;

struct RateSettings {
  int64_t rows_per_second = 1, ramp_up_seconds = 0;
  std::optional<int64_t> partitions;
};

int64_t ParseSecond(const Offset& offset) {
  int64_t value = 0;
  auto [end, status] = std::from_chars(offset.data(), offset.data() + offset.size(), value);
  if (status != std::errc() || end != offset.data() + offset.size()) {
    throw Error::Plain(ErrorKind::kIllegalState, "Not an offset of the rate source: " + offset);
  }
  return value;
}

class RateSource : public StreamSource {
 public:
  RateSource(RateSettings settings, const StreamSourceContext& context)
      : settings_(settings),
        partitions_(settings.partitions.value_or(context.parallelism)),
        clock_(context.clock),
        created_ms_(CreationTime(context.metadata_path)),
        last_ms_(created_ms_) {}

  std::string Description() const override {
    return fmt::format("RateStreamV2[rowsPerSecond={}, rampUpTimeSeconds={}, numPartitions={}",
                       settings_.rows_per_second, settings_.ramp_up_seconds,
                       settings_.partitions ? std::to_string(*settings_.partitions) : "default");
  }
  std::optional<Offset> InitialOffset() override { return "0"; }
  std::optional<Offset> LatestOffset(const std::optional<Offset>&, const ReadLimit&) override {
    return fixed_ ? *fixed_ : Now();
  }
  std::optional<Offset> ReportLatestOffset() override { return Now(); }
  void PrepareForTriggerAvailableNow() override { fixed_ = Now(); }
  std::optional<int64_t> MillisUntilData() const override {
    int64_t passed = last_ms_ - created_ms_;
    return created_ms_ + (passed / 1000 + 1) * 1000 - clock_->NowMillis();
  }

  std::vector<InputPartitionPtr> Partitions(const std::optional<Offset>& start, const Offset& end,
                                            const ScanRequest&) override {
    int64_t from = start ? ParseSecond(*start) : 0, to = ParseSecond(end);
    int64_t last_second = std::numeric_limits<int64_t>::max() / settings_.rows_per_second;
    if (to > last_second) {
      throw Error::Internal(fmt::format("Max offset with {} rowsPerSecond is {}, but it's {} now.",
                                        settings_.rows_per_second, last_second, to));
    }
    // On a restart the clock may stand before what was already given.
    last_ms_ = std::max(last_ms_, created_ms_ + to * 1000);
    int64_t first = RateValueAtSecond(from, settings_.rows_per_second, settings_.ramp_up_seconds);
    int64_t last = RateValueAtSecond(to, settings_.rows_per_second, settings_.ramp_up_seconds);
    std::vector<InputPartitionPtr> partitions;
    if (first == last) return partitions;
    for (int64_t p = 0; p < partitions_; ++p) {
      auto partition = std::make_shared<RatePartition>();
      partition->first = first + p;
      partition->end = last;
      partition->step = partitions_;
      partition->range_start = first;
      partition->start_ms = created_ms_ + from * 1000;
      partition->ms_per_value = static_cast<double>((to - from) * 1000) / static_cast<double>(last - first);
      partitions.push_back(std::move(partition));
    }
    return partitions;
  }
  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return MakeRateReader(static_cast<const RatePartition&>(*partition), request);
  }

 private:
  Offset Now() {
    last_ms_ = std::max(last_ms_, clock_->NowMillis());
    return std::to_string((last_ms_ - created_ms_) / 1000);
  }

  // Entry 0 of the source's log holds when the query first started.
  int64_t CreationTime(const std::string& folder) const {
    checkpoint::MetadataLog log(folder);
    int64_t now = clock_->NowMillis();
    auto text = log.Read(0);
    if (!text && log.Add(0, fmt::format("v1\n{}", now))) return now;
    if (!text) text = log.Read(0);
    return checkpoint::ReadingLogFile(log.PathOf(0), [&] {
      auto lines = checkpoint::SplitLines(*text);
      checkpoint::ParseLogVersion(lines.empty() ? "" : lines[0], 1);
      return ParseSecond(lines.size() > 1 ? std::string(lines[1]) : "");
    });
  }

  const RateSettings settings_;
  const int64_t partitions_;
  const std::shared_ptr<base::Clock> clock_;
  const int64_t created_ms_;
  int64_t last_ms_;
  std::optional<Offset> fixed_;
};

class RateStream : public StreamDefinition {
 public:
  explicit RateStream(RateSettings settings) : settings_(settings) {}
  std::string Describe() const override { return "rate"; }
  std::string short_name() const override { return "rate"; }
  types::TypePtr schema() const override { return RateSchema(); }
  std::unique_ptr<StreamSource> Create(const StreamSourceContext& context) override {
    return std::make_unique<RateSource>(settings_, context);
  }

 private:
  RateSettings settings_;
};

std::shared_ptr<StreamDefinition> ReadRate(const ReadSpec& spec) {
  RefuseSchema(spec.schema, "RateStreamProvider");
  RateSettings settings;
  settings.rows_per_second = PositiveOption(spec.options, "rowsPerSecond", 1);
  settings.ramp_up_seconds = SecondsOption(spec.options, "rampUpTime", 0);
  if (settings.ramp_up_seconds < 0) {
    throw Error::Plain(
        ErrorKind::kIllegalArgument,
        fmt::format("Invalid value '{}'. The option 'rampUpTime' must not be negative", settings.ramp_up_seconds));
  }
  if (plan::FindOption(spec.options, "numPartitions")) {
    settings.partitions = PositiveOption(spec.options, "numPartitions", 1);
  }
  int64_t last_second = std::numeric_limits<int64_t>::max() / settings.rows_per_second;
  if (settings.ramp_up_seconds > last_second) {
    throw Error(ErrorKind::kArithmetic, "INCORRECT_RAMP_UP_RATE",
                {{"rowsPerSecond", std::to_string(settings.rows_per_second)},
                 {"maxSeconds", std::to_string(last_second)},
                 {"rampUpTimeSeconds", std::to_string(settings.ramp_up_seconds)}});
  }
  return std::make_shared<RateStream>(settings);
}

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, Rate) {
  DataSourceEntry entry;
  entry.name = "rate";
  entry.aliases = {"org.apache.spark.sql.execution.streaming.sources.RateStreamProvider",
                   "org.apache.spark.sql.execution.streaming.RateSourceProvider"};
  entry.usage = "Rows of a timestamp and a running number, so many a second, for tests and demonstrations.";
  entry.options = {{"rowsPerSecond", "1", "How many rows a second has."},
                   {"rampUpTime", "0s", "How long the speed rises until it has reached rowsPerSecond."},
                   {"numPartitions", "the number of cores", "In how many partitions the rows come."}};
  entry.read_stream = ReadRate;
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
