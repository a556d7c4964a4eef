// What a dead letter is made of: the record as it was, with headers that say where it came from and why it is there.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice::connectors::kafka {

/// The headers, after those of the record; all are texts, numbers in decimal digits.
inline constexpr char kHeaderPrefix[] = "sluice.";
inline constexpr char kTopicHeader[] = "sluice.topic", kPartitionHeader[] = "sluice.partition",
                      kOffsetHeader[] = "sluice.offset", kTimestampHeader[] = "sluice.timestamp",
                      kErrorHeader[] = "sluice.error";

/// The records of a batch that have been written, so that none is written twice.
class WrittenRecords {
 public:
  void Clear() { offsets_.clear(); }
  /// Which rows are new, by number.
  std::vector<int64_t> Add(const arrow::RecordBatch& rows);

 private:
  std::map<std::pair<std::string, int32_t>, std::unordered_set<int64_t>> offsets_;  ///< by topic and partition
};

/// The rows (key, value, topic, partition, offset, timestamp, perhaps headers, and error) of these numbers as records:
/// key, value and headers.
std::shared_ptr<arrow::RecordBatch> DeadLetterRecords(const arrow::RecordBatch& rows,
                                                      const std::vector<int64_t>& numbers);

}  // namespace sluice::connectors::kafka
