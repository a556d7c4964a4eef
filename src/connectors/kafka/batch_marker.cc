// The marker's text, and what it tells of a batch.
#include "connectors/kafka/batch_marker.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace sluice::connectors::kafka {
namespace {

// Brokers forget offsets after offsets.retention.minutes: 7 days, formerly 1.
constexpr int64_t kSurelyKeptMillis = 24 * 3600 * int64_t{1000};

base::Error Contradiction(const BatchMarker& batch, const std::string& what) {
  return base::Error::Plain(base::ErrorKind::kIllegalState,
                            fmt::format("Exactly-once delivery to Kafka cannot go on with batch {} of query {}: {}",
                                        batch.batch_id, batch.query_id, what))
      .WithDomain(base::ErrorDomain::kExternal, false);
}

}  // namespace

std::string FormatMarker(const BatchMarker& marker) {
  nlohmann::ordered_json json = {
      {"queryId", marker.query_id}, {"batchId", marker.batch_id}, {"timestampMs", marker.timestamp_ms}};
  return json.dump();
}

std::optional<BatchMarker> ParseMarker(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  auto id = json.find("queryId"), batch = json.find("batchId"), time = json.find("timestampMs");
  if (id == json.end() || batch == json.end() || time == json.end()) return std::nullopt;
  if (!id->is_string() || !batch->is_number_integer() || !time->is_number_integer()) return std::nullopt;
  return BatchMarker{*id, *batch, *time};
}

bool IsCommitted(const std::optional<BatchMarker>& last, const BatchMarker& batch, int64_t now_ms) {
  if (last && *last == batch) return true;
  if (last && last->batch_id >= batch.batch_id) {
    throw Contradiction(
        batch,
        fmt::format("its batch {} is already in Kafka, written from another state of the checkpoint. The "
                    "checkpoint was copied or restored, or its newest entries were removed; start with a new one",
                    last->batch_id));
  }
  if (!last && now_ms - batch.timestamp_ms > kSurelyKeptMillis) {
    throw Contradiction(batch,
                        "it was begun more than a day ago, and the brokers have no marker that tells whether it was "
                        "committed: they may have forgotten it. If readers may see the batch twice, run it once with "
                        "the option sluice.delivery set to at-least-once");
  }
  return false;
}

}  // namespace sluice::connectors::kafka
