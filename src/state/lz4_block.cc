// LZ4Block framing: magic, token, two lengths, checksum, then the block.
#include "state/lz4_block.h"

#include <lz4.h>
#include <xxhash.h>

#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace sluice::state {
namespace {

constexpr std::string_view kMagic = "LZ4Block";
constexpr size_t kHeaderBytes = 8 + 1 + 4 + 4 + 4;
constexpr int kLevelBase = 10;
constexpr int kLevel = 5;  // log2(kLz4BlockBytes) - kLevelBase
constexpr uint8_t kRaw = 0x10, kLz4 = 0x20;
constexpr uint32_t kSeed = 0x9747b28c;
constexpr uint32_t kChecksumMask = 0x0fffffff;  // lz4-java drops the top four bits

uint32_t Checksum(std::string_view content) { return XXH32(content.data(), content.size(), kSeed) & kChecksumMask; }

void AppendHeader(uint8_t method, size_t compressed, size_t original, uint32_t checksum, std::string* out) {
  out->append(kMagic);
  out->push_back(static_cast<char>(method | kLevel));
  for (uint32_t value : {static_cast<uint32_t>(compressed), static_cast<uint32_t>(original), checksum}) {
    out->append(reinterpret_cast<const char*>(&value), 4);
  }
}

base::Error Damaged(const std::string& what) {
  return base::Error::Plain(base::ErrorKind::kIllegalState, "Stream is corrupted: " + what)
      .WithDomain(base::ErrorDomain::kExternal, false);
}

}  // namespace

void AppendLz4Blocks(std::string_view content, std::string* stream) {
  char block[LZ4_COMPRESSBOUND(kLz4BlockBytes)];
  while (!content.empty()) {
    std::string_view part = content.substr(0, kLz4BlockBytes);
    content.remove_prefix(part.size());
    int size = LZ4_compress_default(part.data(), block, static_cast<int>(part.size()), sizeof(block));
    bool shrinks = size > 0 && static_cast<size_t>(size) < part.size();
    std::string_view stored = shrinks ? std::string_view(block, size) : part;
    AppendHeader(shrinks ? kLz4 : kRaw, stored.size(), part.size(), Checksum(part), stream);
    stream->append(stored);
  }
}

void EndLz4Blocks(std::string* stream) { AppendHeader(kRaw, 0, 0, 0, stream); }

std::string DecompressLz4Blocks(std::string_view stream) {
  std::string out;
  bool ended = false;
  while (!stream.empty()) {
    if (stream.size() < kHeaderBytes || stream.substr(0, kMagic.size()) != kMagic) throw Damaged("no block mark");
    auto token = static_cast<uint8_t>(stream[8]);
    uint8_t method = token & 0xf0;
    size_t largest = size_t{1} << ((token & 0x0f) + kLevelBase);
    uint32_t compressed, original, checksum;
    std::memcpy(&compressed, stream.data() + 9, 4);
    std::memcpy(&original, stream.data() + 13, 4);
    std::memcpy(&checksum, stream.data() + 17, 4);
    stream.remove_prefix(kHeaderBytes);
    if ((method != kRaw && method != kLz4) || original > largest || compressed > stream.size() ||
        (original == 0) != (compressed == 0) || (method == kRaw && original != compressed)) {
      throw Damaged("a wrong block length");
    }
    ended = original == 0;
    if (ended) {
      if (checksum != 0) throw Damaged("a wrong end mark");
      continue;
    }
    std::string_view stored = stream.substr(0, compressed);
    stream.remove_prefix(compressed);
    size_t start = out.size();
    if (method == kRaw) {
      out.append(stored);
    } else {
      out.resize(start + original);
      int size = LZ4_decompress_safe(stored.data(), out.data() + start, static_cast<int>(compressed),
                                     static_cast<int>(original));
      if (size != static_cast<int>(original)) throw Damaged("a block does not decompress");
    }
    if (Checksum(std::string_view(out).substr(start)) != checksum) throw Damaged("a wrong checksum");
  }
  if (!ended) throw Damaged("it ends early");
  return out;
}

}  // namespace sluice::state
