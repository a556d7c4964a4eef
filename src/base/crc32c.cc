// CRC-32C by the processor's instruction where it has one, three streams at a time, else by a table.
#include "base/crc32c.h"

#include <array>
#include <cstring>
#include <string>

namespace sluice::base {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

uint32_t ByTable(uint32_t crc, std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = MakeTable();
  for (char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff];
  return crc;
}

#if defined(__x86_64__)

// The instruction takes a result every cycle but is three cycles long: three blocks run beside each other, and
// what a block's checksum becomes when as many zero bytes follow comes from a table.
constexpr size_t kBlock = 1024;

using ShiftTable = std::array<std::array<uint32_t, 256>, 4>;

ShiftTable MakeShiftTable() {
  ShiftTable table{};
  const std::string zeros(kBlock, '\0');
  for (size_t byte = 0; byte < 4; ++byte) {
    // The shift is linear: 8 results give all 256.
    for (uint32_t bit = 1; bit < 256; bit <<= 1) table[byte][bit] = ByTable(bit << (8 * byte), zeros);
    for (uint32_t value = 1; value < 256; ++value) {
      uint32_t lowest = value & -value;
      if (value != lowest) table[byte][value] = table[byte][lowest] ^ table[byte][value ^ lowest];
    }
  }
  return table;
}

uint32_t Shift(const ShiftTable& table, uint64_t crc) {
  return table[0][crc & 0xff] ^ table[1][(crc >> 8) & 0xff] ^ table[2][(crc >> 16) & 0xff] ^
         table[3][(crc >> 24) & 0xff];
}

uint64_t Word(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

__attribute__((target("sse4.2"))) uint32_t ByInstruction(uint32_t start, std::string_view bytes) {
  static const ShiftTable kShift = MakeShiftTable();
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  uint64_t crc = start;
  for (; static_cast<size_t>(end - at) >= 3 * kBlock; at += 3 * kBlock) {
    uint64_t second = 0, third = 0;
    for (size_t i = 0; i < kBlock; i += 8) {
      crc = __builtin_ia32_crc32di(crc, Word(at + i));
      second = __builtin_ia32_crc32di(second, Word(at + kBlock + i));
      third = __builtin_ia32_crc32di(third, Word(at + 2 * kBlock + i));
    }
    crc = Shift(kShift, Shift(kShift, crc) ^ second) ^ third;
  }
  for (; end - at >= 8; at += 8) crc = __builtin_ia32_crc32di(crc, Word(at));
  return ByTable(static_cast<uint32_t>(crc), {at, static_cast<size_t>(end - at)});
}

#endif

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t before) {
#if defined(__x86_64__)
  static const bool kFast = __builtin_cpu_supports("sse4.2");
  if (kFast) return ~ByInstruction(~before, bytes);
#endif
  return ~ByTable(~before, bytes);
}

}  // namespace sluice::base
