// Answers of Kafka brokers: whatever the bytes are, there are records or an error. The first byte chooses what they
// are: an answer, a record batch, or compressed records.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "connectors/kafka/fetch/decompress.h"
#include "connectors/kafka/fetch/fetch_protocol.h"
#include "connectors/kafka/fetch/record_batch.h"

namespace {

using namespace sluice::connectors::kafka;  // NOLINT

void ReadBatches(std::string_view bytes) {
  RecordBatchHead head;
  RecordBatchReader reader;
  while (NextBatch(&bytes, &head) == BatchFound::kWhole) {
    reader.Open(head, false);
    RecordView record;
    while (reader.Next(&record)) {
      if (head.is_control()) RecordBatchReader::ControlType(record);
      WireReader headers(record.headers);
      for (int64_t left = headers.Varint(); left > 0 && headers.ok(); --left) {
        headers.RecordBytes();
        headers.RecordBytes();
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] == 0) {
      for (const FetchedPartition& partition : DecodeFetchResponse(bytes, 0)) ReadBatches(partition.records);
    } else if (data[0] <= 4) {
      std::string plain;
      Decompress(data[0], bytes, &plain);
    } else {
      ReadBatches(bytes);
    }
  } catch (const sluice::base::Error&) {
  } catch (const DamagedBatch&) {
  }
  return 0;
}
