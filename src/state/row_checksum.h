// Checksums of rows, which lie before them where spark.sql.streaming.stateStore.rowChecksum.enabled is set.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/crc32c.h"

namespace sluice::state {

constexpr size_t kRowChecksumBytes = 4;

inline uint32_t RowChecksum(std::string_view key, std::string_view value = {}) {
  return base::Crc32c(value, base::Crc32c(key));
}

inline void AppendRowChecksum(uint32_t checksum, std::string* out) {
  out->append(reinterpret_cast<const char*>(&checksum), kRowChecksumBytes);
}

/// Takes the checksum off the front; false if the bytes are too short.
inline bool TakeRowChecksum(std::string_view* bytes, uint32_t* checksum) {
  if (bytes->size() < kRowChecksumBytes) return false;
  std::memcpy(checksum, bytes->data(), kRowChecksumBytes);
  bytes->remove_prefix(kRowChecksumBytes);
  return true;
}

/// The text of STATE_STORE_ROW_CHECKSUM_VERIFICATION_FAILED.
std::string RowChecksumComplaint(const std::string& store, uint32_t expected, uint32_t computed);

}  // namespace sluice::state
