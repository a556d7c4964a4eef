// Buffered socket I/O and its Arrow stream adapters.
#include "python/socket_stream.h"

#include <arrow/buffer.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace sluice::python {
namespace {

constexpr size_t kBufferSize = 64 * 1024;
// A longer frame than this is a broken worker, not data.
constexpr int32_t kLongestString = 256 * 1024 * 1024;

}  // namespace

SocketStream::SocketStream(int fd) : fd_(fd) { out_.reserve(kBufferSize); }

SocketStream::~SocketStream() { close(fd_); }

void SocketStream::WriteBytes(const void* data, size_t size) {
  if (out_.size() + size <= kBufferSize) {
    out_.append(static_cast<const char*>(data), size);
    return;
  }
  Flush();
  if (size <= kBufferSize) {
    out_.append(static_cast<const char*>(data), size);
    return;
  }
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    ssize_t wrote = send(fd_, at, size, MSG_NOSIGNAL);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) throw PythonWorkerGone();
    at += wrote;
    size -= wrote;
  }
}

void SocketStream::Flush() {
  size_t at = 0;
  while (at < out_.size()) {
    ssize_t wrote = send(fd_, out_.data() + at, out_.size() - at, MSG_NOSIGNAL);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) throw PythonWorkerGone();
    at += wrote;
  }
  out_.clear();
}

void SocketStream::WriteInt(int32_t value) {
  uint32_t big = __builtin_bswap32(static_cast<uint32_t>(value));
  WriteBytes(&big, sizeof big);
}

void SocketStream::WriteLong(int64_t value) {
  uint64_t big = __builtin_bswap64(static_cast<uint64_t>(value));
  WriteBytes(&big, sizeof big);
}

void SocketStream::WriteByte(uint8_t value) { WriteBytes(&value, 1); }

void SocketStream::WriteString(std::string_view text) {
  WriteInt(static_cast<int32_t>(text.size()));
  WriteBytes(text.data(), text.size());
}

size_t SocketStream::ReadSome(void* out, size_t size) {
  if (in_at_ == in_.size()) {
    in_.resize(kBufferSize);
    ssize_t got;
    do {
      got = recv(fd_, in_.data(), kBufferSize, 0);
    } while (got < 0 && errno == EINTR);
    in_.resize(got > 0 ? got : 0);
    in_at_ = 0;
    if (got <= 0) return 0;
  }
  size_t take = std::min(size, in_.size() - in_at_);
  std::memcpy(out, in_.data() + in_at_, take);
  in_at_ += take;
  return take;
}

void SocketStream::ReadExactly(void* out, size_t size) {
  char* at = static_cast<char*>(out);
  while (size > 0) {
    size_t got = ReadSome(at, size);
    if (got == 0) throw PythonWorkerGone();
    at += got;
    size -= got;
  }
}

int32_t SocketStream::ReadInt() {
  uint32_t big;
  ReadExactly(&big, sizeof big);
  return static_cast<int32_t>(__builtin_bswap32(big));
}

int64_t SocketStream::ReadLong() {
  uint64_t big;
  ReadExactly(&big, sizeof big);
  return static_cast<int64_t>(__builtin_bswap64(big));
}

std::string SocketStream::ReadString() {
  int32_t length = ReadInt();
  if (length < 0 || length > kLongestString) {
    throw base::Error::Internal("A Python worker sent a text of impossible length");
  }
  std::string text(length, '\0');
  ReadExactly(text.data(), text.size());
  return text;
}

void SocketStream::Shutdown() { shutdown(fd_, SHUT_RDWR); }

namespace {

class ArrowOutput : public arrow::io::OutputStream {
 public:
  explicit ArrowOutput(SocketStream* socket) : socket_(socket) { set_mode(arrow::io::FileMode::WRITE); }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Write(const void* data, int64_t size) override {
    socket_->WriteBytes(data, size);
    position_ += size;
    return arrow::Status::OK();
  }

 private:
  SocketStream* socket_;
  bool closed_ = false;
  int64_t position_ = 0;
};

class ArrowInput : public arrow::io::InputStream {
 public:
  explicit ArrowInput(SocketStream* socket) : socket_(socket) { set_mode(arrow::io::FileMode::READ); }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Result<int64_t> Read(int64_t size, void* out) override {
    socket_->ReadExactly(out, size);
    position_ += size;
    return size;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(size));
    ARROW_ASSIGN_OR_RAISE(int64_t got, Read(size, buffer->mutable_data()));
    (void)got;
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  SocketStream* socket_;
  bool closed_ = false;
  int64_t position_ = 0;
};

}  // namespace

std::shared_ptr<arrow::io::OutputStream> MakeArrowOutput(SocketStream* socket) {
  return std::make_shared<ArrowOutput>(socket);
}
std::shared_ptr<arrow::io::InputStream> MakeArrowInput(SocketStream* socket) {
  return std::make_shared<ArrowInput>(socket);
}

}  // namespace sluice::python
