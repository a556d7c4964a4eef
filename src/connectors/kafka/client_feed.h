// The records of one partition as they come from the brokers.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "connectors/kafka/consumer.h"

struct rd_kafka_queue_s;
struct rd_kafka_message_s;

namespace sluice::connectors::kafka {

/// Fetches ahead of its reader from the position on; used by one thread at a time.
class PartitionFeed {
 public:
  /// `wake` is called, from any thread, when something comes after the feed had run empty; may be null.
  PartitionFeed(ConsumerPtr consumer, TopicPartition partition, std::function<void()> wake);
  ~PartitionFeed();
  PartitionFeed(const PartitionFeed&) = delete;
  PartitionFeed& operator=(const PartitionFeed&) = delete;

  /// Reads on at `offset`; costs nothing if the feed is there.
  void Seek(int64_t offset);
  /// The next records below `until`, up to `most`; valid until the next call. Empty when the range is done, the records
  /// are lost, nothing came in `wait_ms`, or the consumer's token was cancelled.
  std::span<rd_kafka_message_s* const> Take(int64_t until, size_t most, int wait_ms);
  /// True if a record lies ready; passes over marks of the partition's end.
  bool HasRecord();

  /// The offset up to which everything has been taken or does not exist.
  int64_t position() const { return position_; }
  /// The position is not in the partition's log, or the partition is gone.
  bool lost() const { return lost_; }
  const TopicPartition& partition() const { return partition_; }
  const ConsumerPtr& consumer() const { return consumer_; }

 private:
  void Refill(int wait_ms);
  size_t Wait(int wait_ms);
  void Release(size_t count);
  void Note(const rd_kafka_message_s& event);
  void Stop();

  ConsumerPtr consumer_;
  TopicPartition partition_;
  std::function<void()> wake_;
  rd_kafka_queue_s* queue_ = nullptr;
  std::vector<rd_kafka_message_s*> messages_;
  size_t taken_ = 0, ready_ = 0;  ///< messages before taken_ were handed out; ready_ have been fetched
  int64_t position_ = 0;
  bool running_ = false, lost_ = false;
};

}  // namespace sluice::connectors::kafka
