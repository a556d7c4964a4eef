// Sockets that Python processes connect back to.
#include "python/unix_listener.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace sluice::python {

UnixListener::UnixListener(const std::string& path) : path_(path), fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (fd_ < 0 || path.size() >= sizeof address.sun_path) throw base::Error::Internal("Bad socket path: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd_, 1) != 0) {
    throw base::Error::Internal("Cannot listen on " + path);
  }
}

UnixListener::~UnixListener() {
  close(fd_);
  unlink(path_.c_str());
}

int UnixListener::AcceptFrom(int pid) {
  int child = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  pollfd wait[2] = {{fd_, POLLIN, 0}, {child, POLLIN, 0}};
  int connection = -1;
  if (poll(wait, 2, -1) > 0 && (wait[0].revents & POLLIN)) connection = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (child >= 0) close(child);
  return connection;
}

int UnixListener::Accept() {
  int connection;
  do {
    connection = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  } while (connection < 0 && errno == EINTR);
  return connection;
}

void UnixListener::Close() { shutdown(fd_, SHUT_RDWR); }

}  // namespace sluice::python
