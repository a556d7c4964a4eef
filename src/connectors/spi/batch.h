// Interfaces of batch tables: what can be scanned, and what can be written to.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "logical/plan.h"
#include "types/data_type.h"

namespace sluice::connectors {

/// Gives the rows of one partition, batch by batch.
class BatchReader {
 public:
  virtual ~BatchReader() = default;
  /// The next batch, null at the end. The schema is that of the request's columns.
  virtual std::shared_ptr<arrow::RecordBatch> Next() = 0;
  /// The file being read, for input_file_name(); "" if none.
  virtual std::string CurrentFile() const { return ""; }
};
using BatchReaderPtr = std::unique_ptr<BatchReader>;

/// What a query needs of a table or stream.
struct ScanRequest {
  std::vector<std::string> columns;       ///< in output order; may be empty (count only)
  types::TypePtr schema;                  ///< struct of those columns
  std::vector<logical::ExprPtr> filters;  ///< conjuncts; attributes are named as `columns` of the table
  int64_t batch_rows = 16384;
  std::string time_zone = "UTC";
  base::CancellationPtr cancellation;  ///< of the execution, for calls that block; may be null
};

/// A unit of parallel reading.
class InputPartition {
 public:
  virtual ~InputPartition() = default;
};
using InputPartitionPtr = std::shared_ptr<const InputPartition>;

class BatchTable : public logical::TableHandle {
 public:
  /// All columns, data then partition columns.
  virtual types::TypePtr schema() const = 0;
  /// Hidden columns such as _metadata; a struct, may have no fields.
  virtual types::TypePtr metadata_columns() const { return types::Struct({}); }
  virtual std::vector<InputPartitionPtr> Partitions(const ScanRequest& request, int parallelism) = 0;
  virtual BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) = 0;
  /// For df.inputFiles().
  virtual std::vector<std::string> InputFiles() { return {}; }
};
using BatchTablePtr = std::shared_ptr<BatchTable>;

/// What a partition's writer reports to the commit: opaque to the engine.
struct WriterMessage {
  std::vector<std::string> files;
  int64_t rows = 0;
};

/// Writes the rows of one partition.
class PartitionWriter {
 public:
  virtual ~PartitionWriter() = default;
  virtual void Write(const std::shared_ptr<arrow::RecordBatch>& batch) = 0;
  /// Makes all written rows durable, still invisible.
  virtual WriterMessage Finish() = 0;
  virtual void Abort() {}
};
using PartitionWriterPtr = std::unique_ptr<PartitionWriter>;

/// A batch write (df.write) from start to commit.
class BatchWrite {
 public:
  virtual ~BatchWrite() = default;
  virtual PartitionWriterPtr OpenPartition(int partition) = 0;
  virtual void Commit(const std::vector<WriterMessage>& messages) = 0;
  virtual void Abort() {}
};
using BatchWritePtr = std::unique_ptr<BatchWrite>;

}  // namespace sluice::connectors
