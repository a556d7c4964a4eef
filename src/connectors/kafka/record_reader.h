// Reads ranges of records, with feeds that go on fetching from one batch to the next.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "connectors/kafka/client.h"
#include "connectors/kafka/fetch/fetcher.h"
#include "connectors/kafka/offset_fetcher.h"
#include "connectors/kafka/record_feed.h"
#include "connectors/spi/batch.h"

namespace sluice::connectors::kafka {

/// Keeps one feed a partition. A range of a partition whose feed is in use gets a client of its own. Feeds read record
/// batches themselves where they can, else through the client library.
class FeedPool : public std::enable_shared_from_this<FeedPool> {
 public:
  using FeedPtr = std::unique_ptr<RecordFeed>;
  FeedPool(ConsumerPtr consumer, const SourceOptions& options, std::function<void()> wake);

  FeedPtr Acquire(const TopicPartition& partition);
  void Return(FeedPtr feed);
  /// A feed through the client library in place of one that cannot go on, at its position.
  FeedPtr Replace(FeedPtr feed);
  /// Has the feeds of these partitions, and no others, fetch from these offsets. False if records lie there already;
  /// else the pool's `wake` is called when one comes.
  bool WatchFrom(const PartitionOffsets& offsets);
  /// The ends of partitions as far as fetching has told them; may be behind.
  PartitionOffsets KnownEnds();

 private:
  /// `shared`: with the others, and waking the pool's owner; else with a client of its own. The mutex is held.
  FeedPtr Make(const TopicPartition& partition, bool shared);

  ConsumerPtr consumer_;
  const SourceOptions& options_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::shared_ptr<Fetcher> fetcher_;  ///< null where the client library fetches
  ClientPtr client_;                  ///< which does so; made when it is needed
  std::map<TopicPartition, FeedPtr> idle_;
  std::map<TopicPartition, const RecordFeed*> used_;
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
