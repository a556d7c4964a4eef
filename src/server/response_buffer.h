// The numbered responses of one execution, between the thread that makes them and the call that sends them.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/cancellation.h"

namespace spark::connect {
class ExecutePlanResponse;
}

namespace sluice::server {

/// Bounded both ways: the producer waits while too much is unsent, and what was sent is kept for a re-attaching client
/// only up to a limit. Thread safe.
class ResponseBuffer {
 public:
  struct Limits {
    size_t unsent_bytes = 16 << 20;
    size_t retry_bytes = 10 << 20;  ///< Spark's spark.connect.execute.reattachable.observerRetryBufferSize
  };
  /// `keep_sent` is false for executions that nobody can attach to again.
  ResponseBuffer(bool keep_sent, base::CancellationPtr cancellation, Limits limits);
  ~ResponseBuffer();

  /// Adds a response, whose response_id is set here. Waits for the sender if it is behind; throws OPERATION_CANCELED
  /// when the execution is cancelled meanwhile. Ignored after the end.
  void Push(spark::connect::ExecutePlanResponse response);
  /// Adds a response without waiting, for events of queries that no slow client may hold up. False if there is no room.
  bool TryPush(spark::connect::ExecutePlanResponse response);
  /// The end, once: no more responses. The status is what the call ends with.
  void End(const grpc::Status& status);
  /// A last response, for which there is always room, and the end.
  void EndWith(spark::connect::ExecutePlanResponse response);
  bool ended() const;

  enum class Next { kResponse, kEnd, kWait };
  /// The response at `index` (from 1), or the end's status, or nothing yet. Throws
  /// INVALID_CURSOR.POSITION_NOT_AVAILABLE if it was released.
  Next Take(int64_t index, grpc::ByteBuffer* response, grpc::Status* status);
  /// Called whenever Take may give something new.
  void SetListener(std::function<void()> listener);

  /// The index of a response; throws INVALID_CURSOR.POSITION_NOT_FOUND for an unknown one.
  int64_t Find(const std::string& response_id) const;
  /// Forgets the responses up to and including that one.
  void ReleaseUntil(const std::string& response_id);

 private:
  struct Response {
    grpc::ByteBuffer bytes;
    size_t size = 0;
  };
  void Add(spark::connect::ExecutePlanResponse response);
  std::string Id(int64_t index) const { return name_ + "-" + std::to_string(index); }
  int64_t FindLocked(const std::string& response_id) const;
  void DropSent();
  void Wake();

  const bool keep_sent_;
  const base::CancellationPtr cancellation_;
  const Limits limits_;
  const std::string name_;  ///< what response ids begin with; the index follows, so that they need not be kept
  int cancel_callback_ = -1;
  std::mutex add_mutex_;  ///< one response is numbered and serialized at a time
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<Response> responses_;
  int64_t first_ = 1;  ///< the index of responses_[0]
  int64_t sent_ = 0;   ///< the highest index taken
  size_t unsent_bytes_ = 0;
  size_t sent_bytes_ = 0;  ///< of responses that are kept though sent
  std::optional<grpc::Status> end_;
  // Held while the listener runs, so that a replaced one is not called any more.
  std::mutex listener_mutex_;
  std::function<void()> listener_;
};

}  // namespace sluice::server
