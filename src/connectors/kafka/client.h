// A client of the Kafka library and its configuration; what it logs goes to the server's log.
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "connectors/kafka/client_properties.h"

namespace sluice::connectors::kafka {

template <auto destroy>
struct Destroyer {
  template <typename T>
  void operator()(T* object) const {
    destroy(object);
  }
};
/// Owns an object of the library: Handle<rd_kafka_queue_t, rd_kafka_queue_destroy>.
template <typename T, auto destroy>
using Handle = std::unique_ptr<T, Destroyer<destroy>>;

using ConfPtr = Handle<rd_kafka_conf_t, rd_kafka_conf_destroy>;

/// Throws kIllegalArgument, with the property's name and never its value, for one that the library refuses.
ConfPtr MakeConf(const ClientProperties& properties);

/// Thread safe.
class Client {
 public:
  /// Throws kIllegalArgument if the properties don't fit together.
  Client(rd_kafka_type_t type, ConfPtr conf);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  rd_kafka_t* get() const { return client_; }
  /// The library's handle of a topic, which lives as long as this. Throws BrokerError for what is no name of one.
  rd_kafka_topic_t* Topic(const std::string& name);

 private:
  rd_kafka_t* client_ = nullptr;
  std::mutex mutex_;
  std::map<std::string, rd_kafka_topic_t*> topics_;
};
using ClientPtr = std::shared_ptr<Client>;

}  // namespace sluice::connectors::kafka
