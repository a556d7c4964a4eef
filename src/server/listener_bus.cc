// Passes streaming query events on to the client.
#include "server/listener_bus.h"

#include "spark/connect/commands.pb.h"

namespace sluice::server {

ListenerBus::ListenerBus(std::shared_ptr<session::Session> session) : session_(std::move(session)) {}

ListenerBus::~ListenerBus() { Close(); }

void ListenerBus::Open(Send send, std::function<void()> end) {
  Close();
  auto forward = [send = std::move(send)](const streaming::QueryEvent& event) {
    spark::connect::StreamingQueryListenerEventsResult result;
    auto* added = result.add_events();
    added->set_event_json(event.json);
    added->set_event_type(static_cast<spark::connect::StreamingQueryEventType>(event.type));
    send(result);
  };
  int listener = session_->queries().AddListener(std::move(forward));
  std::lock_guard lock(mutex_);
  listener_ = listener;
  open_ = true;
  end_ = std::move(end);
}

bool ListenerBus::open() const {
  std::lock_guard lock(mutex_);
  return open_;
}

void ListenerBus::Close() {
  std::function<void()> end;
  int listener = 0;
  {
    std::lock_guard lock(mutex_);
    if (!open_) return;
    open_ = false;
    end = std::move(end_);
    listener = listener_;
  }
  session_->queries().RemoveListener(listener);
  if (end) end();
}

}  // namespace sluice::server
