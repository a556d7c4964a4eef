// Registers the Kafka source and sink.
#include "connectors/kafka/kafka_options.h"
#include "connectors/kafka/kafka_sink.h"
#include "connectors/kafka/kafka_source.h"
#include "connectors/spi/registry.h"

namespace sluice::connectors {
namespace {

std::vector<OptionSpec> KafkaOptions() {
  return {{"kafka.bootstrap.servers", "", "The brokers, host:port, with commas; must be given."},
          {"kafka.*", "", "Properties of Kafka's client by their Java names; one without a counterpart is an error."},
          {"kafka.consumer.commit.groupid", "",
           "Stream source: a consumer group that is told the offsets of committed batches, for tools that show lag."},
          {"subscribe", "", "Source: topics to read, with commas. One of subscribe, subscribePattern, assign."},
          {"subscribePattern", "", "Source: a regular expression of the topics to read."},
          {"assign", "", "Source: partitions to read, {\"topic\":[0,1]}."},
          {"startingOffsets", "latest, earliest in a batch",
           "Source: earliest, latest, or {\"topic\":{\"0\":23,\"1\":-2}} with -2 for earliest and -1 for latest."},
          {"startingOffsetsByTimestamp", "", "Source: a timestamp in milliseconds for each partition."},
          {"startingTimestamp", "", "Source: one timestamp in milliseconds for all partitions."},
          {"startingOffsetsByTimestampStrategy", "error", "Source: error or latest, where no record is that young."},
          {"endingOffsets", "latest", "Batch source: as startingOffsets."},
          {"endingOffsetsByTimestamp", "", "Batch source: as startingOffsetsByTimestamp."},
          {"endingTimestamp", "", "Batch source: as startingTimestamp."},
          {"failOnDataLoss", "true", "Source: whether the query fails when records have gone that it has not read."},
          {"maxOffsetsPerTrigger", "", "Stream source: how many offsets a batch takes at most."},
          {"minOffsetsPerTrigger", "", "Stream source: how many offsets a batch waits for."},
          {"maxTriggerDelay", "15m", "Stream source: how long it waits for them."},
          {"minPartitions", "", "Source: into how many partitions a batch is cut at least."},
          {"maxRecordsPerPartition", "", "Stream source: how many records a partition of a batch has at most."},
          {"includeHeaders", "false", "Whether there is a column of headers."},
          {kafka::kDeadLetterOption, "",
           "Stream source: the topic of the same brokers where records go that a parser of the query refuses."},
          {"groupIdPrefix", "spark-kafka-source", "Source: how generated consumer group ids begin."},
          {"kafkaConsumer.pollTimeoutMs", "spark.network.timeout", "Source: how long a record is waited for."},
          {"fetchOffset.numRetries", "3", "Source: how often offsets that go back are asked for again."},
          {"fetchOffset.retryIntervalMs", "10", "Source: how long it waits before that."},
          {"topic", "", "Sink: where all rows go; without it the column topic says where."},
          {"sluice.delivery", "at-least-once", "Stream sink: at-least-once or exactly-once, a transaction a batch."}};
}

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, Kafka) {
  DataSourceEntry entry;
  entry.name = "kafka";
  entry.aliases = {"org.apache.spark.sql.kafka010.KafkaSourceProvider"};
  entry.usage = "Topics of Apache Kafka; the sink delivers at least once, a stream on request exactly once.";
  entry.options = KafkaOptions();
  entry.read = kafka::ReadKafkaBatch;
  entry.read_stream = kafka::ReadKafkaStream;
  entry.write = kafka::WriteKafkaBatch;
  entry.write_stream = kafka::MakeKafkaSink;
  entry.output_modes = {OutputMode::kAppend, OutputMode::kUpdate, OutputMode::kComplete};
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
