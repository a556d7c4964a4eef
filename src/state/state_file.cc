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
constexpr size_t kPieceBytes = 8 * kLz4BlockBytes;  // what is compressed at a time

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

void CheckStateCodec(const std::string& codec) {
  if (codec == "lz4" || codec == "zstd") return;
  throw base::Error::Unsupported("The state store codec " + codec, "Use lz4 or zstd.");
}

class StateFileWriter::Compressor {
 public:
  virtual ~Compressor() = default;
  /// Compresses all of the content, which has whole pieces unless it is the last.
  virtual void Compress(std::string_view content, bool last, std::string* out) = 0;
};

class StateFileWriter::Lz4Compressor final : public Compressor {
 public:
  void Compress(std::string_view content, bool last, std::string* out) override {
    AppendLz4Blocks(content, out);
    if (last) EndLz4Blocks(out);
  }
};

class StateFileWriter::ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor() : context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }
  void Compress(std::string_view content, bool last, std::string* out) override {
    ZSTD_inBuffer in{content.data(), content.size(), 0};
    size_t left = 0;
    do {
      size_t before = out->size();
      out->resize(before + ZSTD_CStreamOutSize());
      ZSTD_outBuffer to{out->data(), out->size(), before};
      left = ZSTD_compressStream2(context_.get(), &to, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) throw base::Error::Internal(std::string("zstd: ") + ZSTD_getErrorName(left));
      out->resize(to.pos);
    } while (in.pos < in.size || (last && left > 0));
  }

 private:
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context_;
};

StateFileWriter::StateFileWriter(const std::string& codec, std::function<void(std::string_view)> write)
    : write_(std::move(write)) {
  CheckStateCodec(codec);
  if (codec == "lz4") {
    compressor_ = std::make_unique<Lz4Compressor>();
  } else {
    compressor_ = std::make_unique<ZstdCompressor>();
  }
}

StateFileWriter::~StateFileWriter() = default;

void StateFileWriter::AppendLength(int32_t length) {
  uint32_t big = __builtin_bswap32(static_cast<uint32_t>(length));
  content_.append(reinterpret_cast<const char*>(&big), 4);
}

void StateFileWriter::EndEntry() {
  if (content_.size() < kPieceBytes) return;
  size_t whole = content_.size() / kLz4BlockBytes * kLz4BlockBytes;
  compressor_->Compress(std::string_view(content_).substr(0, whole), false, &compressed_);
  content_.erase(0, whole);
  write_(compressed_);
  compressed_.clear();
}

void StateFileWriter::Put(std::string_view key, std::string_view value) {
  AppendLength(static_cast<int32_t>(key.size()));
  content_.append(key);
  AppendLength(static_cast<int32_t>(value.size()));
  content_.append(value);
  EndEntry();
}

void StateFileWriter::Remove(std::string_view key) {
  AppendLength(static_cast<int32_t>(key.size()));
  content_.append(key);
  AppendLength(kRemoved);
  EndEntry();
}

void StateFileWriter::Finish() {
  AppendLength(kEnd);
  compressor_->Compress(content_, true, &compressed_);
  content_.clear();
  write_(compressed_);
  compressed_.clear();
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
