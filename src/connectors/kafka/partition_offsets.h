// Offsets by topic partition and their JSON forms.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace sluice::connectors::kafka {

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
  /// "topic-0", as Kafka names it.
  std::string ToString() const;
};
using TopicPartitions = std::set<TopicPartition>;
using PartitionOffsets = std::map<TopicPartition, int64_t>;

/// Stand for the ends of a partition in options; offsets of a log are never negative.
inline constexpr int64_t kLatestOffset = -1, kEarliestOffset = -2;

/// {"topic":{"0":23,"1":5}}, sorted by topic, then partition.
std::string FormatOffsets(const PartitionOffsets& offsets);
/// Throws kIllegalArgument with Spark's text if `json` has not that form.
PartitionOffsets ParseOffsets(std::string_view json);
/// The same form with milliseconds since the epoch.
PartitionOffsets ParseTimestamps(std::string_view json);
/// {"topic":[0,1]}.
TopicPartitions ParsePartitions(std::string_view json);

/// "Set(t-0, t-1)" and "Map(t-0 -> 5)", as Spark prints them.
std::string ToString(const TopicPartitions& partitions);
std::string ToString(const PartitionOffsets& offsets);
TopicPartitions PartitionsOf(const PartitionOffsets& offsets);

}  // namespace sluice::connectors::kafka
