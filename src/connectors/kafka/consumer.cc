// Metadata and offsets of topics through librdkafka.
#include "connectors/kafka/consumer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>

#include "connectors/kafka/kafka_errors.h"
#include "functions/java_regex.h"

namespace sluice::connectors::kafka {
namespace {

// How long one attempt waits, so that a cancelled query ends soon.
constexpr std::chrono::milliseconds kAttemptTime{1000};

int AttemptMillis(ConnectionTrouble::Clock::time_point end) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(end - ConnectionTrouble::Clock::now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds(1), kAttemptTime).count());
}

// After an answer that may soon be another one.
constexpr int kPauseMillis = 50;

using MetadataPtr = Handle<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;
using ListPtr = Handle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

// Younger than the library's header that this is built with: the broker was left out of the cluster meanwhile.
constexpr auto kDestroyBroker = static_cast<rd_kafka_resp_err_t>(-137);

bool IsTransient(rd_kafka_resp_err_t error) {
  switch (error) {
    case kDestroyBroker:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_LISTENER_NOT_FOUND:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
      return true;
    default:
      return false;
  }
}

bool IsUnknown(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

ConfPtr MakeConsumerConf(const SourceOptions& options, ConnectionTrouble* trouble) {
  ClientProperties properties = options.client;
  if (options.commit_group) properties.emplace("metadata.max.age.ms", kCoordinatorMemory);
  ConfPtr conf = MakeConf(properties);
  rd_kafka_conf_set_opaque(conf.get(), trouble);
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int error, const char* text, void* noting) {
    static_cast<ConnectionTrouble*>(noting)->Note(error, text);
  });
  return conf;
}

void AddPartitionsOf(const rd_kafka_metadata_topic_t& topic, TopicPartitions* out) {
  for (int i = 0; i < topic.partition_cnt; ++i) out->insert({topic.topic, topic.partitions[i].id});
}

}  // namespace

Consumer::Consumer(const SourceOptions& options, base::CancellationPtr cancellation)
    : servers_(options.servers),
      answer_time_(options.answer_ms),
      cancellation_(std::move(cancellation)),
      client_(RD_KAFKA_CONSUMER, MakeConsumerConf(options, &trouble_)) {}

template <typename Attempt>
void Consumer::Await(const std::string& what, Attempt&& attempt) {
  rd_kafka_poll(client_.get(), 0);  // what was noted earlier is no reason
  auto begin = ConnectionTrouble::Clock::now(), end = begin + answer_time_;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  Trouble trouble;
  do {
    if (cancellation_) cancellation_->Check();
    error = attempt(AttemptMillis(end));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    rd_kafka_poll(client_.get(), IsTransient(error) ? kPauseMillis : 0);
    trouble = trouble_.Since(begin);
  } while (IsTransient(error) && !trouble.refused && ConnectionTrouble::Clock::now() < end);
  if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    throw BrokerError(
        fmt::format("org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this "
                    "topic-partition. (Kafka {}, {})",
                    servers_, what));
  }
  throw BrokerError(fmt::format("Kafka ({}) did not tell the {}: {}", servers_, what,
                                trouble.text.empty() ? rd_kafka_err2str(error) : trouble.text));
}

TopicPartitions Consumer::Assigned(const Subscription& subscription) {
  TopicPartitions out;
  switch (subscription.kind) {
    case Subscription::Kind::kSubscribe:
      for (const std::string& topic : subscription.topics) AddPartitions(topic, &out);
      break;
    case Subscription::Kind::kPattern:
      AddMatching(subscription.pattern, &out);
      break;
    case Subscription::Kind::kAssign: {
      std::set<std::string> topics;
      for (const TopicPartition& partition : subscription.partitions) topics.insert(partition.topic);
      TopicPartitions existing;
      for (const std::string& topic : topics) AddPartitions(topic, &existing);
      for (const TopicPartition& partition : subscription.partitions) {
        if (existing.contains(partition)) out.insert(partition);
      }
    }
  }
  return out;
}

void Consumer::AddPartitions(const std::string& name, TopicPartitions* out) {
  rd_kafka_topic_t* topic = client_.Topic(name);
  Await(fmt::format("partitions of topic '{}'", name), [&](int milliseconds) {
    const rd_kafka_metadata_t* answer = nullptr;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client_.get(), 0, topic, &answer, milliseconds);
    if (error) return error;
    MetadataPtr metadata(answer);
    if (metadata->topic_cnt == 0) return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    AddPartitionsOf(metadata->topics[0], out);
    return metadata->topics[0].err;
  });
}

bool Consumer::FindLeaders(const std::string& topic, std::map<TopicPartition, std::string>* leaders) {
  const rd_kafka_metadata_t* answer = nullptr;
  if (rd_kafka_metadata(client_.get(), 0, client_.Topic(topic), &answer, static_cast<int>(kAttemptTime.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR)
    return false;
  MetadataPtr metadata(answer);
  if (metadata->topic_cnt == 0 || IsUnknown(metadata->topics[0].err)) return true;
  if (metadata->topics[0].err) return false;
  std::map<int32_t, std::string> addresses;
  for (int i = 0; i < metadata->broker_cnt; ++i) {
    const rd_kafka_metadata_broker& broker = metadata->brokers[i];
    addresses[broker.id] = fmt::format("{}:{}", broker.host, broker.port);
  }
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
    const rd_kafka_metadata_partition& partition = metadata->topics[0].partitions[i];
    (*leaders)[{topic, partition.id}] = addresses[partition.leader];
  }
  return true;
}

void Consumer::AddMatching(const std::string& pattern, TopicPartitions* out) {
  functions::JavaRegex regex("^(?:" + pattern + ")$", "subscribePattern");
  Await("topics", [&](int milliseconds) {
    const rd_kafka_metadata_t* answer = nullptr;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client_.get(), 1, nullptr, &answer, milliseconds);
    if (error) return error;
    MetadataPtr metadata(answer);
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      if (regex.Find(metadata->topics[i].topic)) AddPartitionsOf(metadata->topics[i], out);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  });
}

bool Consumer::MayExist(const TopicPartition& partition) {
  std::map<TopicPartition, std::string> leaders;
  return !FindLeaders(partition.topic, &leaders) || leaders.contains(partition);
}

PartitionOffsets Consumer::OffsetsAt(const PartitionOffsets& times) {
  PartitionOffsets out;
  if (times.empty()) return out;
  Await("offsets of its partitions", [&](int milliseconds) {
    ListPtr list(rd_kafka_topic_partition_list_new(static_cast<int>(times.size())));
    for (const auto& [partition, time] : times) {
      rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)->offset = time;
    }
    rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(client_.get(), list.get(), milliseconds);
    if (error && !IsUnknown(error)) return error;
    out.clear();
    for (int i = 0; i < list->cnt; ++i) {
      const rd_kafka_topic_partition_t& one = list->elems[i];
      TopicPartition partition{one.topic, one.partition};
      if (IsUnknown(one.err ? one.err : error)) {
        // A broker that has just started does not know its partitions yet.
        if (MayExist(partition)) return RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
        continue;
      }
      if (one.err) return one.err;
      out[partition] = one.offset < 0 ? kLatestOffset : one.offset;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  });
  return out;
}

PartitionOffsets Consumer::OffsetsAt(const TopicPartitions& partitions, int64_t time) {
  PartitionOffsets times;
  for (const TopicPartition& partition : partitions) times[partition] = time;
  return OffsetsAt(times);
}

}  // namespace sluice::connectors::kafka
