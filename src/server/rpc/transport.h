// The gRPC server: listens, checks the token, and hands each RPC to its handler.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/rpc/call.h"

namespace sluice::server {

/// Runs on a transport thread and must not block: it reads the request and passes the work on.
using RpcHandler = std::function<void(const CallPtr& call)>;

class Transport {
 public:
  /// `token` empty = no check.
  Transport(std::map<std::string, RpcHandler> handlers, std::string token);
  ~Transport();

  /// Binds and serves. Port 0 = any free one. Returns the port. Throws base::Error if the address is not to be had.
  int Listen(const std::string& host, int port);
  /// Takes no new RPCs and cancels those under way after the time. Handlers may still answer until Close.
  void Shutdown(int64_t grace_ms);
  /// Ends the threads; answers given after that are dropped.
  void Close();

 private:
  void Accept();
  void Dispatch(const CallPtr& call);
  void Poll();

  const std::map<std::string, RpcHandler> handlers_;
  const std::string token_;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<OperationGate> gate_ = std::make_shared<OperationGate>();
  std::vector<std::thread> pollers_;
};

}  // namespace sluice::server
