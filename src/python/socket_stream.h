// A buffered byte stream over a socket, with the integer and string framing of Spark's Python workers.
#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::python {

/// Owns the descriptor. Reads and writes may happen on two different threads; integers are big-endian. A closed peer
/// is PythonWorkerGone.
class SocketStream {
 public:
  explicit SocketStream(int fd);
  ~SocketStream();
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  void WriteInt(int32_t value);
  void WriteLong(int64_t value);
  void WriteByte(uint8_t value);
  void WriteString(std::string_view text);  ///< length, then bytes
  void WriteBytes(const void* data, size_t size);
  void Flush();

  int32_t ReadInt();
  int64_t ReadLong();
  std::string ReadString();
  /// Up to `size` bytes, at least one; 0 at the end of the stream.
  size_t ReadSome(void* out, size_t size);
  void ReadExactly(void* out, size_t size);

  /// Wakes a thread that is blocked in a read or write; later calls fail.
  void Shutdown();

 private:
  int fd_;
  std::string out_;
  std::string in_;
  size_t in_at_ = 0;
};

/// Thrown when the worker's end is closed: the process died.
struct PythonWorkerGone {};

std::shared_ptr<arrow::io::OutputStream> MakeArrowOutput(SocketStream* socket);
std::shared_ptr<arrow::io::InputStream> MakeArrowInput(SocketStream* socket);

}  // namespace sluice::python
