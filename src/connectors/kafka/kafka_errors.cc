// Texts of the conditions in Spark's kafka-error-conditions.json; Spark shows them without their names.
#include "connectors/kafka/kafka_errors.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

namespace sluice::connectors::kafka {
namespace {

using base::Error;
using base::ErrorDomain;
using base::ErrorKind;

Error IllegalState(const std::string& condition, const std::string& message) {
  return Error::Plain(ErrorKind::kIllegalState, message, condition).WithDomain(ErrorDomain::kExternal, false);
}

Error DataLoss(const std::string& condition, const std::string& reason) {
  return IllegalState(
      "KAFKA_DATA_LOSS." + condition,
      "Some data may have been lost because they are not available in Kafka any more;\n"
      "either the data was aged out by Kafka or the topic may have been deleted before all the data in the\n"
      "topic was processed.\n"
      "If you don't want your streaming query to fail on such cases, set the source option failOnDataLoss to false.\n"
      "Reason: " +
          reason);
}

}  // namespace

bool IsCoordinatorTrouble(int error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return true;
    default:
      return false;
  }
}

Error IllegalArgument(const std::string& message) { return Error::Plain(ErrorKind::kIllegalArgument, message); }

Error BrokerError(const std::string& message) {
  return Error::Plain(ErrorKind::kSpark, message).WithDomain(ErrorDomain::kExternal, true);
}

Error ProducerFenced(const std::string& servers, const std::string& transactional_id, const std::string& during,
                     const std::string& answer) {
  return IllegalState(
      "", fmt::format("Kafka ({}) ended the transactions of this query's producer (transactional id '{}') in {}: {}. "
                      "Another producer with that id has started, such as another run of the query, or the batch took "
                      "longer than kafka.transaction.timeout.ms",
                      servers, transactional_id, during, answer));
}

Error InitialOffsetNotFound(const TopicPartitions& partitions) {
  return DataLoss(
      "INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS",
      fmt::format("Cannot find initial offsets for partitions {}. They may have been deleted.", ToString(partitions)));
}

Error AddedPartitionNotFromZero(const TopicPartition& partition, int64_t offset) {
  return DataLoss("ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO",
                  fmt::format("Added partition {} starts from {} instead of 0.", partition.ToString(), offset));
}

Error PartitionsDeleted(const TopicPartitions& partitions) {
  return DataLoss("PARTITIONS_DELETED", fmt::format("Partitions {} have been deleted.", ToString(partitions)));
}

Error PartitionOffsetChanged(const TopicPartition& partition, int64_t before, int64_t now) {
  return DataLoss("PARTITION_OFFSET_CHANGED",
                  fmt::format("Partition {} offset was changed from {} to {}.\nThis could be either 1) a user error "
                              "that the start offset is set beyond available offset when starting query, or 2) the "
                              "kafka topic-partition is deleted and re-created.",
                              partition.ToString(), before, now));
}

Error OffsetRangeNotReadable(const TopicPartition& partition, int64_t from, int64_t until,
                             const std::string& group_id) {
  return DataLoss("COULD_NOT_READ_OFFSET_RANGE",
                  fmt::format("Could not read records in offset [{}, {}) for topic partition {}\nwith consumer group "
                              "{}.",
                              from, until, partition.ToString(), group_id));
}

Error StreamPartitionsDiffer(const TopicPartitions& given, const TopicPartitions& assigned) {
  return Error::Plain(ErrorKind::kSpark,
                      fmt::format("assertion failed: If startingOffsets contains specific offsets, you must specify "
                                  "all TopicPartitions.\nUse -1 for latest, -2 for earliest, if you don't care.\n"
                                  "Specified: {} Assigned: {}",
                                  ToString(given), ToString(assigned)));
}

Error StartPartitionsDiffer(const TopicPartitions& given, const TopicPartitions& assigned) {
  return IllegalState("KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED",
                      fmt::format("Partitions specified for Kafka start offsets don't match what are assigned. Maybe "
                                  "topic partitions are created \nor deleted while the query is running. Use -1 for "
                                  "latest, -2 for earliest.\nSpecified: {} Assigned: {}",
                                  ToString(given), ToString(assigned)));
}

Error TimestampPartitionsDiffer(const char* position, const TopicPartitions& given, const TopicPartitions& assigned) {
  return IllegalState("KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED",
                      fmt::format("Partitions specified for Kafka timestamp based {} offsets don't match what are "
                                  "assigned. Maybe topic partitions are created \nor deleted while the query is "
                                  "running, or you didn't specify all the partitions.\nSpecified: {} Assigned: {}",
                                  position, ToString(given), ToString(assigned)));
}

Error UnresolvedStartBeyondEnd(const char* what, const TopicPartition& partition, int64_t from, int64_t until) {
  return Error::Plain(ErrorKind::kIllegalArgument,
                      fmt::format("The specified start {} {} is greater than the end {} {} for topic {} partition {}.",
                                  what, from, what, until, partition.topic, partition.partition),
                      "UNRESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET");
}

Error ResolvedStartBeyondEnd(const TopicPartition& partition, int64_t from, int64_t until) {
  return IllegalState(
      "RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET",
      fmt::format("The resolved start offset {} is greater than the resolved end offset {} for topic {} partition {}.\n"
                  "Please investigate in this order:\n"
                  "1. Check whether start offset is set beyond the end offset or the latest available offset after "
                  "resolution. Possible inputs are:\n"
                  "  (a) Start offset is set to a timestamp, and the end offset is set to an index of offset.\n"
                  "  (b) Start offset is set to an index of offset, and the end offset is set to a timestamp.\n"
                  "  (c) Start offset is set, and the end offset is set to latest.\n"
                  "2. Check whether the Kafka topic-partition is deleted and re-created.",
                  from, until, partition.topic, partition.partition));
}

Error MalformedTimestamp(const TopicPartition& partition, int64_t offset, int64_t timestamp) {
  return IllegalState(
      "KAFKA_MALFORMED_RECORD_TIMESTAMP",
      fmt::format("Record at topic {} partition {} offset {} has timestamp value {} that overflows when converting to "
                  "Spark's microsecond-precision TimestampType.\nKafka record timestamps must be in milliseconds since "
                  "epoch per the Kafka protocol. The provided value suggests the producer may be writing timestamps in "
                  "microseconds or nanoseconds instead.\nEnsure the Kafka producer sets the ProducerRecord timestamp "
                  "in milliseconds.",
                  partition.topic, partition.partition, offset, timestamp));
}

Error NullTopic() {
  return IllegalState("KAFKA_NULL_TOPIC_IN_DATA",
                      "The Kafka message data sent to the producer contains a null topic. Use the `topic` option for "
                      "setting a default topic.");
}

}  // namespace sluice::connectors::kafka
