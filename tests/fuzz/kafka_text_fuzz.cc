// Texts of the Kafka connector from options, checkpoints and brokers: each is read or refused with the engine's error.
// The first byte chooses which one it is.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "connectors/kafka/batch_marker.h"
#include "connectors/kafka/client_properties.h"
#include "connectors/kafka/partition_offsets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::connectors::kafka;  // NOLINT
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 5) {
      case 0:
        FormatOffsets(ParseOffsets(text));
        break;
      case 1:
        ParseTimestamps(text);
        break;
      case 2:
        ParsePartitions(text);
        break;
      case 3:
        if (auto marker = ParseMarker(text)) FormatMarker(*marker);
        break;
      default:
        ToClientProperties({{"sasl.jaas.config", text}}, ClientRole::kConsumer);
    }
  } catch (const sluice::base::Error&) {
  }
  return 0;
}
