// A connection to a broker with one request under way, for a thread that waits for many of them.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::connectors::kafka {

/// Memory of answers, used again when nobody holds it any more.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  using Buffer = std::shared_ptr<std::vector<char>>;
  Buffer Get(size_t size);

 private:
  std::vector<Buffer> buffers_;
};

/// Used by one thread. What goes wrong is thrown as BrokerError; the connection is of no use then.
class BrokerConnection {
 public:
  using Clock = std::chrono::steady_clock;

  /// Begins to connect. `receive_bytes`: the socket's buffer, -1 = the system's choice.
  BrokerConnection(std::string host, int port, int receive_bytes, std::shared_ptr<BufferPool> pool);
  ~BrokerConnection();
  BrokerConnection(const BrokerConnection&) = delete;
  BrokerConnection& operator=(const BrokerConnection&) = delete;

  /// Whether a request can be sent: none is under way.
  bool idle() const { return !waiting_; }
  /// No byte of the answer has come yet.
  bool unanswered() const { return waiting_ && have_ == 0; }
  Clock::time_point deadline() const { return deadline_; }
  std::string address() const;

  void Send(std::string request, Clock::time_point deadline);
  int fd() const { return fd_; }
  short events() const;
  /// Goes on as far as the socket allows, given what poll said. The answer, when it is whole: its bytes without their
  /// length, with 64 bytes of memory behind them.
  BufferPool::Buffer Continue(short events, std::string_view* answer);

 private:
  void FinishConnecting();
  void Write();
  [[noreturn]] void Fail(const std::string& what) const;

  std::string host_;
  int port_;
  std::shared_ptr<BufferPool> pool_;
  int fd_ = -1;
  bool connected_ = false, waiting_ = false;
  Clock::time_point deadline_;
  std::string request_;
  size_t sent_ = 0;
  char size_[4];
  size_t have_ = 0;  ///< bytes of the answer, its length's included
  size_t expected_ = 0;
  BufferPool::Buffer buffer_;
};

}  // namespace sluice::connectors::kafka
