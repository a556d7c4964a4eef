// Framing and compression of state files.
#include "state/state_file.h"

#include <zstd.h>

#include <cstdint>
#include <cstring>

#include "base/error.h"
#include "state/lz4_block.h"

namespace sluice::state {
namespace {

constexpr int kZstdLevel = 1;
constexpr int32_t kEnd = -1, kRemoved = -1;

std::string CompressZstd(std::string_view content) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kZstdLevel);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(content.size()), '\0');
  size_t size = ZSTD_compress2(context, out.data(), out.size(), content.data(), content.size());
  ZSTD_freeCCtx(context);
  if (ZSTD_isError(size)) throw base::Error::Internal(std::string("zstd: ") + ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

std::string DecompressZstd(std::string_view file) {
  auto damaged = [](const std::string& what) {
    return base::Error::Plain(base::ErrorKind::kIllegalState, "Stream is corrupted: " + what);
  };
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::string out, chunk(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{file.data(), file.size(), 0};
  size_t left = 1;
  while (in.pos < in.size) {
    ZSTD_outBuffer to{chunk.data(), chunk.size(), 0};
    left = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(left)) throw damaged(ZSTD_getErrorName(left));
    out.append(chunk.data(), to.pos);
    while (left != 0 && to.pos == to.size) {
      to.pos = 0;
      left = ZSTD_decompressStream(context.get(), &to, &in);
      if (ZSTD_isError(left)) throw damaged(ZSTD_getErrorName(left));
      out.append(chunk.data(), to.pos);
    }
  }
  if (left != 0) throw damaged("it ends early");
  return out;
}

bool ReadLength(std::string_view* content, int32_t* length) {
  if (content->size() < 4) return false;
  uint32_t big;
  std::memcpy(&big, content->data(), 4);
  *length = static_cast<int32_t>(__builtin_bswap32(big));
  content->remove_prefix(4);
  return true;
}

}  // namespace

StateFileWriter::StateFileWriter(std::string codec) : codec_(std::move(codec)) {
  if (codec_ != "lz4" && codec_ != "zstd") {
    throw base::Error::Unsupported("The state store codec " + codec_, "Use lz4 or zstd.");
  }
}

void StateFileWriter::AppendLength(int32_t length) {
  uint32_t big = __builtin_bswap32(static_cast<uint32_t>(length));
  content_.append(reinterpret_cast<const char*>(&big), 4);
}

void StateFileWriter::Put(std::string_view key, std::string_view value) {
  AppendLength(static_cast<int32_t>(key.size()));
  content_.append(key);
  AppendLength(static_cast<int32_t>(value.size()));
  content_.append(value);
}

void StateFileWriter::Remove(std::string_view key) {
  AppendLength(static_cast<int32_t>(key.size()));
  content_.append(key);
  AppendLength(kRemoved);
}

std::string StateFileWriter::Finish() const {
  std::string content = content_;
  content.append("\xff\xff\xff\xff", 4);
  return codec_ == "lz4" ? CompressLz4Blocks(content) : CompressZstd(content);
}

StateFileDefect ReadStateFile(std::string_view file, const std::string& codec, bool is_snapshot,
                              const std::function<void(const StateEntry&)>& visit) {
  using Kind = StateFileDefect::Kind;
  std::string decompressed;
  try {
    decompressed = codec == "lz4" ? DecompressLz4Blocks(file) : DecompressZstd(file);
  } catch (const base::Error& error) {
    return {Kind::kStream, 0, error.message()};
  }
  std::string_view content = decompressed;
  const StateFileDefect early{Kind::kStream, 0, "Stream is corrupted: it ends early"};
  for (;;) {
    int32_t key_size = 0, value_size = 0;
    if (!ReadLength(&content, &key_size)) return early;
    if (key_size == kEnd) return {};
    if (key_size < 0) return {Kind::kKeySize, key_size, ""};
    if (static_cast<size_t>(key_size) > content.size()) return early;
    StateEntry entry;
    entry.key = content.substr(0, key_size);
    content.remove_prefix(key_size);
    if (!ReadLength(&content, &value_size)) return early;
    if (value_size < 0) {
      // Spark takes any negative size in a delta for a removal.
      if (is_snapshot) return {Kind::kValueSize, value_size, ""};
      entry.removed = true;
    } else {
      if (static_cast<size_t>(value_size) > content.size()) return early;
      // Files of Spark 2.2 hold rows with stray bytes behind the last whole word.
      entry.value = content.substr(0, value_size / 8 * 8);
      content.remove_prefix(value_size);
    }
    visit(entry);
  }
}

}  // namespace sluice::state
