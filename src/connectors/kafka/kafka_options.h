// Options of the Kafka source and sink, checked as Spark checks them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/sql_conf.h"
#include "connectors/kafka/client_properties.h"
#include "connectors/kafka/partition_offsets.h"
#include "plan/relation.h"

namespace sluice::connectors::kafka {

/// Which topics are read: one of the three.
struct Subscription {
  enum class Kind { kSubscribe, kPattern, kAssign } kind = Kind::kSubscribe;
  std::vector<std::string> topics;
  std::string pattern;
  TopicPartitions partitions;
  /// "Subscribe[a, b]", "SubscribePattern[a.*]", "Assign[a-0]".
  std::string Describe() const;
};

/// Where reading starts or ends.
struct OffsetLimit {
  enum class Kind { kEarliest, kLatest, kOffsets, kTimestamp, kTimestamps } kind = Kind::kEarliest;
  PartitionOffsets values;  ///< offsets, or milliseconds of kTimestamps
  int64_t timestamp_ms = 0;
  /// Where a partition starts that has nothing at or after its timestamp: at its end, or an error.
  bool latest_on_no_match = false;
};

struct SourceOptions {
  Subscription subscription;
  OffsetLimit starting, ending{.kind = OffsetLimit::Kind::kLatest};
  bool streaming = false, fail_on_data_loss = true, include_headers = false;
  std::optional<int64_t> max_offsets, min_offsets, min_partitions, max_records_per_partition;
  int64_t max_trigger_delay_ms = 0, poll_timeout_ms = 0;
  int64_t answer_ms = 60000;  ///< default.api.timeout.ms
  int64_t fetch_retries = 3, fetch_retry_interval_ms = 10;
  std::string group_id;
  std::optional<std::string> commit_group;  ///< is told the offsets of committed batches
  std::string servers;
  ClientProperties client;
  std::optional<std::string> dead_letter_topic;
  ClientProperties dead_letter_client;  ///< of a producer on the same cluster, if there is such a topic
};

/// Names the topic to which a stream's records go that a parser refuses.
inline constexpr char kDeadLetterOption[] = "sluice.deadLetterTopic";

/// What Spark checks when the frame is made. Throws kIllegalArgument with its texts.
void CheckStreamSourceOptions(const plan::Options& options);
void CheckBatchSourceOptions(const plan::Options& options);
/// Reads all of them, as Spark does when the query starts.
SourceOptions ParseSourceOptions(const plan::Options& options, const base::SqlConf* conf, bool streaming);
/// The includeHeaders option of a source or sink.
bool IncludesHeaders(const plan::Options& options);

/// The option sluice.delivery: whether it is "exactly-once". Throws kIllegalArgument for what is neither that nor
/// "at-least-once".
bool IsExactlyOnce(const plan::Options& options);

/// What is refused when a stream starts; Spark's own checks of the rest come with the first batch.
void CheckStreamSinkOptions(const plan::Options& options);

struct SinkOptions {
  std::optional<std::string> topic;
  std::string servers;
  bool exactly_once = false;
  ClientProperties client;
};
SinkOptions ParseSinkOptions(const plan::Options& options);

}  // namespace sluice::connectors::kafka
