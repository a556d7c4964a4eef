// Record batches as brokers send them (magic 2): checked, decompressed, and read record by record where they lie.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "connectors/kafka/fetch/wire.h"
#include "connectors/kafka/record_view.h"

namespace sluice::connectors::kafka {

/// The head of one batch.
struct RecordBatchHead {
  int64_t base_offset = 0, last_offset = 0;
  int64_t base_timestamp = 0, max_timestamp = 0;
  int64_t producer_id = -1;
  int32_t count = 0;
  int16_t attributes = 0;
  std::string_view checked;  ///< what the checksum is of
  uint32_t checksum = 0;
  std::string_view records;  ///< compressed or not

  bool is_compressed() const { return (attributes & 7) != 0; }
  bool is_transactional() const { return (attributes & 0x10) != 0; }
  bool is_control() const { return (attributes & 0x20) != 0; }
};

/// What is wrong with a batch; whoever knows where it was read from makes an error of it.
struct DamagedBatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What lies at the start of some bytes.
enum class BatchFound { kWhole, kPartial, kOldFormat, kBroken };

/// Finds the batch that `*bytes` start with and moves them behind it.
BatchFound NextBatch(std::string_view* bytes, RecordBatchHead* head);

/// The records of one batch at a time; keeps the memory that decompression needs.
class RecordBatchReader {
 public:
  /// Throws DamagedBatch if the bytes are not what the head says, or their codec is unknown.
  void Open(const RecordBatchHead& head, bool check_crc);
  /// False at the end. The view is valid until the next Open.
  bool Next(RecordView* record);
  /// The type of a control batch's marker: 0 = abort, 1 = commit.
  static int16_t ControlType(const RecordView& marker);

 private:
  RecordBatchHead head_;
  WireReader reader_{std::string_view()};
  int32_t read_ = 0;
  std::string decompressed_;
};

}  // namespace sluice::connectors::kafka
