// Compression of state files.
#include "state/state_stream.h"

#include <zstd.h>

#include <cstdint>
#include <cstring>

#include "base/error.h"
#include "state/lz4_block.h"

namespace sluice::state {
namespace {

constexpr int kZstdLevel = 1;
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

}  // namespace

void CheckStateCodec(const std::string& codec) {
  if (codec == "lz4" || codec == "zstd") return;
  throw base::Error::Unsupported("The state store codec " + codec, "Use lz4 or zstd.");
}

class StateStreamWriter::Compressor {
 public:
  virtual ~Compressor() = default;
  /// Compresses all of the content, which has whole pieces unless it is the last.
  virtual void Compress(std::string_view content, bool last, std::string* out) = 0;
};

class StateStreamWriter::Lz4Compressor final : public Compressor {
 public:
  void Compress(std::string_view content, bool last, std::string* out) override {
    AppendLz4Blocks(content, out);
    if (last) EndLz4Blocks(out);
  }
};

class StateStreamWriter::ZstdCompressor final : public Compressor {
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

StateStreamWriter::StateStreamWriter(const std::string& codec, std::function<void(std::string_view)> write)
    : write_(std::move(write)) {
  CheckStateCodec(codec);
  if (codec == "lz4") {
    compressor_ = std::make_unique<Lz4Compressor>();
  } else {
    compressor_ = std::make_unique<ZstdCompressor>();
  }
}

StateStreamWriter::~StateStreamWriter() = default;

void StateStreamWriter::Append(std::string_view bytes) {
  content_.append(bytes);
  if (content_.size() >= kPieceBytes) WritePieces();
}

void StateStreamWriter::AppendByte(char byte) { content_.push_back(byte); }

void StateStreamWriter::AppendInt(int32_t value) {
  uint32_t big = __builtin_bswap32(static_cast<uint32_t>(value));
  content_.append(reinterpret_cast<const char*>(&big), 4);
}

void StateStreamWriter::AppendSized(std::string_view bytes) {
  AppendInt(static_cast<int32_t>(bytes.size()));
  Append(bytes);
}

void StateStreamWriter::WritePieces() {
  size_t whole = content_.size() / kLz4BlockBytes * kLz4BlockBytes;
  compressor_->Compress(std::string_view(content_).substr(0, whole), false, &compressed_);
  content_.erase(0, whole);
  write_(compressed_);
  compressed_.clear();
}

void StateStreamWriter::Finish() {
  compressor_->Compress(content_, true, &compressed_);
  content_.clear();
  write_(compressed_);
  compressed_.clear();
}

std::string DecompressStateStream(std::string_view file, const std::string& codec) {
  return codec == "lz4" ? DecompressLz4Blocks(file) : DecompressZstd(file);
}

bool ReadStateInt(std::string_view* content, int32_t* value) {
  if (content->size() < 4) return false;
  uint32_t big;
  std::memcpy(&big, content->data(), 4);
  *value = static_cast<int32_t>(__builtin_bswap32(big));
  content->remove_prefix(4);
  return true;
}

}  // namespace sluice::state
