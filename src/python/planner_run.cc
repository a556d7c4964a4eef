// The preamble and the end of pyspark.sql.worker.utils.worker_run.
#include "python/planner_run.h"

namespace sluice::python {
namespace {

constexpr int kPythonExceptionThrown = -2;
constexpr int kEndOfStream = -4;

}  // namespace

template <typename Body>
auto PlannerRun::Guarded(const Body& body) {
  try {
    if (!process_.socket()) throw PythonWorkerGone{};
    return body(*process_.socket());
  } catch (const PythonWorkerGone&) {
    Fail("The Python process has ended unexpectedly");
  }
}

void PlannerRun::Fail(const std::string& message) const {
  throw base::Error(base::ErrorKind::kAnalysis, "PYTHON_DATA_SOURCE_ERROR",
                    {{"action", purpose_.action}, {"type", purpose_.type}, {"msg", message}});
}

PlannerRun::PlannerRun(WorkerPool& pool, const std::string& module, PlannerPurpose purpose)
    : purpose_(std::move(purpose)), process_(pool.options(), "pyspark.sql.worker." + module) {
  Guarded([&](SocketStream& socket) {
    socket.WriteString(pool.python_version());
    socket.WriteString(pool.options().files_folder);
    std::vector<std::string> files = pool.python_files();
    socket.WriteInt(static_cast<int32_t>(files.size()));
    for (const std::string& file : files) socket.WriteString(file);
    socket.WriteByte(0);  // no encrypted broadcasts
    socket.WriteInt(0);   // no broadcasts
    socket.WriteInt(0);   // no configuration
  });
}

void PlannerRun::WriteBytes(std::string_view bytes) {
  Guarded([&](SocketStream& socket) { socket.WriteString(bytes); });
}
void PlannerRun::WriteInt(int32_t value) {
  Guarded([&](SocketStream& socket) { socket.WriteInt(value); });
}
void PlannerRun::WriteLong(int64_t value) {
  Guarded([&](SocketStream& socket) { socket.WriteLong(value); });
}
void PlannerRun::WriteBool(bool value) {
  Guarded([&](SocketStream& socket) { socket.WriteByte(value ? 1 : 0); });
}

int32_t PlannerRun::ReadInt() {
  return Guarded([&](SocketStream& socket) {
    if (!sent_) {
      // The module keeps its answers until it has seen the end.
      sent_ = true;
      socket.WriteInt(kEndOfStream);
      socket.Flush();
    }
    int32_t value = socket.ReadInt();
    if (value == kPythonExceptionThrown) Fail(socket.ReadString());
    return value;
  });
}

std::string PlannerRun::ReadBytes() {
  int32_t size = ReadInt();
  return Guarded([&](SocketStream& socket) {
    std::string bytes(static_cast<size_t>(std::max(size, 0)), '\0');
    socket.ReadExactly(bytes.data(), bytes.size());
    return bytes;
  });
}

void PlannerRun::Finish() {
  int accumulators = ReadInt();
  for (int i = 0; i < accumulators; ++i) ReadBytes();
}

}  // namespace sluice::python
