// The framing of state calls: a version, a length and a message; the answer is a length and a message.
#include "python/state_server.h"

#include <sys/socket.h>

#include "python/socket_stream.h"
#include "python/state_calls.h"

namespace sluice::python {

StateServer::StateServer(const std::string& path, ProcessorState* state)
    : state_(state), listener_(path), thread_([this] { Run(); }) {}

StateServer::~StateServer() {
  listener_.Close();
  thread_.join();
}

void StateServer::Stop() {
  listener_.Close();
  if (int connection = connection_; connection >= 0) shutdown(connection, SHUT_RDWR);
}

void StateServer::Run() {
  int connection = listener_.Accept();
  if (connection < 0) return;
  SocketStream socket(connection);
  connection_ = connection;
  StateCalls calls(state_);
  try {
    for (;;) {
      socket.ReadInt();  // version of the protocol, 0
      socket.WriteString(calls.Answer(socket.ReadString()));
      socket.Flush();
    }
  } catch (const PythonWorkerGone&) {
    // The task has ended, one way or the other.
  }
  connection_ = -1;
}

}  // namespace sluice::python
