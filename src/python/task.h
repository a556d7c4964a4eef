// One task of a Python worker: what is sent, and the rows or frames that come back.
#pragma once

#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/cancellation.h"
#include "python/worker_pool.h"

namespace sluice::python {

/// PythonEvalType's numbers that the engine runs.
enum EvalType {
  kNonUdf = 0,
  kBatchedUdf = 100,
  kArrowBatchedUdf = 101,
  kScalarPandasUdf = 200,
  kGroupedMapPandasUdf = 201,
  kScalarPandasIterUdf = 204,
  kMapPandasIterUdf = 205,
  kCogroupedMapPandasUdf = 206,
  kMapArrowIterUdf = 207,
  kGroupedMapPandasUdfWithState = 208,
  kGroupedMapArrowUdf = 209,
  kCogroupedMapArrowUdf = 210,
  kTransformWithStatePandasUdf = 211,
  kTransformWithStatePandasInitStateUdf = 212,
  kTransformWithStatePythonRowUdf = 213,
  kTransformWithStatePythonRowInitStateUdf = 214,
  kScalarArrowUdf = 250,
  kScalarArrowIterUdf = 251,
};

/// A function with the columns it takes; several commands are chained, the first one innermost.
struct TaskFunction {
  std::vector<std::pair<std::string, int>> arguments;  ///< keyword or "", column offset
  std::vector<std::string> commands;
};

struct TaskSpec {
  int eval_type = kNonUdf;
  std::vector<TaskFunction> functions;
  std::string raw_command;  ///< kNonUdf: the pickled command instead of functions
  std::vector<std::pair<std::string, std::string>> runner_conf, eval_conf, local_properties;
  int partition_id = 0;
};

/// Runs in a worker of the pool while it lives. Input is written by a thread of its own, so that a worker that gives
/// results before it has read everything never blocks.
class Task {
 public:
  /// `write_input` runs on the writer thread; what it throws is thrown by NextBatch.
  Task(WorkerPool* pool, TaskSpec spec, base::CancellationPtr cancellation,
       std::function<void(SocketStream&)> write_input);
  ~Task();

  /// The next batch of results; null at the end. Throws PythonException with the Python traceback, or an error that
  /// says that the worker died.
  std::shared_ptr<arrow::RecordBatch> NextBatch();
  /// For tasks without results: waits for the end.
  void Finish();

 private:
  void Write();
  std::shared_ptr<arrow::RecordBatch> Read();
  [[noreturn]] void Fail();

  WorkerPool* pool_;
  TaskSpec spec_;
  base::CancellationPtr cancellation_;
  std::function<void(SocketStream&)> write_input_;
  std::unique_ptr<Worker> worker_;
  std::thread writer_;
  std::mutex mutex_;
  std::exception_ptr input_error_;
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> results_;
  int callback_ = -1;
  bool ended_ = false;
  bool clean_ = false;
};

/// An Arrow stream of one schema, written to a worker batch by batch.
class ArrowStreamWriter {
 public:
  ArrowStreamWriter(SocketStream& socket, const std::shared_ptr<arrow::Schema>& schema);
  ~ArrowStreamWriter();
  void Write(const arrow::RecordBatch& batch);
  void Close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::python
