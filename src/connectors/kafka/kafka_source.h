// What the Kafka source offers to the registry.
#pragma once

#include <memory>

#include "connectors/spi/registry.h"

namespace sluice::connectors::kafka {

std::shared_ptr<StreamDefinition> ReadKafkaStream(const ReadSpec& spec);
BatchTablePtr ReadKafkaBatch(const ReadSpec& spec);

}  // namespace sluice::connectors::kafka
