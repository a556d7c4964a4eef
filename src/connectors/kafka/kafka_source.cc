// The Kafka stream: batches between offsets of partitions, as Spark's KafkaMicroBatchStream makes them.
#include "connectors/kafka/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "checkpoint/metadata_log.h"
#include "connectors/kafka/dead_letters.h"
#include "connectors/kafka/group_commits.h"
#include "connectors/kafka/kafka_errors.h"
#include "connectors/kafka/record_columns.h"
#include "connectors/kafka/record_reader.h"
#include "types/number_text.h"

namespace sluice::connectors::kafka {
namespace {

// How often topics are looked at for new partitions when no record comes.
constexpr int64_t kDiscoveryMillis = 1000;
// The same while records lie there but are fewer than minOffsetsPerTrigger.
constexpr int64_t kDelayedMillis = 100;

class KafkaSource : public StreamSource {
 public:
  KafkaSource(SourceOptions options, const StreamSourceContext& context)
      : options_(std::move(options)),
        metadata_path_(context.metadata_path),
        clock_(context.clock),
        consumer_(std::make_shared<Consumer>(options_, context.cancellation)),
        fetcher_(options_, consumer_),
        feeds_(std::make_shared<FeedPool>(consumer_, options_, context.wake)),
        commits_(options_.commit_group ? std::make_unique<GroupCommits>(consumer_, *options_.commit_group) : nullptr),
        wakes_(static_cast<bool>(context.wake)) {}

  std::string Description() const override { return "KafkaV2[" + options_.subscription.Describe() + "]"; }

  // Entry 0 of the source's log. Its first byte was for readers of Spark 2.1.
  std::optional<Offset> InitialOffset() override {
    checkpoint::MetadataLog log(metadata_path_);
    auto text = log.Read(0);
    if (!text) {
      std::string offsets = FormatOffsets(fetcher_.Starting());
      if (log.Add(0, std::string(1, '\0') + "v1\n" + offsets)) return offsets;
      text = log.Read(0);
    }
    return checkpoint::ReadingLogFile(log.PathOf(0), [&] { return ReadInitial(*text); });
  }

  std::optional<Offset> LatestOffset(const std::optional<Offset>& start, const ReadLimit& limit) override {
    if (dead_letters_) *dead_letters_ = 0;  // the next batch's, or none
    PartitionOffsets from = start ? ParseOffsets(*start) : PartitionOffsets();
    latest_ = Latest(from);
    PartitionOffsets end = Admit(from, limit);
    delayed_ = end == from && latest_ != from;
    consumed_ = end;
    // The same offsets in another order of topics, written by Spark, are no new data.
    if (start && end == from) return start;
    return FormatOffsets(end);
  }
  std::optional<Offset> ReportLatestOffset() override { return FormatOffsets(latest_); }
  void PrepareForTriggerAvailableNow() override { fixed_ = fetcher_.Latest({}); }

  void PrepareBatch(const std::optional<Offset>& start, const Offset& end) override {
    consumed_ = ParseOffsets(end);
    prepared_ = Plan(start, end);
  }
  std::vector<InputPartitionPtr> Partitions(const std::optional<Offset>& start, const Offset& end,
                                            const ScanRequest&) override {
    return start == prepared_.start && end == prepared_.end ? prepared_.partitions : Plan(start, end).partitions;
  }
  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return OpenRecords(feeds_, consumer_, options_, static_cast<const RecordPartition&>(*partition).range, request);
  }

  std::unique_ptr<DeadLetterWriter> OpenDeadLetters(StreamSink& sink) override {
    dead_letters_ = std::make_shared<std::atomic<int64_t>>(0);
    return MakeDeadLetterWriter(options_, consumer_, sink, dead_letters_);
  }

  void BatchCommitted(const Offset& end) override {
    if (commits_) commits_->Commit(ParseOffsets(end));
  }

  std::vector<std::pair<std::string, std::string>> Metrics(const std::optional<Offset>&) override {
    std::vector<std::pair<std::string, std::string>> metrics = Lags();
    if (dead_letters_) metrics.emplace_back("deadLetters", std::to_string(*dead_letters_));
    return metrics;
  }

  // An idle query is woken by what its feeds, which wait at the end of each partition, receive.
  std::optional<int64_t> MillisUntilData() const override {
    if (delayed_) return kDelayedMillis;
    if (!wakes_ || fixed_) return std::nullopt;
    watched_ = true;
    return feeds_->WatchFrom(consumed_) ? kDiscoveryMillis : 0;
  }

 private:
  std::vector<std::pair<std::string, std::string>> Lags() const {
    int64_t least = INT64_MAX, most = INT64_MIN, total = 0;
    for (const auto& [partition, offset] : latest_) {
      auto consumed = consumed_.find(partition);
      int64_t behind = offset - (consumed == consumed_.end() ? 0 : consumed->second);
      least = std::min(least, behind);
      most = std::max(most, behind);
      total += behind;
    }
    if (latest_.empty()) return {};
    double average = static_cast<double>(total) / static_cast<double>(latest_.size());
    return {{"minOffsetsBehindLatest", std::to_string(least)},
            {"maxOffsetsBehindLatest", std::to_string(most)},
            {"avgOffsetsBehindLatest", types::FormatDouble(average)}};
  }

  struct PlannedBatch {
    std::optional<Offset> start;
    Offset end;
    std::vector<InputPartitionPtr> partitions;
  };
  PlannedBatch Plan(const std::optional<Offset>& start, const Offset& end) {
    PlannedBatch batch{start, end, {}};
    PartitionOffsets from = start ? ParseOffsets(*start) : PartitionOffsets();
    for (OffsetRange& range : fetcher_.StreamRanges(from, ParseOffsets(end))) {
      batch.partitions.push_back(std::make_shared<RecordPartition>(std::move(range)));
    }
    return batch;
  }

  // Between batches without a pause, what fetching has told is enough, and the brokers are not asked. After a pause
  // they are: what a producer sent at once is then seen at once.
  PartitionOffsets Latest(const PartitionOffsets& from) {
    if (fixed_) return *fixed_;
    bool paused = std::exchange(watched_, false);
    int64_t now = clock_->NowMillis();
    if (!paused && now - asked_ms_ < kDiscoveryMillis) {
      PartitionOffsets known = feeds_->KnownEnds(), ends = from;
      bool news = false;
      for (auto& [partition, end] : ends) {
        auto found = known.find(partition);
        if (found == known.end() || found->second <= end) continue;
        end = found->second;
        news = true;
      }
      if (news) return ends;
    }
    asked_ms_ = now;
    return fetcher_.Latest(from);
  }

  static Offset ReadInitial(const std::string& text) {
    if (text.empty() || text[0] != '\0') {
      // Spark 2.1.0 wrote the bare JSON.
      return FormatOffsets(ParseOffsets(text));
    }
    size_t line_end = text.find('\n');
    checkpoint::ParseLogVersion(std::string_view(text).substr(1, line_end == std::string::npos ? 0 : line_end - 1), 1);
    return FormatOffsets(ParseOffsets(std::string_view(text).substr(line_end + 1)));
  }

  PartitionOffsets Admit(PartitionOffsets from, const ReadLimit& limit) {
    if (limit.all_available) return latest_;
    if (options_.min_offsets && Delays(from)) return from;
    if (!options_.max_offsets) return latest_;
    TopicPartitions added;
    for (const auto& [partition, end] : latest_) {
      if (!from.contains(partition)) added.insert(partition);
    }
    if (!added.empty()) from.merge(fetcher_.Earliest(added));
    return LimitOffsets(*options_.max_offsets, from, latest_);
  }

  bool Delays(const PartitionOffsets& from) {
    int64_t now = clock_->NowMillis();
    bool waited = now - last_trigger_ms_ >= options_.max_trigger_delay_ms;
    if (!waited && CountOffsets(from, latest_) < static_cast<double>(*options_.min_offsets)) return true;
    last_trigger_ms_ = now;
    return false;
  }

  const SourceOptions options_;
  const std::string metadata_path_;
  const std::shared_ptr<base::Clock> clock_;
  const ConsumerPtr consumer_;
  OffsetFetcher fetcher_;
  const FeedPoolPtr feeds_;
  const std::unique_ptr<GroupCommits> commits_;  ///< null unless a group is to be told
  const bool wakes_;
  std::optional<PartitionOffsets> fixed_;
  PartitionOffsets latest_, consumed_;
  PlannedBatch prepared_;
  DeadLetterCount dead_letters_;  ///< of the last batch; null: nobody collects them
  int64_t last_trigger_ms_ = 0, asked_ms_ = 0;
  bool delayed_ = false;
  mutable bool watched_ = false;  ///< the query has waited for records since the last look
};

class KafkaStream : public StreamDefinition {
 public:
  explicit KafkaStream(const ReadSpec& spec)
      : options_(spec.options), schema_(RecordSchema(IncludesHeaders(options_))) {}
  std::string Describe() const override { return "kafka"; }
  std::string short_name() const override { return "kafka"; }
  types::TypePtr schema() const override { return schema_; }
  std::string dead_letter_option() const override {
    return plan::FindOption(options_, kDeadLetterOption) ? kDeadLetterOption : "";
  }
  std::unique_ptr<StreamSource> Create(const StreamSourceContext& context) override {
    return std::make_unique<KafkaSource>(ParseSourceOptions(options_, context.conf, true), context);
  }

 private:
  plan::Options options_;
  types::TypePtr schema_;
};

}  // namespace

std::shared_ptr<StreamDefinition> ReadKafkaStream(const ReadSpec& spec) {
  if (spec.schema)
    throw IllegalArgument("requirement failed: Kafka source has a fixed schema and cannot be set with a custom one");
  CheckStreamSourceOptions(spec.options);
  return std::make_shared<KafkaStream>(spec);
}

}  // namespace sluice::connectors::kafka
