// Lines of text from a TCP connection, read on a thread of its own.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/cancellation.h"
#include "base/clock.h"
#include "base/error.h"
#include "connectors/socket/line_splitter.h"

namespace sluice::connectors {

/// What has come in one go: lines and the millisecond in which each came.
struct ReceivedLines {
  Lines lines;
  std::vector<int64_t> times_ms;
};

/// Connects when it is made and reads until the other side closes. Thread safe.
class LineReader {
 public:
  /// `arrived` is called on the reader's thread. Throws with the system's words ("Connection refused") if there is no
  /// connection.
  LineReader(const std::string& host, int port, std::shared_ptr<base::Clock> clock, std::function<void()> arrived,
             const base::CancellationPtr& cancellation);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// What has come since the last call. Throws if a line is longer than a batch can hold.
  ReceivedLines Take();
  /// Bytes that the caller has taken and let go of; reading pauses while too many are held.
  void Release(size_t bytes);

 private:
  void Connect(const std::string& host, int port, const base::CancellationPtr& cancellation);
  void Run();
  bool AwaitRoom();
  bool Receive();

  const std::string address_;
  const std::shared_ptr<base::Clock> clock_;
  const std::function<void()> arrived_;
  int connection_ = -1, stop_ = -1;
  LineSplitter splitter_;  // the thread's
  std::mutex mutex_;
  std::condition_variable room_;
  ReceivedLines received_;
  size_t held_bytes_ = 0;  // of received_ and of what the caller has
  bool stopping_ = false;
  std::optional<base::Error> failure_;
  std::thread thread_;
};

}  // namespace sluice::connectors
