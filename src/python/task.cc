// The dialogue with one Python worker (pyspark.worker).
#include "python/task.h"

#include <arrow/ipc/writer.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/arrow_status.h"
#include "base/error.h"

namespace sluice::python {
namespace {

// Marks of pyspark.serializers.SpecialLengths.
constexpr int kEndOfDataSection = -1;
constexpr int kPythonExceptionThrown = -2;
constexpr int kTimingData = -3;
constexpr int kEndOfStream = -4;
constexpr int kStartArrowStream = -6;

std::string TaskContextJson(const TaskSpec& spec) {
  nlohmann::json properties = nlohmann::json::object();
  for (const auto& [key, value] : spec.local_properties) properties[key] = value;
  return nlohmann::json{
      {"isBarrier", false}, {"stageId", 0}, {"partitionId", spec.partition_id},      {"attemptNumber", 0},
      {"taskAttemptId", 0}, {"cpus", 1},    {"resources", nlohmann::json::object()}, {"localProperties", properties}}
      .dump();
}

void WritePairs(SocketStream& socket, const std::vector<std::pair<std::string, std::string>>& pairs) {
  socket.WriteInt(static_cast<int32_t>(pairs.size()));
  for (const auto& [key, value] : pairs) {
    socket.WriteString(key);
    socket.WriteString(value);
  }
}

}  // namespace

Task::Task(WorkerPool* pool, TaskSpec spec, base::CancellationPtr cancellation,
           std::function<void(SocketStream&)> write_input)
    : pool_(pool),
      spec_(std::move(spec)),
      cancellation_(std::move(cancellation)),
      write_input_(std::move(write_input)),
      worker_(pool->Acquire()) {
  callback_ = cancellation_->AddCallback([socket = worker_->socket.get()] { socket->Shutdown(); });
  writer_ = std::thread([this] { Write(); });
}

Task::~Task() {
  if (!clean_) worker_->socket->Shutdown();
  writer_.join();
  cancellation_->RemoveCallback(callback_);
  if (clean_) {
    pool_->Release(std::move(worker_));
  } else {
    pool_->Discard(std::move(worker_));
  }
}

void Task::Write() {
  SocketStream& socket = *worker_->socket;
  try {
    socket.WriteInt(spec_.partition_id);
    socket.WriteString(pool_->python_version());
    socket.WriteString(TaskContextJson(spec_));
    socket.WriteString(pool_->options().files_folder);
    std::vector<std::string> files = pool_->python_files();
    socket.WriteInt(static_cast<int32_t>(files.size()));
    for (const std::string& file : files) socket.WriteString(file);
    socket.WriteByte(0);  // no encrypted broadcasts
    socket.WriteInt(0);   // no broadcasts
    socket.WriteInt(spec_.eval_type);
    WritePairs(socket, spec_.runner_conf);
    WritePairs(socket, spec_.eval_conf);
    if (spec_.eval_type == kNonUdf) {
      socket.WriteString(spec_.raw_command);
    } else {
      socket.WriteInt(static_cast<int32_t>(spec_.functions.size()));
      int64_t result_id = 0;
      for (const TaskFunction& function : spec_.functions) {
        socket.WriteInt(static_cast<int32_t>(function.arguments.size()));
        for (const auto& [keyword, offset] : function.arguments) {
          socket.WriteInt(offset);
          socket.WriteByte(keyword.empty() ? 0 : 1);
          if (!keyword.empty()) socket.WriteString(keyword);
        }
        socket.WriteInt(static_cast<int32_t>(function.commands.size()));
        for (const std::string& command : function.commands) socket.WriteString(command);
        socket.WriteLong(result_id++);
      }
    }
    write_input_(socket);
    socket.WriteInt(kEndOfStream);
    socket.Flush();
  } catch (const PythonWorkerGone&) {
    // The reader finds out why.
  } catch (...) {
    std::lock_guard lock(mutex_);
    input_error_ = std::current_exception();
    socket.Shutdown();
  }
}

void Task::Fail() {
  ended_ = true;
  {
    std::lock_guard lock(mutex_);
    if (input_error_) std::rethrow_exception(input_error_);
  }
  cancellation_->Check();
  throw base::Error::Plain(base::ErrorKind::kSpark,
                           "Python worker exited unexpectedly (crashed). It was killed, ran out of memory, or native "
                           "code in it failed; see the server's standard error for its last words.")
      .WithDomain(base::ErrorDomain::kExternal, true);
}

std::shared_ptr<arrow::RecordBatch> Task::NextBatch() {
  if (ended_) return nullptr;
  try {
    return Read();
  } catch (const PythonWorkerGone&) {
    Fail();
  }
}

std::shared_ptr<arrow::RecordBatch> Task::Read() {
  SocketStream& socket = *worker_->socket;
  for (;;) {
    if (results_) {
      auto next = results_->Next();
      if (!next.ok()) Fail();
      if (*next) return *next;
      results_ = nullptr;
    }
    int mark = socket.ReadInt();
    switch (mark) {
      case kStartArrowStream:
        results_ = base::ValueOrThrow(arrow::ipc::RecordBatchStreamReader::Open(MakeArrowInput(&socket)));
        break;
      case kTimingData:
        for (int i = 0; i < 6; ++i) socket.ReadLong();
        break;
      case kPythonExceptionThrown: {
        std::string traceback = socket.ReadString();
        ended_ = true;
        throw base::Error(base::ErrorKind::kPython, "PYTHON_EXCEPTION",
                          {{"msg", "An exception was thrown from the Python worker"}, {"traceback", traceback}});
      }
      case kEndOfDataSection: {
        int accumulators = socket.ReadInt();
        for (int i = 0; i < accumulators; ++i) socket.ReadString();
        clean_ = socket.ReadInt() == kEndOfStream;
        ended_ = true;
        return nullptr;
      }
      default:
        if (mark < 0) throw base::Error::Internal(fmt::format("A Python worker sent the unknown mark {}", mark));
        // A frame of pickled results: only tasks without results of interest get them.
        std::string ignored(mark, '\0');
        socket.ReadExactly(ignored.data(), ignored.size());
    }
  }
}

void Task::Finish() {
  while (NextBatch()) {
  }
}

struct ArrowStreamWriter::Impl {
  std::shared_ptr<arrow::io::OutputStream> output;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
};

ArrowStreamWriter::ArrowStreamWriter(SocketStream& socket, const std::shared_ptr<arrow::Schema>& schema)
    : impl_(std::make_unique<Impl>()) {
  impl_->output = MakeArrowOutput(&socket);
  impl_->writer = base::ValueOrThrow(arrow::ipc::MakeStreamWriter(impl_->output, schema));
}
ArrowStreamWriter::~ArrowStreamWriter() = default;
void ArrowStreamWriter::Write(const arrow::RecordBatch& batch) {
  base::ThrowIfError(impl_->writer->WriteRecordBatch(batch));
}
void ArrowStreamWriter::Close() { base::ThrowIfError(impl_->writer->Close()); }

}  // namespace sluice::python
