// Reading and writing the marks of watermarks and windows in metadata JSON.
#include "logical/watermark_metadata.h"

#include <nlohmann/json.hpp>

namespace sluice::logical {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

bool IsSessionWindow(const std::string& metadata) { return metadata.find(kSessionWindowKey) != std::string::npos; }

bool IsWindowColumn(const std::string& metadata) {
  return metadata.find(kTimeWindowKey) != std::string::npos || IsSessionWindow(metadata);
}

std::optional<int64_t> WatermarkDelayMs(const std::string& metadata) {
  if (metadata.find(kWatermarkDelayKey) == std::string::npos) return std::nullopt;
  Json json = Json::parse(metadata, nullptr, false);
  if (!json.is_object() || !json.contains(kWatermarkDelayKey)) return std::nullopt;
  const Json& value = json[kWatermarkDelayKey];
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<int64_t>();
}

std::string WithWatermarkDelay(const std::string& metadata, std::optional<int64_t> delay_ms) {
  if (!delay_ms && metadata.find(kWatermarkDelayKey) == std::string::npos) return metadata;
  Json json = metadata.empty() ? Json::object() : Json::parse(metadata, nullptr, false);
  if (!json.is_object()) json = Json::object();
  if (delay_ms) {
    json[kWatermarkDelayKey] = *delay_ms;
  } else {
    json.erase(kWatermarkDelayKey);
  }
  return json.dump();
}

}  // namespace sluice::logical
