// Parsing and checking of the Kafka options, in the order of Spark's KafkaSourceProvider.
#include "connectors/kafka/kafka_options.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/error.h"
#include "base/uuid.h"
#include "connectors/file/file_stream_options.h"
#include "connectors/kafka/kafka_errors.h"
#include "functions/java_regex.h"

namespace sluice::connectors::kafka {
namespace {

using plan::FindOption;
using plan::Options;

constexpr const char* kStrategies[] = {"subscribe", "subscribepattern", "assign"};
constexpr char kStrategyList[] = "subscribe, subscribepattern, assign";

std::string Trim(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
  return begin == std::string_view::npos ? "" : std::string(text.substr(begin, end - begin + 1));
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

int64_t Number(const std::string& text) {
  int64_t value = 0;
  std::string_view digits = text;
  if (digits.size() > 1 && digits[0] == '+') digits.remove_prefix(1);
  auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status != std::errc() || end != digits.data() + digits.size() || digits.empty()) {
    throw base::Error::Plain(base::ErrorKind::kNumberFormat, fmt::format("For input string: \"{}\"", text));
  }
  return value;
}

std::optional<int64_t> NumberOption(const Options& options, const char* name) {
  auto text = FindOption(options, name);
  return text ? std::optional(Number(*text)) : std::nullopt;
}

bool FlagOption(const Options& options, const char* name, bool otherwise) {
  auto text = FindOption(options, name);
  if (!text) return otherwise;
  std::string lower = Lower(*text);
  if (lower != "true" && lower != "false") throw IllegalArgument(fmt::format("For input string: \"{}\"", *text));
  return lower == "true";
}

std::vector<std::string> SplitTopics(const std::string& text) {
  std::vector<std::string> topics;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    std::string topic = Trim(std::string_view(text).substr(begin, end - begin));
    if (!topic.empty()) topics.push_back(std::move(topic));
    begin = end + 1;
  }
  return topics;
}

// The strategy that was chosen and its value.
std::pair<std::string, std::string> Strategy(const Options& options) {
  std::vector<std::pair<std::string, std::string>> given;
  for (const char* name : kStrategies) {
    if (auto value = FindOption(options, name)) given.emplace_back(name, *value);
  }
  if (given.size() == 1) return given[0];
  throw IllegalArgument(
      fmt::format("{} of the following options {} be specified for Kafka source: {}. See the docs for more details.",
                  given.empty() ? "One" : "Only one", given.empty() ? "must" : "can", kStrategyList));
}

void CheckSubscription(const Options& options) {
  auto [strategy, value] = Strategy(options);
  if (strategy == "assign" && !Trim(value).starts_with('{')) {
    throw IllegalArgument(
        fmt::format("No topicpartitions to assign as specified value for option 'assign' is '{}'", value));
  }
  if (strategy == "subscribe" && SplitTopics(value).empty()) {
    throw IllegalArgument(
        fmt::format("No topics to subscribe to as specified value for option 'subscribe' is '{}'", value));
  }
  if (strategy == "subscribepattern" && Trim(value).empty()) {
    throw IllegalArgument(
        fmt::format("Pattern to subscribe is empty as specified value for option 'subscribePattern' is '{}'", value));
  }
}

// Listeners that commit a query's offsets read their group's name here, so programs for Spark may have it.
constexpr char kCommitGroup[] = "consumer.commit.groupid";

// Java's properties, without those that are for us to keep.
std::map<std::string, std::string> ConsumerProperties(const Options& options, bool streaming) {
  auto java = JavaProperties(options);
  java.erase("default.api.timeout.ms");
  if (streaming) java.erase(kCommitGroup);
  return java;
}

std::optional<std::string> CommitGroup(const Options& options) {
  auto group = FindOption(options, fmt::format("kafka.{}", kCommitGroup));
  if (!group) return std::nullopt;
  if (Trim(*group).empty()) throw IllegalArgument(fmt::format("Kafka option '{}' must name a group", kCommitGroup));
  return Trim(*group);
}

void CheckPositive(const Options& options, const char* name, const char* shown) {
  auto value = NumberOption(options, name);
  if (value && *value <= 0) throw IllegalArgument(fmt::format("{} must be positive", shown));
}

void CheckClientOptions(const Options& options) {
  if (FindOption(options, "kafka.auto.offset.reset")) {
    throw IllegalArgument(
        "\nKafka option 'auto.offset.reset' is not supported.\n"
        "Instead set the source option 'startingoffsets' to 'earliest' or 'latest'\n"
        "to specify where to start. Structured Streaming manages which offsets are consumed\n"
        "internally, rather than relying on the kafkaConsumer to do it. This will ensure that no\n"
        "data is missed when new topics/partitions are dynamically subscribed. Note that\n"
        "'startingoffsets' only applies when a new Streaming query is started, and\n"
        "that resuming will always pick up from where the query left off. See the docs for more\n"
        "details.\n         ");
  }
  for (auto [name, plural] : {std::pair("key", "keys"), std::pair("value", "values")}) {
    if (!FindOption(options, fmt::format("kafka.{}.deserializer", name))) continue;
    throw IllegalArgument(
        fmt::format("Kafka option '{}.deserializer' is not supported as {} are deserialized as byte arrays with "
                    "ByteArrayDeserializer. Use DataFrame operations to explicitly deserialize the {}.",
                    name, plural, plural));
  }
  for (const char* name : {"enable.auto.commit", "interceptor.classes"}) {
    if (FindOption(options, fmt::format("kafka.{}", name))) {
      throw IllegalArgument(fmt::format("Kafka option '{}' is not supported", name));
    }
  }
  if (!FindOption(options, "kafka.bootstrap.servers")) {
    throw IllegalArgument("Option 'kafka.bootstrap.servers' must be specified for configuring Kafka consumer");
  }
}

void CheckGeneralOptions(const Options& options, bool streaming) {
  CheckSubscription(options);
  CheckPositive(options, "minPartitions", "minPartitions");
  CheckPositive(options, "maxRecordsPerPartition", "maxrecordsperpartition");
  CheckClientOptions(options);
  auto most = NumberOption(options, "maxOffsetsPerTrigger"), least = NumberOption(options, "minOffsetsPerTrigger");
  if (most && least && *least > *most) {
    throw IllegalArgument(fmt::format(
        "The value of minOffsetPerTrigger({}) is higher than the maxOffsetsPerTrigger({}).", *least, *most));
  }
  // A property without a counterpart is to be told at once.
  ToClientProperties(ConsumerProperties(options, streaming), ClientRole::kConsumer);
  if (streaming) CommitGroup(options);
}

Subscription ParseSubscription(const Options& options) {
  auto [strategy, value] = Strategy(options);
  Subscription out;
  if (strategy == "subscribe") {
    out.topics = SplitTopics(value);
  } else if (strategy == "subscribepattern") {
    out.kind = Subscription::Kind::kPattern;
    out.pattern = Trim(value);
  } else {
    out.kind = Subscription::Kind::kAssign;
    out.partitions = ParsePartitions(value);
  }
  return out;
}

bool IsSubscribed(const Subscription& subscription, const std::string& topic) {
  switch (subscription.kind) {
    case Subscription::Kind::kSubscribe:
      return std::ranges::count(subscription.topics, topic) > 0;
    case Subscription::Kind::kAssign:
      return std::ranges::any_of(subscription.partitions,
                                 [&](const TopicPartition& partition) { return partition.topic == topic; });
    case Subscription::Kind::kPattern:
      return static_cast<bool>(
          functions::JavaRegex("^(?:" + subscription.pattern + ")$", "subscribePattern").Find(topic));
  }
  return false;
}

// Where dead letters would be read again at once is no place for them.
void CheckDeadLetterTopic(const Options& options) {
  auto topic = FindOption(options, kDeadLetterOption);
  if (!topic) return;
  std::string name = Trim(*topic);
  if (name.empty()) throw IllegalArgument(fmt::format("Option '{}' must name a topic", kDeadLetterOption));
  if (IsSubscribed(ParseSubscription(options), name)) {
    throw IllegalArgument(
        fmt::format("Option '{}' names the topic '{}', which the query itself reads", kDeadLetterOption, name));
  }
}

// Any size that the source's topic takes is to go; the brokers have the last word.
ClientProperties DeadLetterClient(const std::map<std::string, std::string>& consumer) {
  ClientProperties out = ToClientProperties(ProducersPart(consumer), ClientRole::kProducer);
  out["message.max.bytes"] = "1000000000";
  return out;
}

OffsetLimit ParseLimit(const Options& options, const std::string& side, OffsetLimit::Kind otherwise) {
  OffsetLimit limit{.kind = otherwise};
  if (auto time = FindOption(options, side + "Timestamp")) {
    limit.kind = OffsetLimit::Kind::kTimestamp;
    limit.timestamp_ms = Number(Trim(*time));
  } else if (auto times = FindOption(options, side + "OffsetsByTimestamp")) {
    limit.kind = OffsetLimit::Kind::kTimestamps;
    limit.values = ParseTimestamps(Trim(*times));
  } else if (auto offsets = FindOption(options, side + "Offsets")) {
    std::string word = Lower(Trim(*offsets));
    limit.kind = word == "earliest" ? OffsetLimit::Kind::kEarliest
                 : word == "latest" ? OffsetLimit::Kind::kLatest
                                    : OffsetLimit::Kind::kOffsets;
    if (limit.kind == OffsetLimit::Kind::kOffsets) limit.values = ParseOffsets(Trim(*offsets));
  }
  if (auto strategy = FindOption(options, "startingOffsetsByTimestampStrategy")) {
    std::string word = Lower(Trim(*strategy));
    if (word != "latest" && word != "error") {
      throw base::Error::Plain(base::ErrorKind::kNoSuchElement,
                               fmt::format("No value found for '{}'", Trim(*strategy)));
    }
    limit.latest_on_no_match = word == "latest";
  }
  return limit;
}

void RefuseOffset(const OffsetLimit& limit, int64_t refused, const char* text) {
  if (limit.kind != OffsetLimit::Kind::kOffsets) return;
  for (const auto& [partition, offset] : limit.values) {
    if (offset == refused) throw IllegalArgument(fmt::format(fmt::runtime(text), partition.ToString()));
  }
}

int64_t PollTimeout(const Options& options, const base::SqlConf* conf) {
  if (auto given = NumberOption(options, "kafkaConsumer.pollTimeoutMs")) return *given;
  return ParseTimeMillis((conf ? conf->Find("spark.network.timeout") : std::nullopt).value_or("120s"));
}

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

ClientRole RoleOf(bool exactly_once) {
  return exactly_once ? ClientRole::kTransactionalProducer : ClientRole::kProducer;
}

void WarnOfGroup(const Options& options) {
  if (!FindOption(options, "kafka.group.id")) return;
  spdlog::warn(
      "Kafka option 'kafka.group.id' has been set on a query: others with the same group id may interfere with it");
  if (FindOption(options, "groupIdPrefix")) {
    spdlog::warn("Option groupIdPrefix will be ignored as option kafka.group.id has been set.");
  }
}

}  // namespace

std::string Subscription::Describe() const {
  switch (kind) {
    case Kind::kSubscribe:
      return "Subscribe[" + Join(topics) + "]";
    case Kind::kPattern:
      return "SubscribePattern[" + pattern + "]";
    case Kind::kAssign: {
      std::vector<std::string> names;
      for (const TopicPartition& partition : partitions) names.push_back(partition.ToString());
      return "Assign[" + Join(names) + "]";
    }
  }
  return "";
}

void CheckStreamSourceOptions(const Options& options) {
  if (FindOption(options, "endingOffsets")) throw IllegalArgument("ending offset not valid in streaming queries");
  if (FindOption(options, "endingOffsetsByTimestamp")) {
    throw IllegalArgument("ending timestamp not valid in streaming queries");
  }
  if (FindOption(options, "endingTimestamp")) spdlog::warn("endingTimestamp option ignored in streaming queries");
  CheckGeneralOptions(options, true);
  CheckDeadLetterTopic(options);
}

void CheckBatchSourceOptions(const Options& options) {
  if (FindOption(options, kDeadLetterOption)) {
    throw IllegalArgument(
        fmt::format("Option '{}' is only for a stream: a batch query has no commit, and may run any "
                    "number of times",
                    kDeadLetterOption));
  }
  OffsetLimit starting = ParseLimit(options, "starting", OffsetLimit::Kind::kEarliest);
  if (starting.kind == OffsetLimit::Kind::kLatest) {
    throw IllegalArgument("starting offset can't be latest for batch queries on Kafka");
  }
  RefuseOffset(starting, kLatestOffset, "startingOffsets for {} can't be latest for batch queries on Kafka");
  OffsetLimit ending = ParseLimit(options, "ending", OffsetLimit::Kind::kLatest);
  if (ending.kind == OffsetLimit::Kind::kEarliest) {
    throw IllegalArgument("ending offset can't be earliest for batch queries on Kafka");
  }
  RefuseOffset(ending, kEarliestOffset, "ending offset for {} can't be earliest for batch queries on Kafka");
  CheckGeneralOptions(options, false);
  for (const char* name :
       {"maxOffsetsPerTrigger", "minOffsetsPerTrigger", "maxTriggerDelay", "maxRecordsPerPartition"}) {
    if (FindOption(options, name)) spdlog::warn("{} option ignored in batch queries", name);
  }
}

bool IncludesHeaders(const Options& options) { return FlagOption(options, "includeHeaders", false); }

SourceOptions ParseSourceOptions(const Options& options, const base::SqlConf* conf, bool streaming) {
  using Kind = OffsetLimit::Kind;
  WarnOfGroup(options);
  SourceOptions out;
  out.streaming = streaming;
  out.subscription = ParseSubscription(options);
  out.starting = ParseLimit(options, "starting", streaming ? Kind::kLatest : Kind::kEarliest);
  if (!streaming) out.ending = ParseLimit(options, "ending", Kind::kLatest);
  out.fail_on_data_loss = FlagOption(options, "failOnDataLoss", true);
  out.include_headers = IncludesHeaders(options);
  out.max_offsets = NumberOption(options, "maxOffsetsPerTrigger");
  out.min_offsets = NumberOption(options, "minOffsetsPerTrigger");
  out.min_partitions = NumberOption(options, "minPartitions");
  out.max_records_per_partition = NumberOption(options, "maxRecordsPerPartition");
  out.max_trigger_delay_ms = ParseTimeMillis(FindOption(options, "maxTriggerDelay").value_or("15m"));
  out.poll_timeout_ms = PollTimeout(options, conf);
  out.fetch_retries = NumberOption(options, "fetchOffset.numRetries").value_or(out.fetch_retries);
  out.fetch_retry_interval_ms =
      NumberOption(options, "fetchOffset.retryIntervalMs").value_or(out.fetch_retry_interval_ms);
  out.answer_ms = NumberOption(options, "kafka.default.api.timeout.ms").value_or(out.answer_ms);
  if (streaming) out.commit_group = CommitGroup(options);
  auto java = ConsumerProperties(options, streaming);
  out.servers = java["bootstrap.servers"];
  std::string prefix =
      FindOption(options, "groupIdPrefix").value_or(streaming ? "spark-kafka-source" : "spark-kafka-relation");
  bool own_group = java.contains("group.id");
  out.group_id = own_group ? java["group.id"] : fmt::format("{}-{}", prefix, base::NewUuid());
  // The group is joined by nobody; brokers see it only where it was asked for.
  if (!own_group && FindOption(options, "groupIdPrefix")) java["group.id"] = out.group_id;
  out.client = ToClientProperties(java, ClientRole::kConsumer);
  if (auto topic = FindOption(options, kDeadLetterOption)) {
    out.dead_letter_topic = Trim(*topic);
    out.dead_letter_client = DeadLetterClient(ConsumerProperties(options, streaming));
  }
  return out;
}

bool IsExactlyOnce(const Options& options) {
  std::string delivery = Lower(Trim(FindOption(options, "sluice.delivery").value_or("at-least-once")));
  if (delivery == "exactly-once") return true;
  if (delivery == "at-least-once") return false;
  throw IllegalArgument(
      fmt::format("Option 'sluice.delivery' must be 'at-least-once' or 'exactly-once', not '{}'", delivery));
}

void CheckStreamSinkOptions(const Options& options) {
  if (FindOption(options, kDeadLetterOption)) {
    throw IllegalArgument(fmt::format("Option '{}' is one of the source, not of the sink", kDeadLetterOption));
  }
  auto java = JavaProperties(options);
  for (const char* name : {"key.serializer", "value.serializer"}) java.erase(name);
  ToClientProperties(java, RoleOf(IsExactlyOnce(options)));
}

SinkOptions ParseSinkOptions(const Options& options) {
  for (const char* name : {"key", "value"}) {
    if (!FindOption(options, fmt::format("kafka.{}.serializer", name))) continue;
    throw IllegalArgument(
        fmt::format("Kafka option '{}.serializer' is not supported as {} are serialized with ByteArraySerializer.",
                    name, name == std::string_view("key") ? "keys" : "value"));
  }
  auto java = JavaProperties(options);
  if (!java.contains("bootstrap.servers")) {
    throw IllegalArgument("Kafka option bootstrap.servers is not set. Please make sure it is set and retry.");
  }
  SinkOptions out;
  if (auto topic = FindOption(options, "topic")) out.topic = Trim(*topic);
  out.servers = java["bootstrap.servers"];
  out.exactly_once = IsExactlyOnce(options);
  out.client = ToClientProperties(java, RoleOf(out.exactly_once));
  return out;
}

}  // namespace sluice::connectors::kafka
