// One RPC in flight: messages as bytes, completed by callbacks on the transport's threads.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

namespace sluice::server {

/// Lets calls start operations until the transport closes; after that they are dropped.
struct OperationGate {
  std::shared_mutex mutex;
  bool closed = false;
};

/// Thread safe, but at most one Read and one Write may be under way, and nothing may follow Finish. Callbacks run on
/// a thread of the transport and must not block.
class Call : public std::enable_shared_from_this<Call> {
 public:
  using Completion = std::function<void(bool ok)>;

  Call(grpc::ServerCompletionQueue* queue, std::shared_ptr<OperationGate> gate);

  /// The method's name without its service ("ExecutePlan"); empty if it is of another service.
  std::string Method() const;
  /// A header of the request, empty if absent.
  std::string Header(const std::string& name) const;

  /// The next message of the client; `ok` is false when there is none any more.
  void Read(std::function<void(bool ok, grpc::ByteBuffer& message)> done);
  void Write(const grpc::ByteBuffer& message, Completion done);
  void Finish(const grpc::Status& status);
  /// The only or last message, then an OK status.
  void FinishWith(const grpc::ByteBuffer& message);

  /// Called once if the client goes away before the end; at once if it is already gone.
  void OnGone(std::function<void()> callback);

 private:
  friend class Transport;
  /// Waits for a new RPC; `accepted` is called with false when the transport closes.
  void Accept(grpc::AsyncGenericService* service, Completion accepted);
  void* Tag(Completion done);
  void Ended();

  grpc::ServerCompletionQueue* queue_;
  std::shared_ptr<OperationGate> gate_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer incoming_;
  std::mutex mutex_;
  bool finished_ = false;
  bool gone_ = false;
  std::function<void()> on_gone_;
};
using CallPtr = std::shared_ptr<Call>;

}  // namespace sluice::server
