// A feed through the client library: every way of connecting and every format, one message at a time.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "connectors/kafka/client.h"
#include "connectors/kafka/record_feed.h"

namespace sluice::connectors::kafka {

class ClientFeed : public RecordFeed {
 public:
  /// A client that does nothing else than fetching.
  static ClientPtr MakeClient(const ClientProperties& properties);

  /// `wake` is called, from any thread, when something comes after the feed had run empty; may be null. Views have
  /// headers only if asked for.
  ClientFeed(ClientPtr client, base::CancellationPtr cancellation, TopicPartition partition, bool with_headers,
             std::function<void()> wake);
  ~ClientFeed() override;
  ClientFeed(const ClientFeed&) = delete;
  ClientFeed& operator=(const ClientFeed&) = delete;

  void Seek(int64_t offset) override;
  std::span<const RecordView> Take(int64_t until, size_t most, int wait_ms) override;
  bool HasRecord() override;

 private:
  void Refill(int wait_ms);
  size_t Wait(int wait_ms);
  void Release(size_t count);
  void Note(const rd_kafka_message_t& event);
  void Stop();
  RecordView View(const rd_kafka_message_t& message);

  ClientPtr client_;
  base::CancellationPtr cancellation_;
  bool with_headers_;
  std::function<void()> wake_;
  rd_kafka_queue_t* queue_ = nullptr;
  std::vector<rd_kafka_message_t*> messages_;
  size_t taken_ = 0, ready_ = 0;  ///< messages before taken_ were handed out; ready_ have been fetched
  std::vector<RecordView> views_;
  std::deque<std::string> headers_;  ///< of the views
  bool running_ = false;
};

}  // namespace sluice::connectors::kafka
