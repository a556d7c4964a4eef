// What a transaction leaves in the query's consumer group, so that a restart knows which batch was the last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::connectors::kafka {

/// A batch of a query; the timestamp is that of its entry in the offsets log.
struct BatchMarker {
  std::string query_id;
  int64_t batch_id = 0;
  int64_t timestamp_ms = 0;
  bool operator==(const BatchMarker&) const = default;
};

/// As the metadata of a committed offset: {"queryId":"…","batchId":5,"timestampMs":1700000000000}.
std::string FormatMarker(const BatchMarker& marker);
/// Nothing if the text is no marker.
std::optional<BatchMarker> ParseMarker(const std::string& text);

/// Whether the batch that is to run is the last one that was committed. Throws kIllegalState where the brokers' marker
/// and the checkpoint contradict each other, and where a marker that is gone leaves it open.
bool IsCommitted(const std::optional<BatchMarker>& last, const BatchMarker& batch, int64_t now_ms);

}  // namespace sluice::connectors::kafka
