// The records of one partition as they come from the brokers.
#pragma once

#include <cstdint>
#include <span>

#include "connectors/kafka/partition_offsets.h"
#include "connectors/kafka/record_view.h"

namespace sluice::connectors::kafka {

/// Fetches ahead of its reader from the position on; used by one thread at a time.
class RecordFeed {
 public:
  explicit RecordFeed(TopicPartition partition) : partition_(std::move(partition)) {}
  virtual ~RecordFeed() = default;

  /// Reads on at `offset`; costs nothing if the feed is there.
  virtual void Seek(int64_t offset) = 0;
  /// The next records below `until`, up to `most`; valid until the next call. Empty when the range is done, the records
  /// are lost, nothing came in `wait_ms`, what came was no record, or the consumer's token was cancelled.
  virtual std::span<const RecordView> Take(int64_t until, size_t most, int wait_ms) = 0;
  /// True if a record lies ready; passes over what is none.
  virtual bool HasRecord() = 0;
  /// What lies at the position is not for this kind of feed.
  virtual bool unsupported() const { return false; }

  /// The offset up to which everything has been taken or does not exist.
  int64_t position() const { return position_; }
  /// The position is not in the partition's log, or the partition is gone.
  bool lost() const { return lost_; }
  const TopicPartition& partition() const { return partition_; }

 protected:
  const TopicPartition partition_;
  int64_t position_ = 0;
  bool lost_ = false;
};

}  // namespace sluice::connectors::kafka
