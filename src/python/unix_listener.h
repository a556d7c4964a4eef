// A listening socket in a folder of our own, for one connection.
#pragma once

#include <string>

namespace sluice::python {

class UnixListener {
 public:
  explicit UnixListener(const std::string& path);
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  const std::string& path() const { return path_; }
  /// The connection, or -1 if the process ends before it connects.
  int AcceptFrom(int pid);
  /// The connection, or -1 after Close.
  int Accept();
  /// Wakes a thread in Accept; thread safe.
  void Close();

 private:
  std::string path_;
  int fd_;
};

}  // namespace sluice::python
