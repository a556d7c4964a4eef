// Makes and ends clients of the Kafka library.
#include "connectors/kafka/client.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

constexpr int kSyslogError = 3, kSyslogWarning = 4;

void Log(const rd_kafka_t*, int level, const char* facility, const char* text) {
  if (level <= kSyslogError) {
    spdlog::warn("Kafka client {}: {}", facility, text);
  } else if (level <= kSyslogWarning) {
    spdlog::info("Kafka client {}: {}", facility, text);
  } else {
    spdlog::debug("Kafka client {}: {}", facility, text);
  }
}

}  // namespace

ConfPtr MakeConf(const ClientProperties& properties) {
  ConfPtr conf(rd_kafka_conf_new());
  char text[512];
  for (const auto& [name, value] : properties) {
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text, sizeof(text));
    if (result == RD_KAFKA_CONF_OK) continue;
    throw IllegalArgument(fmt::format("The Kafka client does not take the value of its property '{}'", name));
  }
  rd_kafka_conf_set_log_cb(conf.get(), Log);
  return conf;
}

Client::Client(rd_kafka_type_t type, ConfPtr conf) {
  char text[512];
  client_ = rd_kafka_new(type, conf.get(), text, sizeof(text));
  if (!client_) throw IllegalArgument(fmt::format("Failed to construct a Kafka client: {}", text));
  conf.release();  // NOLINT: the client owns it now
}

Client::~Client() {
  for (const auto& [name, topic] : topics_) rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client_);
}

rd_kafka_topic_t* Client::Topic(const std::string& name) {
  std::lock_guard lock(mutex_);
  rd_kafka_topic_t*& topic = topics_[name];
  if (!topic) topic = rd_kafka_topic_new(client_, name.c_str(), nullptr);
  if (!topic) throw BrokerError(fmt::format("'{}' is no name of a Kafka topic", name));
  return topic;
}

}  // namespace sluice::connectors::kafka
