// The registries as JSON, for documentation and tools.
#pragma once

#include <string>

#include "connectors/spi/registry.h"
#include "functions/registry.h"

namespace sluice::cli {

std::string FunctionsAsJson(const functions::FunctionRegistry& registry);
std::string ConnectorsAsJson(const connectors::ConnectorRegistry& registry);

}  // namespace sluice::cli
