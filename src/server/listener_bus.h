// Events of a session's streaming queries on their way to the client's listeners.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "session/session.h"

namespace spark::connect {
class StreamingQueryListenerEventsResult;
}

namespace sluice::server {

/// A session has at most one stream of events: the client's first addListener opens it, removing the last ends it.
/// Thread safe.
class ListenerBus {
 public:
  using Send = std::function<void(const spark::connect::StreamingQueryListenerEventsResult&)>;

  explicit ListenerBus(std::shared_ptr<session::Session> session);
  ~ListenerBus();

  /// Opens the stream: `send` is called with each event, from queries' threads, and `end` when the stream is closed.
  void Open(Send send, std::function<void()> end);
  /// True while a client listens: then started events go with the answers of writeStream.start().
  bool open() const;
  /// Events wait while any of what this gives is held: a client hears of a query's start by the answer to it, and of
  /// nothing before that.
  std::shared_ptr<void> Hold();
  /// Ends the stream if it is open.
  void Close();

 private:
  class Gate;
  const std::shared_ptr<session::Session> session_;
  mutable std::mutex mutex_;
  std::shared_ptr<Gate> gate_;  ///< of the open stream
  int listener_ = 0;
  bool open_ = false;
  std::function<void()> end_;
};

}  // namespace sluice::server
