// The checksum of Kafka's record batches and of rows of state.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::base {

/// CRC-32 with Castagnoli's polynomial, going on from that of the bytes before.
uint32_t Crc32c(std::string_view bytes, uint32_t before = 0);

}  // namespace sluice::base
