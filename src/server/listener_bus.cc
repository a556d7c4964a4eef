// Passes streaming query events on to the client.
#include "server/listener_bus.h"

#include <deque>

#include "spark/connect/commands.pb.h"

namespace sluice::server {

/// Sends events in their order, or keeps them while it is held.
class ListenerBus::Gate {
 public:
  explicit Gate(Send send) : send_(std::move(send)) {}
  void Post(const streaming::QueryEvent& event) {
    std::lock_guard lock(mutex_);
    if (holds_ > 0 && waiting_.size() < kMostWaiting) {
      waiting_.push_back(event);
    } else {
      Pass(event);
    }
  }
  void Hold() {
    std::lock_guard lock(mutex_);
    ++holds_;
  }
  void LetGo() {
    std::lock_guard lock(mutex_);
    if (--holds_ > 0) return;
    for (const streaming::QueryEvent& event : waiting_) Pass(event);
    waiting_.clear();
  }

 private:
  static constexpr size_t kMostWaiting = 10000;
  void Pass(const streaming::QueryEvent& event) const {
    spark::connect::StreamingQueryListenerEventsResult result;
    auto* added = result.add_events();
    added->set_event_json(event.json);
    added->set_event_type(static_cast<spark::connect::StreamingQueryEventType>(event.type));
    send_(result);
  }
  const Send send_;
  std::mutex mutex_;
  int holds_ = 0;
  std::deque<streaming::QueryEvent> waiting_;
};

ListenerBus::ListenerBus(std::shared_ptr<session::Session> session) : session_(std::move(session)) {}

ListenerBus::~ListenerBus() { Close(); }

void ListenerBus::Open(Send send, std::function<void()> end) {
  Close();
  auto gate = std::make_shared<Gate>(std::move(send));
  int listener = session_->queries().AddListener([gate](const streaming::QueryEvent& event) { gate->Post(event); });
  std::lock_guard lock(mutex_);
  gate_ = std::move(gate);
  listener_ = listener;
  open_ = true;
  end_ = std::move(end);
}

bool ListenerBus::open() const {
  std::lock_guard lock(mutex_);
  return open_;
}

std::shared_ptr<void> ListenerBus::Hold() {
  std::lock_guard lock(mutex_);
  if (!open_) return nullptr;
  gate_->Hold();
  return {gate_.get(), [gate = gate_](void*) { gate->LetGo(); }};
}

void ListenerBus::Close() {
  std::function<void()> end;
  int listener = 0;
  {
    std::lock_guard lock(mutex_);
    if (!open_) return;
    open_ = false;
    end = std::move(end_);
    gate_.reset();
    listener = listener_;
  }
  session_->queries().RemoveListener(listener);
  if (end) end();
}

}  // namespace sluice::server
