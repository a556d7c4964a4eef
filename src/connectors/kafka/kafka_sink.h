// What the Kafka sink offers to the registry.
#pragma once

#include <memory>
#include <string>

#include "connectors/spi/registry.h"

namespace sluice::connectors::kafka {

std::unique_ptr<StreamSink> MakeKafkaSink(const StreamSinkContext& context, const plan::Options& options,
                                          const std::string& path);
BatchWritePtr WriteKafkaBatch(const WriteSpec& spec);

}  // namespace sluice::connectors::kafka
