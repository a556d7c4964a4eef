// Tests of the Kafka options, of offsets as JSON, and of how ranges are limited and divided.
#include "connectors/kafka/kafka_options.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "connectors/kafka/offset_ranges.h"

namespace sluice::connectors::kafka {
namespace {

std::string MessageOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.message();
  }
  return "";
}

TEST(PartitionOffsetsTest, WritesTopicsAndPartitionsInOrder) {
  PartitionOffsets offsets = {{{"b", 0}, 4}, {{"a", 10}, 3}, {{"a", 2}, 1}};
  EXPECT_EQ(FormatOffsets(offsets), R"({"a":{"2":1,"10":3},"b":{"0":4}})");
  EXPECT_EQ(ParseOffsets(FormatOffsets(offsets)), offsets);
  EXPECT_EQ(FormatOffsets({}), "{}");
}

TEST(PartitionOffsetsTest, RefusesOtherForms) {
  for (const char* text :
       {"", "[]", "{\"a\":1}", "{\"a\":{\"x\":1}}", "{\"a\":{\"0\":\"1\"}}", "{\"a\":{\"0\":1.5}}"}) {
    EXPECT_EQ(MessageOf([&] { ParseOffsets(text); }),
              std::string(R"(Expected e.g. {"topicA":{"0":23,"1":-1},"topicB":{"0":-2}}, got )") + text);
  }
  EXPECT_EQ(ParsePartitions(R"({"a":[1,0]})"), (TopicPartitions{{"a", 0}, {"a", 1}}));
  EXPECT_NE(MessageOf([] { ParsePartitions("{\"a\":1}"); }), "");
}

TEST(OffsetRangesTest, LimitsInProportionAndStarvesNoPartition) {
  PartitionOffsets from = {{{"t", 0}, 0}, {{"t", 1}, 10}, {{"t", 2}, 5}},
                   until = {{{"t", 0}, 100}, {{"t", 1}, 11}, {{"t", 2}, 5}};
  EXPECT_EQ(LimitOffsets(10, from, until), (PartitionOffsets{{{"t", 0}, 9}, {{"t", 1}, 11}, {{"t", 2}, 5}}));
  EXPECT_EQ(LimitOffsets(1000, from, until), until);
  EXPECT_EQ(LimitOffsets(3, until, until), until);
}

TEST(OffsetRangesTest, DividesLargeRangesOnly) {
  std::vector<OffsetRange> ranges = {{{"t", 0}, 0, 90}, {{"t", 1}, 0, 10}, {{"t", 2}, 7, 7}};
  std::vector<OffsetRange> divided = DivideRanges(ranges, 4, std::nullopt);
  ASSERT_EQ(divided.size(), 4);
  EXPECT_EQ(divided[1].from, 30);
  EXPECT_EQ(divided[2].until, 90);
  EXPECT_EQ(DivideRanges(ranges, std::nullopt, 40).size(), 4);
  EXPECT_EQ(DivideRanges(ranges, std::nullopt, std::nullopt).size(), 2);
}

TEST(ClientPropertiesTest, ReadersOfAGroupConnectAsTheProducerDoes) {
  auto producer = ToClientProperties({{"bootstrap.servers", "h:1"}, {"security.protocol", "SSL"}, {"acks", "all"}},
                                     ClientRole::kTransactionalProducer);
  EXPECT_EQ(producer.at("socket.timeout.ms"), "30000");
  auto reader = GroupReaderProperties(producer, "g");
  EXPECT_EQ(reader.at("security.protocol"), "SSL");
  EXPECT_EQ(reader.at("group.id"), "g");
  for (const char* name : {"acks", "enable.idempotence", "transaction.timeout.ms", "partitioner"})
    EXPECT_FALSE(reader.contains(name)) << name;
}

TEST(ClientPropertiesTest, NoAnswerTakesLongerThanATransaction) {
  auto producer = ToClientProperties({{"bootstrap.servers", "h:1"}, {"transaction.timeout.ms", "5000"}},
                                     ClientRole::kTransactionalProducer);
  EXPECT_EQ(producer.at("socket.timeout.ms"), "5000");
  EXPECT_EQ(producer.at("delivery.timeout.ms"), "5000");
}

TEST(ClientPropertiesTest, TranslatesJavaNames) {
  auto properties = ToClientProperties(
      {{"bootstrap.servers", "h:1"},
       {"fetch.max.wait.ms", "7"},
       {"sasl.jaas.config",
        R"(org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="a\"b";)"},
       {"ssl.truststore.type", "PEM"},
       {"ssl.truststore.location", "/ca.pem"}},
      ClientRole::kConsumer);
  EXPECT_EQ(properties["fetch.wait.max.ms"], "7");
  EXPECT_EQ(properties["sasl.username"], "u");
  EXPECT_EQ(properties["sasl.password"], "a\"b");
  EXPECT_EQ(properties["ssl.ca.location"], "/ca.pem");
  EXPECT_EQ(properties["isolation.level"], "read_uncommitted");
}

TEST(ClientPropertiesTest, NamesWhatHasNoCounterpartButNotItsValue) {
  std::string message = MessageOf([] { ToClientProperties({{"metric.reporters", "secret"}}, ClientRole::kConsumer); });
  EXPECT_NE(message.find("kafka.metric.reporters"), std::string::npos);
  EXPECT_EQ(message.find("secret"), std::string::npos);
  EXPECT_NE(MessageOf([] { ToClientProperties({{"acks", "all"}}, ClientRole::kConsumer); }), "");
  EXPECT_NE(MessageOf([] { ToClientProperties({{"ssl.keystore.location", "/k"}}, ClientRole::kProducer); }), "");
}

TEST(ClientPropertiesTest, KeepsDeliveryWithinATransaction) {
  constexpr ClientRole kRole = ClientRole::kTransactionalProducer;
  EXPECT_EQ(ToClientProperties({}, kRole)["transaction.timeout.ms"], "900000");
  EXPECT_EQ(ToClientProperties({}, kRole)["delivery.timeout.ms"], "120000");
  EXPECT_EQ(ToClientProperties({{"transaction.timeout.ms", "5000"}}, kRole)["delivery.timeout.ms"], "5000");
  EXPECT_EQ(ToClientProperties({{"transaction.timeout.ms", "300000"}}, kRole)["delivery.timeout.ms"], "120000");
  EXPECT_EQ(ToClientProperties({{"transactional.id", "t"}}, kRole)["transactional.id"], "t");
  EXPECT_NE(MessageOf([] { ToClientProperties({{"transactional.id", "t"}}, ClientRole::kProducer); }), "");
}

TEST(KafkaOptionsTest, KnowsTwoDeliveries) {
  EXPECT_FALSE(IsExactlyOnce({}));
  EXPECT_FALSE(IsExactlyOnce({{"sluice.delivery", "at-least-once"}}));
  EXPECT_TRUE(IsExactlyOnce({{"sluice.delivery", "Exactly-Once"}}));
  EXPECT_NE(MessageOf([] { IsExactlyOnce({{"sluice.delivery", "once"}}); }), "");
}

TEST(KafkaOptionsTest, ReadsLimitsInSparksOrder) {
  plan::Options options = {{"kafka.bootstrap.servers", "h:1"}, {"subscribe", "a, b,"}, {"startingOffsets", "LATEST"}};
  SourceOptions parsed = ParseSourceOptions(options, nullptr, false);
  EXPECT_EQ(parsed.subscription.Describe(), "Subscribe[a, b]");
  EXPECT_EQ(parsed.starting.kind, OffsetLimit::Kind::kLatest);
  options["startingTimestamp"] = "5";
  EXPECT_EQ(ParseSourceOptions(options, nullptr, false).starting.timestamp_ms, 5);
  EXPECT_EQ(parsed.ending.kind, OffsetLimit::Kind::kLatest);
  EXPECT_EQ(MessageOf([&] {
              CheckStreamSourceOptions({{"subscribe", "a"}});
            }),
            "Option 'kafka.bootstrap.servers' must be specified for configuring Kafka consumer");
}

}  // namespace
}  // namespace sluice::connectors::kafka
