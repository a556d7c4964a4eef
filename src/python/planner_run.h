// One call of a module of pyspark.sql.worker, in a process of its own.
#pragma once

#include <string>

#include "base/error.h"
#include "python/connected_process.h"
#include "python/worker_pool.h"

namespace sluice::python {

/// What the call is for, as the error of a failed one names it ("Failed to <action> Python data source <type>").
struct PlannerPurpose {
  std::string action, type;
};

class PlannerRun {
 public:
  PlannerRun(WorkerPool& pool, const std::string& module, PlannerPurpose purpose);

  /// From now on failures are of another step.
  void SetPurpose(PlannerPurpose purpose) { purpose_ = std::move(purpose); }
  /// Sends what the module reads after its preamble.
  void WriteBytes(std::string_view bytes);
  void WriteInt(int32_t value);
  void WriteLong(int64_t value);
  void WriteBool(bool value);
  /// The first one ends what is sent. Each throws PYTHON_DATA_SOURCE_ERROR if the module has failed instead.
  int32_t ReadInt();
  std::string ReadBytes();
  /// After the last answer.
  void Finish();

 private:
  template <typename Body>
  auto Guarded(const Body& body);
  [[noreturn]] void Fail(const std::string& message) const;
  PlannerPurpose purpose_;
  ConnectedProcess process_;
  bool sent_ = false;
};

}  // namespace sluice::python
