// The rate-micro-batch source: so many rows each micro-batch, with timestamps that advance by a
// fixed step.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "connectors/rate/rate_options.h"
#include "connectors/rate/rate_reader.h"
#include "connectors/spi/option_values.h"
#include "connectors/spi/registry.h"

namespace sluice::connectors {
namespace {

struct Settings {
  int64_t rows_per_batch = 0, start_timestamp_ms = 0, advance_ms = 1000;
  std::optional<int64_t> partitions;
};

struct Position {
  int64_t value = 0, timestamp_ms = 0;

  static Position Parse(const Offset& text) {
    nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("offset") || !parsed.contains("timestamp")) {
      throw base::Error::Plain(base::ErrorKind::kIllegalState, "Not an offset of the rate-micro-batch source: " + text);
    }
    return {parsed["offset"].get<int64_t>(), parsed["timestamp"].get<int64_t>()};
  }
  Offset ToOffset() const { return fmt::format(R"({{"offset":{},"timestamp":{}}})", value, timestamp_ms); }
};

class RateMicroBatchSource : public StreamSource {
 public:
  RateMicroBatchSource(Settings settings, int parallelism)
      : settings_(settings), partitions_(settings.partitions.value_or(parallelism)) {}

  std::string Description() const override {
    return fmt::format(
        "RatePerMicroBatchStream[rowsPerBatch={}, numPartitions={}, startTimestamp={}, "
        "advanceMsPerBatch={}]",
        settings_.rows_per_batch, partitions_, settings_.start_timestamp_ms, settings_.advance_ms);
  }
  std::optional<Offset> InitialOffset() override { return Position{0, settings_.start_timestamp_ms}.ToOffset(); }
  std::optional<Offset> LatestOffset(const std::optional<Offset>& start, const ReadLimit&) override {
    if (available_now_ && fixed_) return fixed_;
    Position from = Position::Parse(start ? *start : *InitialOffset());
    Offset end = Position{from.value + settings_.rows_per_batch, from.timestamp_ms + settings_.advance_ms}.ToOffset();
    // "All that is available now" is one batch.
    if (available_now_) fixed_ = end;
    return end;
  }
  void PrepareForTriggerAvailableNow() override { available_now_ = true; }
  std::optional<int64_t> MillisUntilData() const override { return 0; }

  std::vector<InputPartitionPtr> Partitions(const std::optional<Offset>& start, const Offset& end,
                                            const ScanRequest&) override {
    Position from = Position::Parse(start ? *start : *InitialOffset()), to = Position::Parse(end);
    std::vector<InputPartitionPtr> partitions;
    for (int64_t p = 0; p < partitions_; ++p) {
      auto partition = std::make_shared<RatePartition>();
      partition->first = from.value + p;
      partition->end = to.value;
      partition->step = partitions_;
      partition->range_start = from.value;
      partition->start_ms = from.timestamp_ms;
      partitions.push_back(std::move(partition));
    }
    return partitions;
  }
  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return MakeRateReader(static_cast<const RatePartition&>(*partition), request);
  }

 private:
  const Settings settings_;
  const int64_t partitions_;
  bool available_now_ = false;
  std::optional<Offset> fixed_;
};

class RateMicroBatchStream : public StreamDefinition {
 public:
  explicit RateMicroBatchStream(Settings settings) : settings_(settings) {}
  std::string Describe() const override { return "rate-micro-batch"; }
  std::string short_name() const override { return "rate-micro-batch"; }
  types::TypePtr schema() const override { return RateSchema(); }
  std::unique_ptr<StreamSource> Create(const StreamSourceContext& context) override {
    return std::make_unique<RateMicroBatchSource>(settings_, context.parallelism);
  }

 private:
  Settings settings_;
};

std::shared_ptr<StreamDefinition> ReadRateMicroBatch(const ReadSpec& spec) {
  RefuseSchema(spec.schema, "RatePerMicroBatchProvider");
  Settings settings;
  settings.rows_per_batch = PositiveOption(spec.options, "rowsPerBatch", 0);
  if (plan::FindOption(spec.options, "numPartitions")) {
    settings.partitions = PositiveOption(spec.options, "numPartitions", 1);
  }
  settings.start_timestamp_ms = NonNegativeOption(spec.options, "startTimestamp", 0);
  settings.advance_ms = NonNegativeOption(spec.options, "advanceMillisPerBatch", 1000);
  return std::make_shared<RateMicroBatchStream>(settings);
}

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, RateMicroBatch) {
  DataSourceEntry entry;
  entry.name = "rate-micro-batch";
  entry.aliases = {"org.apache.spark.sql.execution.streaming.sources.RatePerMicroBatchProvider"};
  entry.usage = "A fixed number of rows each micro-batch, whatever the clock says.";
  entry.options = {{"rowsPerBatch", "", "How many rows a micro-batch has; must be given."},
                   {"numPartitions", "the number of cores", "In how many partitions the rows come."},
                   {"startTimestamp", "0", "The timestamp of the first batch, in milliseconds since the epoch."},
                   {"advanceMillisPerBatch", "1000", "How far the timestamp advances with each batch."}};
  entry.read_stream = ReadRateMicroBatch;
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
