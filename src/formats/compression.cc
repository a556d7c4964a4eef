// Codec names and compressed files.
#include "formats/compression.h"

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/arrow_status.h"
#include "base/error.h"
#include "formats/arrow_output.h"

namespace sluice::formats {
namespace {

struct CodecName {
  CompressionKind kind;
  std::string_view name, extension, hadoop_class;
};

constexpr CodecName kCodecs[] = {
    {CompressionKind::kNone, "none", "", ""},
    {CompressionKind::kNone, "uncompressed", "", ""},
    {CompressionKind::kBzip2, "bzip2", ".bz2", "org.apache.hadoop.io.compress.BZip2Codec"},
    {CompressionKind::kDeflate, "deflate", ".deflate", "org.apache.hadoop.io.compress.DeflateCodec"},
    {CompressionKind::kGzip, "gzip", ".gz", "org.apache.hadoop.io.compress.GzipCodec"},
    {CompressionKind::kLz4, "lz4", ".lz4", "org.apache.hadoop.io.compress.Lz4Codec"},
    {CompressionKind::kSnappy, "snappy", ".snappy", "org.apache.hadoop.io.compress.SnappyCodec"},
    {CompressionKind::kZstd, "", ".zst", "org.apache.hadoop.io.compress.ZStandardCodec"},
};

[[noreturn]] void ThrowWriteError(const std::string& path, int code) {
  throw base::Error::Plain(base::ErrorKind::kSpark, "Cannot write " + path + ": " + std::strerror(code))
      .WithDomain(base::ErrorDomain::kExternal, true);
}

class PlainOutput : public ByteOutput {
 public:
  explicit PlainOutput(std::string path) : path_(std::move(path)) {
    fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd_ < 0) ThrowWriteError(path_, errno);
    buffer_.reserve(kBuffer);
  }
  ~PlainOutput() override {
    if (fd_ >= 0) close(fd_);
  }

  void Write(std::string_view bytes) override {
    if (buffer_.size() + bytes.size() > kBuffer) Flush();
    if (bytes.size() >= kBuffer) {
      WriteAll(bytes);
    } else {
      buffer_.append(bytes);
    }
  }

  int64_t Close(bool sync) override {
    Flush();
    if (sync && fdatasync(fd_) != 0) ThrowWriteError(path_, errno);
    int status = close(fd_);
    fd_ = -1;
    if (status != 0) ThrowWriteError(path_, errno);
    return size_;
  }

 private:
  static constexpr size_t kBuffer = 256 << 10;

  void Flush() {
    WriteAll(buffer_);
    buffer_.clear();
  }

  void WriteAll(std::string_view bytes) {
    size_ += bytes.size();
    while (!bytes.empty()) {
      ssize_t wrote = write(fd_, bytes.data(), bytes.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) ThrowWriteError(path_, errno);
      bytes.remove_prefix(wrote);
    }
  }

  std::string path_, buffer_;
  int fd_ = -1;
  int64_t size_ = 0;
};

class CompressedOutput : public ByteOutput {
 public:
  CompressedOutput(ByteOutputPtr file, CompressionKind kind)
      : file_(std::make_shared<ArrowOutput>(std::move(file))),
        codec_(MakeCodec(kind)),
        stream_(base::ValueOrThrow(arrow::io::CompressedOutputStream::Make(codec_.get(), file_))) {}

  void Write(std::string_view bytes) override { base::ThrowIfError(stream_->Write(bytes.data(), bytes.size())); }
  int64_t Close(bool sync) override {
    base::ThrowIfError(stream_->Close());
    return file_->Finish(sync);
  }

 private:
  std::shared_ptr<ArrowOutput> file_;
  std::unique_ptr<arrow::util::Codec> codec_;
  std::shared_ptr<arrow::io::CompressedOutputStream> stream_;
};

// One chunk a block, as Hadoop's BlockCompressorStream reads it.
class HadoopBlockOutput : public ByteOutput {
 public:
  HadoopBlockOutput(ByteOutputPtr file, arrow::Compression::type type)
      : file_(std::move(file)), codec_(base::ValueOrThrow(arrow::util::Codec::Create(type))) {}

  void Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      size_t part = std::min(bytes.size(), kBlock - block_.size());
      block_.append(bytes.substr(0, part));
      bytes.remove_prefix(part);
      if (block_.size() == kBlock) EndBlock();
    }
  }
  int64_t Close(bool sync) override {
    EndBlock();
    return file_->Close(sync);
  }

 private:
  static constexpr size_t kBlock = 128 << 10;

  void WriteLength(uint32_t value) {
    char bytes[4] = {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
                     static_cast<char>(value)};
    file_->Write(std::string_view(bytes, 4));
  }

  void EndBlock() {
    if (block_.empty()) return;
    const auto* input = reinterpret_cast<const uint8_t*>(block_.data());
    packed_.resize(codec_->MaxCompressedLen(block_.size(), input));
    int64_t size = base::ValueOrThrow(
        codec_->Compress(block_.size(), input, packed_.size(), reinterpret_cast<uint8_t*>(packed_.data())));
    WriteLength(block_.size());
    WriteLength(size);
    file_->Write(std::string_view(packed_.data(), size));
    block_.clear();
  }

  ByteOutputPtr file_;
  std::unique_ptr<arrow::util::Codec> codec_;
  std::string block_, packed_;
};

}  // namespace

CompressionKind CompressionOf(std::string_view path) {
  size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return CompressionKind::kNone;
  for (const CodecName& codec : kCodecs) {
    if (!codec.extension.empty() && path.substr(dot) == codec.extension) return codec.kind;
  }
  return CompressionKind::kNone;
}

CompressionKind ParseCompression(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const CodecName& codec : kCodecs) {
    if ((!codec.name.empty() && codec.name == lower) || (!codec.hadoop_class.empty() && codec.hadoop_class == name)) {
      return codec.kind;
    }
  }
  throw base::Error(
      base::ErrorKind::kIllegalArgument, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
      {{"codecName", std::string(name)}, {"availableCodecs", "bzip2, deflate, uncompressed, snappy, none, lz4, gzip"}});
}

std::string_view ExtensionOf(CompressionKind kind) {
  for (const CodecName& codec : kCodecs) {
    if (codec.kind == kind) return codec.extension;
  }
  return "";
}

std::unique_ptr<arrow::util::Codec> MakeCodec(CompressionKind kind) {
  switch (kind) {
    case CompressionKind::kGzip:
      return base::ValueOrThrow(arrow::util::Codec::Create(arrow::Compression::GZIP));
    case CompressionKind::kBzip2:
      return base::ValueOrThrow(arrow::util::Codec::Create(arrow::Compression::BZ2));
    case CompressionKind::kDeflate: {
      arrow::util::GZipCodecOptions options;
      options.gzip_format = arrow::util::GZipFormat::ZLIB;
      return base::ValueOrThrow(arrow::util::Codec::Create(arrow::Compression::GZIP, options));
    }
    case CompressionKind::kZstd:
      return base::ValueOrThrow(arrow::util::Codec::Create(arrow::Compression::ZSTD));
    default:
      throw base::Error::Internal("no streaming codec for this compression");
  }
}

ByteOutputPtr OpenOutput(const std::string& path, CompressionKind kind) {
  auto file = std::make_unique<PlainOutput>(path);
  switch (kind) {
    case CompressionKind::kNone:
      return file;
    case CompressionKind::kSnappy:
      return std::make_unique<HadoopBlockOutput>(std::move(file), arrow::Compression::SNAPPY);
    case CompressionKind::kLz4:
      return std::make_unique<HadoopBlockOutput>(std::move(file), arrow::Compression::LZ4);
    default:
      return std::make_unique<CompressedOutput>(std::move(file), kind);
  }
}

}  // namespace sluice::formats
