// Reads ranges of records, with feeds that go on fetching from one batch to the next.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "connectors/kafka/offset_fetcher.h"
#include "connectors/kafka/partition_feed.h"
#include "connectors/spi/batch.h"

namespace sluice::connectors::kafka {

/// Keeps one feed a partition. A range of a partition whose feed is in use gets a client of its own.
class FeedPool : public std::enable_shared_from_this<FeedPool> {
 public:
  using FeedPtr = std::unique_ptr<PartitionFeed>;
  FeedPool(ConsumerPtr consumer, const SourceOptions& options, std::function<void()> wake);

  FeedPtr Acquire(const TopicPartition& partition);
  void Return(FeedPtr feed);
  /// Has the feeds of these partitions, and no others, fetch from these offsets. False if records lie there already;
  /// else the pool's `wake` is called when one comes.
  bool WatchFrom(const PartitionOffsets& offsets);

 private:
  ConsumerPtr consumer_;
  const SourceOptions& options_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::map<TopicPartition, FeedPtr> idle_;
  TopicPartitions used_;
};
using FeedPoolPtr = std::shared_ptr<FeedPool>;

struct RecordPartition : InputPartition {
  explicit RecordPartition(OffsetRange of_range) : range(std::move(of_range)) {}
  OffsetRange range;
};

/// `options` must live as long as the reader.
BatchReaderPtr OpenRecords(FeedPoolPtr feeds, ConsumerPtr consumer, const SourceOptions& options,
                           const OffsetRange& range, const ScanRequest& request);

}  // namespace sluice::connectors::kafka
