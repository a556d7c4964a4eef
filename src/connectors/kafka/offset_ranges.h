// How a span of offsets is limited and cut into input partitions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "connectors/kafka/partition_offsets.h"

namespace sluice::connectors::kafka {

/// The records [from, until) of a partition.
struct OffsetRange {
  TopicPartition partition;
  int64_t from = 0, until = 0;
  int64_t size() const { return until - from; }
};

/// Takes about `most` offsets of (from, until], of each partition in proportion to what it has. `from` has all
/// partitions of `until`.
PartitionOffsets LimitOffsets(int64_t most, const PartitionOffsets& from, const PartitionOffsets& until);
/// How many offsets lie between, partitions without a start counted from 0.
double CountOffsets(const PartitionOffsets& from, const PartitionOffsets& until);

/// Leaves out empty ranges, cuts those above `most_records`, and cuts large ones further until there are about
/// `least_partitions`.
std::vector<OffsetRange> DivideRanges(const std::vector<OffsetRange>& ranges, std::optional<int64_t> least_partitions,
                                      std::optional<int64_t> most_records);

}  // namespace sluice::connectors::kafka
