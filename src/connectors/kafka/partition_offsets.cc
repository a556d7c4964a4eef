// The JSON forms of partitions and offsets, as Spark's JsonUtils reads and writes them.
#include "connectors/kafka/partition_offsets.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"

namespace sluice::connectors::kafka {
namespace {

using Json = nlohmann::json;

base::Error Malformed(const char* expected, std::string_view got) {
  return base::Error::Plain(base::ErrorKind::kIllegalArgument, fmt::format("Expected e.g. {}, got {}", expected, got));
}

constexpr char kOffsetsForm[] = R"({"topicA":{"0":23,"1":-1},"topicB":{"0":-2}})";
constexpr char kPartitionsForm[] = R"({"topicA":[0,1],"topicB":[0,1]})";
constexpr char kTimestampsForm[] =
    "{\"topicA\": {\"0\": 123456789, \"1\": 123456789},\n\"topicB\": {\"0\": 123456789, \"1\": 123456789}}";

std::optional<int32_t> PartitionNumber(std::string_view text) {
  int32_t number = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<PartitionOffsets> ReadNumbers(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  PartitionOffsets out;
  for (const auto& [topic, partitions] : json.items()) {
    if (!partitions.is_object()) return std::nullopt;
    for (const auto& [partition, value] : partitions.items()) {
      auto number = PartitionNumber(partition);
      if (!number || !value.is_number_integer()) return std::nullopt;
      out[{topic, *number}] = value.get<int64_t>();
    }
  }
  return out;
}

}  // namespace

std::string TopicPartition::ToString() const { return fmt::format("{}-{}", topic, partition); }

std::string FormatOffsets(const PartitionOffsets& offsets) {
  std::string out = "{";
  const std::string* topic = nullptr;
  for (const auto& [partition, offset] : offsets) {
    if (topic && *topic == partition.topic) {
      out += ',';
    } else {
      out += fmt::format("{}{}:{{", topic ? "}," : "", Json(partition.topic).dump());
      topic = &partition.topic;
    }
    out += fmt::format("\"{}\":{}", partition.partition, offset);
  }
  return out + (topic ? "}}" : "}");
}

PartitionOffsets ParseOffsets(std::string_view json) {
  auto offsets = ReadNumbers(json);
  if (!offsets) throw Malformed(kOffsetsForm, json);
  return std::move(*offsets);
}

PartitionOffsets ParseTimestamps(std::string_view json) {
  auto timestamps = ReadNumbers(json);
  if (!timestamps) throw Malformed(kTimestampsForm, json);
  return std::move(*timestamps);
}

TopicPartitions ParsePartitions(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw Malformed(kPartitionsForm, text);
  TopicPartitions out;
  for (const auto& [topic, partitions] : json.items()) {
    if (!partitions.is_array()) throw Malformed(kPartitionsForm, text);
    for (const Json& partition : partitions) {
      if (!partition.is_number_integer()) throw Malformed(kPartitionsForm, text);
      out.insert({topic, partition.get<int32_t>()});
    }
  }
  return out;
}

std::string ToString(const TopicPartitions& partitions) {
  std::string out;
  for (const TopicPartition& partition : partitions) out += (out.empty() ? "" : ", ") + partition.ToString();
  return "Set(" + out + ")";
}

std::string ToString(const PartitionOffsets& offsets) {
  std::string out;
  for (const auto& [partition, offset] : offsets) {
    out += fmt::format("{}{} -> {}", out.empty() ? "" : ", ", partition.ToString(), offset);
  }
  return "Map(" + out + ")";
}

TopicPartitions PartitionsOf(const PartitionOffsets& offsets) {
  TopicPartitions out;
  for (const auto& [partition, offset] : offsets) out.insert(partition);
  return out;
}

}  // namespace sluice::connectors::kafka
