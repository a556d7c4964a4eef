// One client of the brokers for reading: topics, offsets, and the feeds of partitions.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/cancellation.h"
#include "connectors/kafka/connection_trouble.h"
#include "connectors/kafka/kafka_options.h"
#include "connectors/kafka/partition_offsets.h"

struct rd_kafka_s;
struct rd_kafka_topic_s;

namespace sluice::connectors::kafka {

/// Thread safe. Calls wait for the brokers as long as the options say; they end early when the token is cancelled and
/// when the brokers refuse the connection.
class Consumer {
 public:
  /// Throws kIllegalArgument if the client library does not take the properties.
  Consumer(const SourceOptions& options, base::CancellationPtr cancellation);
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  /// The partitions that the subscription has now. Throws if a topic that it names does not exist.
  TopicPartitions Assigned(const Subscription& subscription);
  /// The offset of each partition at a time: kEarliestOffset, kLatestOffset or milliseconds since the epoch. A
  /// partition that has nothing at or after its time gets kLatestOffset; one that does not exist is left out.
  PartitionOffsets OffsetsAt(const PartitionOffsets& times);
  PartitionOffsets OffsetsAt(const TopicPartitions& partitions, int64_t time);

  /// Asks once which broker ("host:port") leads each partition of a topic; empty where none does just now. False if
  /// nobody could tell. A topic that does not exist has no partitions.
  bool FindLeaders(const std::string& topic, std::map<TopicPartition, std::string>* leaders);

  rd_kafka_s* client() const { return client_; }
  /// The library's handle of a topic, which lives as long as this.
  rd_kafka_topic_s* Topic(const std::string& name);
  const base::CancellationPtr& cancellation() const { return cancellation_; }

 private:
  /// Calls `attempt(milliseconds)` until it is done, the time is up, the token is cancelled or waiting does not help.
  template <typename Attempt>
  void Await(const std::string& what, Attempt&& attempt);
  bool MayExist(const TopicPartition& partition);
  void AddPartitions(const std::string& topic, TopicPartitions* out);
  void AddMatching(const std::string& pattern, TopicPartitions* out);

  std::string servers_;
  std::chrono::milliseconds answer_time_;
  base::CancellationPtr cancellation_;
  ConnectionTrouble trouble_;
  rd_kafka_s* client_ = nullptr;
  std::mutex mutex_;
  std::map<std::string, rd_kafka_topic_s*> topics_;
};
using ConsumerPtr = std::shared_ptr<Consumer>;

}  // namespace sluice::connectors::kafka
