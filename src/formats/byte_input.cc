// Opens files for reading: plain reads, the codecs that Hadoop knows by extension, and character set conversion.
#include "formats/byte_input.h"

#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>
#include <fcntl.h>
#include <iconv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/arrow_status.h"
#include "base/error.h"
#include "base/path_uri.h"
#include "formats/compression.h"

namespace sluice::formats {
namespace {

class PlainInput : public ByteInput {
 public:
  PlainInput(std::string path, int64_t offset) : path_(std::move(path)), offset_(offset) {
    fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) ThrowOpenError(path_, errno);
    posix_fadvise(fd_, offset, 0, POSIX_FADV_SEQUENTIAL);
  }
  ~PlainInput() override { close(fd_); }

  int64_t Read(char* out, int64_t size) override {
    int64_t have = 0;
    while (have < size) {
      ssize_t got = pread(fd_, out + have, size - have, offset_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) ThrowReadError(path_, std::string("java.io.IOException: ") + std::strerror(errno));
      if (got == 0) break;
      have += got;
      offset_ += got;
    }
    return have;
  }

 private:
  std::string path_;
  int64_t offset_;
  int fd_ = -1;
};

class ArrowStreamInput : public ByteInput {
 public:
  ArrowStreamInput(std::string path, std::shared_ptr<arrow::io::InputStream> stream)
      : path_(std::move(path)), stream_(std::move(stream)) {}

  int64_t Read(char* out, int64_t size) override {
    int64_t have = 0;
    while (have < size) {
      arrow::Result<int64_t> got = stream_->Read(size - have, out + have);
      if (!got.ok()) ThrowReadError(path_, "java.io.IOException: " + got.status().message());
      if (*got == 0) break;
      have += *got;
    }
    return have;
  }

 private:
  std::string path_;
  std::shared_ptr<arrow::io::InputStream> stream_;
};

// Hadoop's block streams (.snappy, .lz4): the plain length of a block, then chunks with their compressed length, all
// big-endian.
class HadoopBlockInput : public ByteInput {
 public:
  HadoopBlockInput(std::string path, ByteInputPtr input, arrow::Compression::type type)
      : path_(std::move(path)),
        input_(std::move(input)),
        codec_(base::ValueOrThrow(arrow::util::Codec::Create(type))) {}

  int64_t Read(char* out, int64_t size) override {
    int64_t have = 0;
    while (have < size) {
      if (at_ == plain_.size() && !NextChunk()) break;
      int64_t part = std::min<int64_t>(size - have, plain_.size() - at_);
      std::memcpy(out + have, plain_.data() + at_, part);
      have += part;
      at_ += part;
    }
    return have;
  }

 private:
  static constexpr uint32_t kLargestChunk = 256 << 20;

  bool ReadLength(uint32_t* value) {
    unsigned char bytes[4];
    int64_t got = input_->Read(reinterpret_cast<char*>(bytes), 4);
    if (got == 0) return false;
    if (got != 4) Fail();
    *value = uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
    return true;
  }

  bool NextChunk() {
    at_ = 0;
    plain_.clear();
    while (block_left_ == 0) {
      uint32_t length;
      if (!ReadLength(&length)) return false;
      block_left_ = length;
    }
    uint32_t compressed;
    if (!ReadLength(&compressed) || compressed > kLargestChunk || block_left_ > kLargestChunk) Fail();
    packed_.resize(compressed);
    if (input_->Read(packed_.data(), compressed) != compressed) Fail();
    plain_.resize(block_left_);
    auto size = codec_->Decompress(packed_.size(), reinterpret_cast<const uint8_t*>(packed_.data()), plain_.size(),
                                   reinterpret_cast<uint8_t*>(plain_.data()));
    if (!size.ok() || *size == 0) Fail();
    plain_.resize(*size);
    block_left_ -= *size;
    return true;
  }

  [[noreturn]] void Fail() { ThrowReadError(path_, "java.io.IOException: damaged compressed block"); }

  std::string path_;
  ByteInputPtr input_;
  std::unique_ptr<arrow::util::Codec> codec_;
  std::string packed_, plain_;
  size_t at_ = 0;
  int64_t block_left_ = 0;
};

class DecodingInput : public ByteInput {
 public:
  DecodingInput(ByteInputPtr input, const std::string& encoding) : input_(std::move(input)) {
    // Java's UTF-16 without a byte order mark is big-endian; iconv's is little-endian.
    std::string name = encoding;
    if (name == "UTF-16" || name == "UTF-32") {
      raw_.resize(4);
      raw_.resize(input_->Read(raw_.data(), 4));
      bool marked = name == "UTF-16" ? raw_.starts_with("\xff\xfe") || raw_.starts_with("\xfe\xff")
                                     : raw_.starts_with(std::string_view("\xff\xfe\0\0", 4)) ||
                                           raw_.starts_with(std::string_view("\0\0\xfe\xff", 4));
      if (!marked) name += "BE";
    }
    descriptor_ = iconv_open("UTF-8", name.c_str());
    if (descriptor_ == reinterpret_cast<iconv_t>(-1)) {
      throw base::Error::Unsupported("the character set " + encoding);
    }
  }
  ~DecodingInput() override { iconv_close(descriptor_); }

  int64_t Read(char* out, int64_t size) override {
    int64_t have = 0;
    while (have < size) {
      if (at_ == text_.size() && !Refill()) break;
      int64_t part = std::min<int64_t>(size - have, text_.size() - at_);
      std::memcpy(out + have, text_.data() + at_, part);
      have += part;
      at_ += part;
    }
    return have;
  }

 private:
  static constexpr size_t kBlock = 256 << 10;

  bool Refill() {
    at_ = 0;
    text_.clear();
    while (text_.empty()) {
      size_t kept = raw_.size();
      raw_.resize(kept + kBlock);
      size_t got = ended_ ? 0 : input_->Read(raw_.data() + kept, kBlock);
      raw_.resize(kept + got);
      if (got < kBlock) ended_ = true;
      if (raw_.empty()) return false;
      Convert();
      if (ended_ && !raw_.empty()) {
        text_ += "\xef\xbf\xbd";
        raw_.clear();
      }
    }
    return true;
  }

  void Convert() {
    text_.resize(raw_.size() * 3 + 16);
    char* from = raw_.data();
    size_t from_left = raw_.size();
    char* to = text_.data();
    size_t to_left = text_.size();
    while (from_left > 0) {
      if (iconv(descriptor_, &from, &from_left, &to, &to_left) != static_cast<size_t>(-1)) break;
      if (errno != EILSEQ || to_left < 3) break;
      std::memcpy(to, "\xef\xbf\xbd", 3);
      to += 3;
      to_left -= 3;
      ++from;
      --from_left;
    }
    text_.resize(text_.size() - to_left);
    raw_.erase(0, raw_.size() - from_left);
  }

  ByteInputPtr input_;
  iconv_t descriptor_;
  std::string raw_, text_;
  size_t at_ = 0;
  bool ended_ = false;
};

ByteInputPtr OpenCompressed(const std::string& path, CompressionKind kind) {
  if (kind == CompressionKind::kSnappy || kind == CompressionKind::kLz4) {
    return std::make_unique<HadoopBlockInput>(
        path, std::make_unique<PlainInput>(path, 0),
        kind == CompressionKind::kSnappy ? arrow::Compression::SNAPPY : arrow::Compression::LZ4);
  }
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) ThrowOpenError(path, access(path.c_str(), R_OK) == 0 ? EIO : errno);
  std::shared_ptr<arrow::util::Codec> codec = MakeCodec(kind);
  auto stream = arrow::io::CompressedInputStream::Make(codec.get(), *file);
  // The stream uses the codec until it is closed.
  struct Holder : ArrowStreamInput {
    Holder(std::string path, std::shared_ptr<arrow::io::InputStream> stream, std::shared_ptr<arrow::util::Codec> codec)
        : ArrowStreamInput(std::move(path), std::move(stream)), codec(std::move(codec)) {}
    std::shared_ptr<arrow::util::Codec> codec;
  };
  return std::make_unique<Holder>(path, base::ValueOrThrow(stream), codec);
}

}  // namespace

bool IsCompressed(const std::string& path) { return CompressionOf(path) != CompressionKind::kNone; }

ByteInputPtr OpenInput(const std::string& path, int64_t offset, const std::string& encoding) {
  CompressionKind kind = CompressionOf(path);
  ByteInputPtr input;
  if (kind == CompressionKind::kNone) {
    input = std::make_unique<PlainInput>(path, offset);
  } else {
    input = OpenCompressed(path, kind);
  }
  if (encoding == "UTF-8" || encoding == "US-ASCII") return input;
  return std::make_unique<DecodingInput>(std::move(input), encoding);
}

std::string ReadAll(ByteInput& input) {
  std::string all;
  constexpr int64_t kBlock = 1 << 20;
  for (;;) {
    size_t have = all.size();
    all.resize(have + kBlock);
    int64_t got = input.Read(all.data() + have, kBlock);
    all.resize(have + got);
    if (got < kBlock) return all;
  }
}

std::string FileUri(const std::string& path) { return "file://" + base::EncodePath(path); }

void ThrowOpenError(const std::string& path, int code) {
  if (code == ENOENT || code == 0) {
    throw base::Error(base::ErrorKind::kSpark, "FAILED_READ_FILE.FILE_NOT_EXIST", {{"path", FileUri(path)}})
        .WithDomain(base::ErrorDomain::kExternal, false)
        .WithCause("java.io.FileNotFoundException: File file:" + path + " does not exist");
  }
  ThrowReadError(path, std::string("java.io.IOException: ") + std::strerror(code));
}

void ThrowReadError(const std::string& path, const std::string& cause) {
  throw base::Error(base::ErrorKind::kSpark, "FAILED_READ_FILE.NO_HINT", {{"path", FileUri(path)}})
      .WithDomain(base::ErrorDomain::kExternal, false)
      .WithCause(cause);
}

void ThrowReadError(const std::string& path, const base::Error& cause) {
  base::Error error(base::ErrorKind::kSpark, "FAILED_READ_FILE.NO_HINT", {{"path", FileUri(path)}});
  error.WithCause(cause.JvmClasses().front() + ": " + cause.message());
  for (const std::string& inner : cause.causes()) error.WithCause(inner);
  throw error;
}

}  // namespace sluice::formats
