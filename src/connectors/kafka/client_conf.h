// The client library's configuration object.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

#include "connectors/kafka/client_properties.h"

namespace sluice::connectors::kafka {

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using ConfPtr = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

/// Throws kIllegalArgument, with the property's name and never its value, for one that the library refuses.
ConfPtr MakeConf(const ClientProperties& properties);
/// A client of that configuration. Throws kIllegalArgument if the properties don't fit together.
rd_kafka_t* MakeClient(rd_kafka_type_t type, ConfPtr conf);

}  // namespace sluice::connectors::kafka
