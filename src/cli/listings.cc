// Writes registry entries as JSON.
#include "cli/listings.h"

#include <nlohmann/json.hpp>

namespace sluice::cli {
namespace {

const char* KindOf(const functions::Bind& bind) {
  constexpr const char* kNames[] = {"scalar", "aggregate", "generator", "window"};
  return kNames[bind.index()];
}

const char* NameOf(connectors::OutputMode mode) {
  switch (mode) {
    case connectors::OutputMode::kAppend:
      return "append";
    case connectors::OutputMode::kUpdate:
      return "update";
    case connectors::OutputMode::kComplete:
      return "complete";
  }
  return "";
}

}  // namespace

std::string FunctionsAsJson(const functions::FunctionRegistry& registry) {
  auto out = nlohmann::ordered_json::array();
  for (const functions::FunctionEntry* entry : registry.Entries()) {
    out.push_back({{"name", entry->name},
                   {"kind", KindOf(entry->bind)},
                   {"aliases", entry->aliases},
                   {"usage", entry->usage},
                   {"example", entry->example},
                   {"since", entry->since}});
  }
  return out.dump(1);
}

std::string ConnectorsAsJson(const connectors::ConnectorRegistry& registry) {
  auto out = nlohmann::ordered_json::array();
  for (const connectors::DataSourceEntry* entry : registry.Entries()) {
    auto options = nlohmann::ordered_json::array();
    for (const auto& option : entry->options) {
      options.push_back(
          {{"name", option.name}, {"default", option.default_value}, {"description", option.description}});
    }
    auto modes = nlohmann::ordered_json::array();
    for (auto mode : entry->output_modes) modes.push_back(NameOf(mode));
    out.push_back({{"name", entry->name},
                   {"aliases", entry->aliases},
                   {"usage", entry->usage},
                   {"read", static_cast<bool>(entry->read)},
                   {"readStream", static_cast<bool>(entry->read_stream)},
                   {"write", static_cast<bool>(entry->write)},
                   {"writeStream", static_cast<bool>(entry->write_stream)},
                   {"outputModes", modes},
                   {"options", options}});
  }
  return out.dump(1);
}

}  // namespace sluice::cli
