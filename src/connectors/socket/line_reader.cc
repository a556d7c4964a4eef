// The connection of a socket source.
#include "connectors/socket/line_reader.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::connectors {
namespace {

constexpr size_t kReadBytes = 64 << 10, kMostHeldBytes = 64 << 20, kLongestLine = 64 << 20;

struct AddressDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

base::Error ConnectionError(const std::string& message) {
  return base::Error::Plain(base::ErrorKind::kRuntime, message).WithDomain(base::ErrorDomain::kExternal, true);
}

void Tell(int event) {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t told = write(event, &one, sizeof one);
}

// 0 once connected, else errno; ECANCELED once `stop` is readable.
int ConnectTo(const addrinfo& address, int stop, int* connection) {
  int made = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) return errno;
  int error = connect(made, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd waiting[] = {{made, POLLOUT, 0}, {stop, POLLIN, 0}};
    while (poll(waiting, 2, -1) < 0 && errno == EINTR) {
    }
    socklen_t size = sizeof error;
    getsockopt(made, SOL_SOCKET, SO_ERROR, &error, &size);
    if (waiting[1].revents != 0) error = ECANCELED;
  }
  if (error == 0) {
    *connection = made;
  } else {
    close(made);
  }
  return error;
}

}  // namespace

LineReader::LineReader(const std::string& host, int port, std::shared_ptr<base::Clock> clock,
                       std::function<void()> arrived, const base::CancellationPtr& cancellation)
    : address_(fmt::format("{}:{}", host, port)), clock_(std::move(clock)), arrived_(std::move(arrived)) {
  Connect(host, port, cancellation);
  thread_ = std::thread([this] { Run(); });
}

LineReader::~LineReader() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  Tell(stop_);
  thread_.join();
  close(connection_);
  close(stop_);
}

void LineReader::Connect(const std::string& host, int port, const base::CancellationPtr& cancellation) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int unknown = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  std::unique_ptr<addrinfo, AddressDeleter> addresses(found);
  if (unknown != 0) throw ConnectionError(fmt::format("{}: {}", address_, gai_strerror(unknown)));
  stop_ = eventfd(0, EFD_CLOEXEC);
  int callback = cancellation ? cancellation->AddCallback([this] { Tell(stop_); }) : 0;
  int error = ECONNREFUSED;
  for (const addrinfo* one = addresses.get(); one && connection_ < 0 && error != ECANCELED; one = one->ai_next) {
    error = ConnectTo(*one, stop_, &connection_);
  }
  if (cancellation) cancellation->RemoveCallback(callback);
  if (connection_ >= 0) return;
  close(stop_);
  if (cancellation) cancellation->Check();
  throw ConnectionError(std::strerror(error));
}

void LineReader::Run() {
  pollfd waiting[] = {{connection_, POLLIN, 0}, {stop_, POLLIN, 0}};
  while (AwaitRoom()) {
    if (poll(waiting, 2, -1) < 0 && errno != EINTR) break;
    if (waiting[1].revents != 0) return;
    if (waiting[0].revents == 0) continue;
    bool goes_on = Receive();
    arrived_();
    if (!goes_on) return;
  }
}

// False when the reader is to end.
bool LineReader::AwaitRoom() {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return stopping_ || held_bytes_ < kMostHeldBytes; });
  return !stopping_;
}

bool LineReader::Receive() {
  char bytes[kReadBytes];
  ssize_t size = recv(connection_, bytes, sizeof bytes, 0);
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  std::lock_guard lock(mutex_);
  size_t before = received_.lines.text.size();
  if (size > 0) {
    if (!splitter_.Take({bytes, static_cast<size_t>(size)}, kLongestLine, &received_.lines)) {
      failure_ = ConnectionError(fmt::format("A line from {} is longer than {} bytes.", address_, kLongestLine));
    }
  } else {
    // Spark's source, too, waits on for what will not come.
    spdlog::warn("Stream closed by {}{}", address_, size < 0 ? std::string(": ") + std::strerror(errno) : "");
    splitter_.Finish(&received_.lines);
  }
  held_bytes_ += received_.lines.text.size() - before;
  received_.times_ms.resize(received_.lines.size(), clock_->NowMillis());
  return size > 0 && !failure_;
}

ReceivedLines LineReader::Take() {
  std::lock_guard lock(mutex_);
  if (failure_) throw *failure_;
  return std::exchange(received_, {});
}

void LineReader::Release(size_t bytes) {
  {
    std::lock_guard lock(mutex_);
    held_bytes_ -= bytes;
  }
  room_.notify_all();
}

}  // namespace sluice::connectors
