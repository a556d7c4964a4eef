// Spark's error conditions of the Kafka connector, which are not part of Spark's common list.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "connectors/kafka/partition_offsets.h"

namespace sluice::connectors::kafka {

/// Whether a request to a group's coordinator that ended with this code of librdkafka is worth repeating.
bool IsCoordinatorTrouble(int error);

base::Error IllegalArgument(const std::string& message);
/// What the brokers answered, or that they did not.
base::Error BrokerError(const std::string& message);
/// The brokers ended a producer's transactions, in `during`.
base::Error ProducerFenced(const std::string& servers, const std::string& transactional_id, const std::string& during,
                           const std::string& answer);

base::Error InitialOffsetNotFound(const TopicPartitions& partitions);
base::Error AddedPartitionNotFromZero(const TopicPartition& partition, int64_t offset);
base::Error PartitionsDeleted(const TopicPartitions& partitions);
base::Error PartitionOffsetChanged(const TopicPartition& partition, int64_t before, int64_t now);
base::Error OffsetRangeNotReadable(const TopicPartition& partition, int64_t from, int64_t until,
                                   const std::string& group_id);
/// Of a stream's start and of a batch's.
base::Error StreamPartitionsDiffer(const TopicPartitions& given, const TopicPartitions& assigned);
base::Error StartPartitionsDiffer(const TopicPartitions& given, const TopicPartitions& assigned);
base::Error TimestampPartitionsDiffer(const char* position, const TopicPartitions& given,
                                      const TopicPartitions& assigned);
base::Error UnresolvedStartBeyondEnd(const char* what, const TopicPartition& partition, int64_t from, int64_t until);
base::Error ResolvedStartBeyondEnd(const TopicPartition& partition, int64_t from, int64_t until);
base::Error MalformedTimestamp(const TopicPartition& partition, int64_t offset, int64_t timestamp);
base::Error NullTopic();

}  // namespace sluice::connectors::kafka
