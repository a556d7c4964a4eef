// The checksum of record batches.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::connectors::kafka {

/// CRC-32 with Castagnoli's polynomial.
uint32_t Crc32c(std::string_view bytes);

}  // namespace sluice::connectors::kafka
