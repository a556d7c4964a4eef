// Compression of text files: Spark's codec names, Hadoop's file extensions, and compressed output files.
#pragma once

#include <arrow/util/compression.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::formats {

enum class CompressionKind { kNone, kGzip, kBzip2, kDeflate, kSnappy, kLz4, kZstd };

/// By the extension of a file's name.
CompressionKind CompressionOf(std::string_view path);
/// By the name that the option "compression" (or "codec") of text formats takes, or by Hadoop's class name. Throws
/// CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION (kIllegalArgument).
CompressionKind ParseCompression(std::string_view name);
/// ".gz"; empty for none.
std::string_view ExtensionOf(CompressionKind kind);
/// Arrow's streaming codec; not for kSnappy and kLz4, which Hadoop frames in its own way.
std::unique_ptr<arrow::util::Codec> MakeCodec(CompressionKind kind);

/// A file being written through a codec. Not thread safe. Without Close the file stays incomplete.
class ByteOutput {
 public:
  virtual ~ByteOutput() = default;
  virtual void Write(std::string_view bytes) = 0;
  /// Flushes and, with `sync`, makes the bytes durable. Gives the file's size.
  virtual int64_t Close(bool sync) = 0;
};
using ByteOutputPtr = std::unique_ptr<ByteOutput>;

/// Creates the file; throws if it exists already.
ByteOutputPtr OpenOutput(const std::string& path, CompressionKind kind);

}  // namespace sluice::formats
