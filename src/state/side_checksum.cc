// Hadoop's side file: "crc\0", bytes per checksum, then a CRC-32 of each piece, all big-endian.
#include "state/side_checksum.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <filesystem>

#include "base/durable_file.h"

namespace sluice::state {
namespace {

constexpr std::string_view kMagic("crc\0", 4);

uint32_t BigEndian(const char* from) {
  uint32_t value;
  std::memcpy(&value, from, 4);
  return __builtin_bswap32(value);
}

}  // namespace

std::string FindSideChecksumDefect(const std::string& path, std::string_view content) {
  std::filesystem::path file(path);
  std::string side_path = (file.parent_path() / ("." + file.filename().string() + ".crc")).string();
  std::error_code failed;
  if (!std::filesystem::exists(side_path, failed)) return "";
  std::string side = base::ReadWholeFile(side_path);
  // Hadoop, too, takes a side file of another form for none.
  if (side.size() < 8 || side.substr(0, 4) != kMagic) return "";
  size_t piece_bytes = BigEndian(side.data() + 4);
  if (piece_bytes == 0) return "";
  std::string_view sums = std::string_view(side).substr(8);
  for (size_t at = 0; at < content.size(); at += piece_bytes) {
    std::string_view piece = content.substr(at, piece_bytes);
    if (sums.size() < 4) return fmt::format("Checksum file not a length multiple of checksum size: {}", side_path);
    uint32_t expected = BigEndian(sums.data());
    sums.remove_prefix(4);
    auto computed =
        static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size())));
    if (computed != expected) {
      return fmt::format("Checksum error: file:{} at {} exp: {} got: {}", path, at, static_cast<int32_t>(expected),
                         static_cast<int32_t>(computed));
    }
  }
  return "";
}

}  // namespace sluice::state
