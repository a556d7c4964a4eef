// Finds out which offsets a query's options stand for (Spark's KafkaOffsetReader).
#pragma once

#include <optional>
#include <vector>

#include "connectors/kafka/consumer.h"
#include "connectors/kafka/offset_ranges.h"

namespace sluice::connectors::kafka {

class OffsetFetcher {
 public:
  OffsetFetcher(const SourceOptions& options, ConsumerPtr consumer)
      : options_(options), consumer_(std::move(consumer)) {}

  /// Where a new stream starts.
  PartitionOffsets Starting();
  /// The ends of all partitions. An end before what is `known` is asked for again some times, then believed.
  PartitionOffsets Latest(const PartitionOffsets& known);
  PartitionOffsets Earliest(const TopicPartitions& partitions);
  /// The ranges of a batch query, resolved to real offsets.
  std::vector<OffsetRange> BatchRanges();
  /// What a micro-batch reads; partitions that are new start at their beginning. Reports data loss.
  std::vector<OffsetRange> StreamRanges(const PartitionOffsets& from, const PartitionOffsets& until);
  /// Throws, or logs where data loss is allowed.
  void ReportDataLoss(const base::Error& loss) const;

 private:
  PartitionOffsets Resolve(const OffsetLimit& limit, const TopicPartitions& assigned, bool starting);
  PartitionOffsets ResolveOffsets(const PartitionOffsets& given);
  PartitionOffsets ResolveTimes(const PartitionOffsets& times, const OffsetLimit& limit, bool starting);
  void CheckUnresolved() const;
  void WaitForRetry();

  const SourceOptions& options_;
  ConsumerPtr consumer_;
};

}  // namespace sluice::connectors::kafka
