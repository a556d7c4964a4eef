// The compressed stream that delta, snapshot and changelog files are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::state {

/// Throws for a codec other than lz4 and zstd.
void CheckStateCodec(const std::string& codec);

/// Compresses a file's content piece by piece as it comes.
class StateStreamWriter {
 public:
  /// `write` takes the bytes of the file in order.
  StateStreamWriter(const std::string& codec, std::function<void(std::string_view)> write);
  ~StateStreamWriter();
  void Append(std::string_view bytes);
  void AppendByte(char byte);
  /// In Java's byte order.
  void AppendInt(int32_t value);
  /// The bytes after their number.
  void AppendSized(std::string_view bytes);
  /// Writes what is left, and the end mark.
  void Finish();

 private:
  class Compressor;
  class Lz4Compressor;
  class ZstdCompressor;
  void WritePieces();

  std::function<void(std::string_view)> write_;
  std::unique_ptr<Compressor> compressor_;
  std::string content_, compressed_;
};

/// The content of a file. Throws kIllegalState for a damaged one.
std::string DecompressStateStream(std::string_view file, const std::string& codec);

/// Takes an int in Java's byte order off the front of `content`; false if it is too short.
bool ReadStateInt(std::string_view* content, int32_t* value);

}  // namespace sluice::state
