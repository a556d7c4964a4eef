// The consumer group of a query, which holds the markers of its transactions.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "connectors/kafka/batch_marker.h"
#include "connectors/kafka/producer.h"

struct rd_kafka_error_s;

namespace sluice::connectors::kafka {

/// The newest marker of the group; nothing if it has none. Waits until no transaction is pending that has another one.
std::optional<BatchMarker> LastMarker(const Producer& producer, const std::string& group,
                                      std::chrono::milliseconds timeout);
/// Makes the marker part of the open transaction, as the offset that follows the batch in a partition of the topic.
rd_kafka_error_s* SendMarker(const Producer& producer, const std::string& group, const std::string& topic,
                             const BatchMarker& marker, int milliseconds);

}  // namespace sluice::connectors::kafka
