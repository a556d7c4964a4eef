// A record of a topic where it lies, whichever way it came.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::connectors::kafka {

/// What has no bytes is null: no key, or a tombstone's value.
struct Bytes {
  const char* data = nullptr;
  int32_t size = 0;
};

/// Java's TimestampType.
enum class TimestampType : int32_t { kNone = -1, kCreateTime = 0, kLogAppendTime = 1 };

struct RecordView {
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  TimestampType timestamp_type = TimestampType::kNone;
  Bytes key, value;
  /// As in a record batch: their number, then name and value of each, all after their lengths. Empty: there are none.
  std::string_view headers;
};

}  // namespace sluice::connectors::kafka
