// Bytes of a file slice, in order: plain, decompressed by the file's extension, or decoded from another character set.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"

namespace sluice::formats {

/// Not thread safe.
class ByteInput {
 public:
  virtual ~ByteInput() = default;
  /// Reads up to `size` bytes; less only at the end, 0 at the end. Throws with the file's name.
  virtual int64_t Read(char* out, int64_t size) = 0;
};
using ByteInputPtr = std::unique_ptr<ByteInput>;

/// True if the file's extension (.gz, .bz2, .deflate, .zst, .lz4, .snappy) says that it is compressed.
bool IsCompressed(const std::string& path);

/// Reads from `offset` to the end of the file, decompressing; a compressed file starts at 0 only. With `encoding` other
/// than UTF-8 the bytes come out as UTF-8, malformed ones as U+FFFD.
ByteInputPtr OpenInput(const std::string& path, int64_t offset, const std::string& encoding = "UTF-8");

/// The whole of it.
std::string ReadAll(ByteInput& input);

/// FAILED_READ_FILE.* naming the file, with what went wrong as its cause.
/// For a failed open: FAILED_READ_FILE.FILE_NOT_EXIST if the file is not there.
[[noreturn]] void ThrowOpenError(const std::string& path, int error_number);
[[noreturn]] void ThrowReadError(const std::string& path, const std::string& cause);
/// A read error around an error that already says what is wrong, for Spark's outer condition FAILED_READ_FILE.NO_HINT.
[[noreturn]] void ThrowReadError(const std::string& path, const base::Error& cause);
/// "file:///a/b%20c" for "/a/b c", as Spark prints paths of files it reads.
std::string FileUri(const std::string& path);

}  // namespace sluice::formats
