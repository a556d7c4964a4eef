// One client of the brokers that asks about topics and offsets.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "base/cancellation.h"
#include "connectors/kafka/client.h"
#include "connectors/kafka/connection_trouble.h"
#include "connectors/kafka/kafka_options.h"
#include "connectors/kafka/partition_offsets.h"

namespace sluice::connectors::kafka {

/// Thread safe. Calls wait for the brokers as long as the options say; they end early when the token is cancelled and
/// when the brokers refuse the connection. It fetches no records: on a connection with fetches, each question would
/// wait until the broker has answered the fetch before it.
class Consumer {
 public:
  /// Throws kIllegalArgument if the client library does not take the properties.
  Consumer(const SourceOptions& options, base::CancellationPtr cancellation);
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

  rd_kafka_t* client() const { return client_.get(); }
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
  Client client_;  ///< the last member: its callbacks use the others
};
using ConsumerPtr = std::shared_ptr<Consumer>;

}  // namespace sluice::connectors::kafka
