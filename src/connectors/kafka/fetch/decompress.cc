// The four codecs of record batches through Arrow's; snappy in the blocks of Java's snappy-java or as one.
#include "connectors/kafka/fetch/decompress.h"

#include <arrow/util/compression.h>

#include <algorithm>
#include <memory>

#include "connectors/kafka/fetch/record_batch.h"
#include "connectors/kafka/fetch/wire.h"

namespace sluice::connectors::kafka {
namespace {

using arrow::Compression;

// A batch is a few megabytes; one that unpacks to more than this was not made by a client of Kafka.
constexpr size_t kLargest = size_t{1} << 30;
constexpr size_t kStep = 256 << 10;

template <typename T>
T Get(arrow::Result<T> result) {
  if (!result.ok()) throw DamagedBatch(result.status().message());
  return std::move(*result);
}

const uint8_t* Unsigned(const char* bytes) { return reinterpret_cast<const uint8_t*>(bytes); }
uint8_t* Unsigned(char* bytes) { return reinterpret_cast<uint8_t*>(bytes); }

void Stream(Compression::type type, std::string_view packed, std::string* out) {
  std::unique_ptr<arrow::util::Codec> codec = Get(arrow::util::Codec::Create(type));
  std::shared_ptr<arrow::util::Decompressor> decompressor = Get(codec->MakeDecompressor());
  size_t have = 0;
  while (!decompressor->IsFinished()) {
    if (have > kLargest) throw DamagedBatch("it unpacks to more than 1 GiB");
    if (out->size() < have + kStep) out->resize(std::max(have + kStep, out->size() * 2));
    auto step = Get(decompressor->Decompress(packed.size(), Unsigned(packed.data()), out->size() - have,
                                             Unsigned(out->data() + have)));
    packed.remove_prefix(step.bytes_read);
    have += step.bytes_written;
    if (step.bytes_read == 0 && step.bytes_written == 0) {
      throw DamagedBatch("its compressed bytes end too early");
    }
  }
  out->resize(have);
}

// The plain length that a snappy block begins with.
size_t SnappyLength(std::string_view block) {
  uint64_t length = 0;
  for (size_t i = 0; i < std::min<size_t>(block.size(), 5); ++i) {
    auto byte = static_cast<uint8_t>(block[i]);
    length |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) return length;
  }
  throw DamagedBatch("a snappy block has no length");
}

void AddSnappyBlock(arrow::util::Codec& codec, std::string_view block, std::string* out) {
  size_t length = SnappyLength(block), have = out->size();
  // Snappy makes nothing smaller than about a twentieth.
  if (length > kLargest || length > block.size() * 64) throw DamagedBatch("a snappy block is too long");
  out->resize(have + length);
  Get(codec.Decompress(block.size(), Unsigned(block.data()), length, Unsigned(out->data() + have)));
}

void Snappy(std::string_view packed, std::string* out) {
  constexpr std::string_view kMagic("\x82SNAPPY\0", 8);
  std::unique_ptr<arrow::util::Codec> codec = Get(arrow::util::Codec::Create(Compression::SNAPPY));
  out->clear();
  if (!packed.starts_with(kMagic)) return AddSnappyBlock(*codec, packed, out);
  WireReader reader(packed.substr(kMagic.size()));
  reader.Take(8);  // versions
  while (reader.ok() && reader.left() > 0) {
    std::string_view block = reader.Take(reader.Integer<int32_t>());
    if (reader.ok()) AddSnappyBlock(*codec, block, out);
  }
  if (!reader.ok()) throw DamagedBatch("its snappy blocks end too early");
}

}  // namespace

void Decompress(int codec, std::string_view packed, std::string* out) {
  switch (codec) {
    case 1:
      return Stream(Compression::GZIP, packed, out);
    case 2:
      return Snappy(packed, out);
    case 3:
      return Stream(Compression::LZ4_FRAME, packed, out);
    case 4:
      return Stream(Compression::ZSTD, packed, out);
    default:
      throw DamagedBatch("its codec " + std::to_string(codec) + " is unknown");
  }
}

}  // namespace sluice::connectors::kafka
