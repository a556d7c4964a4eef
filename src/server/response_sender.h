// Sends the responses of an execution over one call, from a position on, as they come.
#pragma once

#include <memory>
#include <mutex>

#include "server/execution.h"
#include "server/rpc/call.h"

namespace sluice::server {

/// No thread waits: the buffer wakes it, and each finished write starts the next. A newer sender of the same execution
/// disconnects it.
class ResponseSender : public std::enable_shared_from_this<ResponseSender> {
 public:
  /// Sends the responses from `index` (from 1) on over `call`, instead of any earlier sender.
  static void Attach(const CallPtr& call, const ExecutionPtr& execution, int64_t index);

  ResponseSender(CallPtr call, ExecutionPtr execution, int64_t index);

 private:
  void Pump();
  void Written(bool ok);
  void Disconnect();
  void Gone();
  /// The call is over; what that means for the execution.
  void Finish(const grpc::Status& status);

  const CallPtr call_;
  const ExecutionPtr execution_;
  std::mutex mutex_;
  int64_t next_;
  bool writing_ = false;
  bool disconnected_ = false;
  bool done_ = false;
};

}  // namespace sluice::server
