// Kafka's Fetch request and its response, version 4: the oldest that today's brokers know, and all that reading needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/kafka/partition_offsets.h"

namespace sluice::connectors::kafka {

struct FetchRequest {
  struct Wanted {
    TopicPartition partition;
    int64_t offset = 0;
    int32_t max_bytes = 0;
  };
  int32_t correlation_id = 0;
  std::string client_id;
  int32_t max_wait_ms = 0, min_bytes = 1, max_bytes = 0;
  bool read_committed = false;
  std::vector<Wanted> wanted;  ///< sorted by topic

  /// The bytes to send, their length first.
  std::string Encode() const;
};

/// A transaction that was given up: its producer's batches from the offset on do not count, until its marker.
struct AbortedTransaction {
  int64_t producer_id = 0, first_offset = 0;
};

struct FetchedPartition {
  TopicPartition partition;
  int16_t error = 0;
  int64_t high_watermark = 0;      ///< the end of the records that are replicated
  int64_t last_stable_offset = 0;  ///< the end before the first open transaction
  std::vector<AbortedTransaction> aborted;
  std::string_view records;  ///< record batches; the last one may be cut
};

/// Error codes of the protocol that a reader tells apart.
namespace error_code {
inline constexpr int16_t kOffsetOutOfRange = 1, kTopicAuthorizationFailed = 29, kUnsupportedVersion = 35;
}

/// Reads a response without its length; the records stay where they are. Throws BrokerError if it is malformed or does
/// not answer the request of that number.
std::vector<FetchedPartition> DecodeFetchResponse(std::string_view bytes, int32_t correlation_id);

}  // namespace sluice::connectors::kafka
