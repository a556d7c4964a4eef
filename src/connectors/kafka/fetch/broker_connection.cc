// Non-blocking sockets.
#include "connectors/kafka/fetch/broker_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "connectors/kafka/fetch/wire.h"
#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

// Parsers may look some bytes beyond the end.
constexpr size_t kPadding = 64;
// Brokers keep to the sizes that a request names but for a single large batch.
constexpr int32_t kLargestAnswer = 1 << 30;
constexpr size_t kLargeAnswer = 256 << 10;

struct AddressDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

std::unique_ptr<addrinfo, AddressDeleter> Resolve(const std::string& host, int port, int* error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  *error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  return std::unique_ptr<addrinfo, AddressDeleter>(found);
}

}  // namespace

BufferPool::Buffer BufferPool::Get(size_t size) {
  for (Buffer& buffer : buffers_) {
    if (buffer.use_count() > 1 || buffer->size() < size) continue;
    return buffer;
  }
  std::erase_if(buffers_, [](const Buffer& buffer) { return buffer.use_count() == 1; });
  // Answers differ a little in size: the next one is to fit as well.
  size_t rounded = size > kLargeAnswer ? (size / kLargeAnswer + 1) * kLargeAnswer : size;
  buffers_.push_back(std::make_shared<std::vector<char>>(rounded));
  return buffers_.back();
}

BrokerConnection::BrokerConnection(std::string host, int port, int receive_bytes, std::shared_ptr<BufferPool> pool)
    : host_(std::move(host)), port_(port), pool_(std::move(pool)) {
  int error = 0;
  auto addresses = Resolve(host_, port_, &error);
  if (!addresses) Fail(gai_strerror(error));
  for (const addrinfo* one = addresses.get(); one; one = one->ai_next) {
    fd_ = socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) continue;
    int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (receive_bytes > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    if (connect(fd_, one->ai_addr, one->ai_addrlen) == 0 || errno == EINPROGRESS) return;
    close(fd_);
    fd_ = -1;
  }
  Fail(std::strerror(errno));
}

BrokerConnection::~BrokerConnection() {
  if (fd_ >= 0) close(fd_);
}

std::string BrokerConnection::address() const { return fmt::format("{}:{}", host_, port_); }

void BrokerConnection::Fail(const std::string& what) const {
  throw BrokerError(fmt::format("Kafka broker {}: {}", address(), what));
}

void BrokerConnection::Send(std::string request, Clock::time_point deadline) {
  request_ = std::move(request);
  sent_ = have_ = expected_ = 0;
  deadline_ = deadline;
  waiting_ = true;
  if (connected_) Write();
}

short BrokerConnection::events() const {
  bool writes = !connected_ || sent_ < request_.size();
  return static_cast<short>((waiting_ ? POLLIN : 0) | (writes && waiting_ ? POLLOUT : 0));
}

void BrokerConnection::FinishConnecting() {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) Fail(std::strerror(error));
  connected_ = true;
}

void BrokerConnection::Write() {
  while (sent_ < request_.size()) {
    ssize_t count = send(fd_, request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) Fail(std::strerror(errno));
    sent_ += static_cast<size_t>(count);
  }
}

BufferPool::Buffer BrokerConnection::Continue(short events, std::string_view* answer) {
  if (!connected_ && (events & (POLLOUT | POLLERR | POLLHUP))) FinishConnecting();
  if (!connected_) return nullptr;
  if (events & POLLOUT) Write();
  if (!(events & (POLLIN | POLLERR | POLLHUP))) return nullptr;
  if (!waiting_) Fail("it closed the connection");
  for (;;) {
    bool in_length = have_ < sizeof(size_);
    char* to = in_length ? size_ + have_ : buffer_->data() + have_ - sizeof(size_);
    size_t room = (in_length ? sizeof(size_) : expected_) - have_;
    ssize_t count = recv(fd_, to, room, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return nullptr;
    if (count < 0) Fail(std::strerror(errno));
    if (count == 0) Fail("it closed the connection");
    have_ += static_cast<size_t>(count);
    if (in_length && have_ == sizeof(size_)) {
      auto size = FromBigEndian<int32_t>(size_);
      if (size <= 0 || size > kLargestAnswer) Fail("its answer has a wrong length");
      expected_ = sizeof(size_) + static_cast<size_t>(size);
      buffer_ = pool_->Get(static_cast<size_t>(size) + kPadding);
    }
    if (expected_ > 0 && have_ == expected_) break;
  }
  *answer = {buffer_->data(), expected_ - sizeof(size_)};
  waiting_ = false;
  return std::move(buffer_);
}

}  // namespace sluice::connectors::kafka
