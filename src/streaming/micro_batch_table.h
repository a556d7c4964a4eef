// A micro-batch as a batch table: what foreachBatch's frame scans.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/spi/batch.h"
#include "streaming/micro_batch.h"

namespace sluice::streaming {

/// Each scan runs the batch anew; with state it is run once, by the first scan, and kept. Thread
/// safe.
class MicroBatchTable : public connectors::BatchTable, public std::enable_shared_from_this<MicroBatchTable> {
 public:
  explicit MicroBatchTable(MicroBatchPtr batch);

  /// A Scan of all columns with the names and types of the query's output, under new attribute ids.
  logical::PlanPtr Plan();
  /// True once a scan has begun.
  bool executed() const { return executed_; }

  std::string Describe() const override { return "ExistingRDD"; }
  types::TypePtr schema() const override { return schema_; }
  std::vector<connectors::InputPartitionPtr> Partitions(const connectors::ScanRequest& request,
                                                        int parallelism) override;
  connectors::BatchReaderPtr Open(const connectors::InputPartitionPtr& partition,
                                  const connectors::ScanRequest& request) override;

 private:
  struct Execution;
  struct Partition;
  class RunningReader;
  class KeptReader;
  using Rows = std::vector<std::shared_ptr<arrow::RecordBatch>>;

  void KeepRows();

  const MicroBatchPtr batch_;
  types::TypePtr schema_;
  std::vector<std::string> names_;  ///< one a column; those of columns with equal names differ
  std::atomic<bool> executed_{false};
  std::mutex keep_mutex_;
  std::optional<std::vector<Rows>> kept_;
};

}  // namespace sluice::streaming
