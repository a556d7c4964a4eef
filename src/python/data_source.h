// Data sources written in Python (spark.dataSource.register).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/spi/registry.h"
#include "python/task.h"
#include "python/worker_pool.h"

namespace sluice::python {

/// A registered class.
struct DataSourceClass {
  std::string name;
  std::string command;  ///< the pickled class
  std::string python_version;
};

/// The registry's entry for the class: batch and streaming, reading and writing.
connectors::DataSourceEntry MakeDataSourceEntry(std::shared_ptr<WorkerPool> pool, DataSourceClass source);

/// An instance of the class made for a reader's options.
struct DataSourceInstance {
  std::string name;
  std::string pickle;
  types::TypePtr schema;
};
/// `schema` is null if the reader gave none.
DataSourceInstance CreateDataSource(WorkerPool& pool, const DataSourceClass& source, const plan::Options& options,
                                    const types::TypePtr& schema);

/// How partitions are read: a pickled function, and in a batch query the pickled partitions.
struct ReadPlan {
  std::string function;
  std::vector<std::string> partitions;
};
ReadPlan PlanRead(WorkerPool& pool, const DataSourceInstance& instance, bool streaming, const base::SqlConf& conf);
/// The rows of one partition, narrowed to the request's columns.
connectors::BatchReaderPtr OpenPartition(WorkerPool* pool, const std::string& function, const std::string& partition,
                                         const types::TypePtr& schema, const connectors::ScanRequest& request,
                                         const base::SqlConf& conf);
/// A batch with all columns of `schema`, narrowed to the request's.
std::shared_ptr<arrow::RecordBatch> NarrowTo(const connectors::ScanRequest& request, const types::DataType& schema,
                                             const arrow::RecordBatch& batch);

/// How partitions are written: a pickled function that returns a commit message, and the pickled writer.
struct WritePlan {
  std::string function, writer;
};
WritePlan PlanWrite(WorkerPool& pool, const DataSourceClass& source, const plan::Options& options,
                    const types::TypePtr& schema, bool overwrite, bool streaming, const base::SqlConf& conf);
/// Writes rows of `schema` in a task; the message of Finish holds the commit message's pickle as its only file.
connectors::PartitionWriterPtr MakePartitionWriter(WorkerPool* pool, const std::string& function,
                                                   const types::TypePtr& schema, int partition,
                                                   const base::SqlConf& conf);

// data_source_stream.cc
std::shared_ptr<connectors::StreamDefinition> MakeStreamDefinition(std::shared_ptr<WorkerPool> pool,
                                                                   DataSourceInstance instance);
std::unique_ptr<connectors::StreamSink> MakeDataSourceSink(std::shared_ptr<WorkerPool> pool,
                                                           const DataSourceClass& source, plan::Options options,
                                                           const connectors::StreamSinkContext& context);

}  // namespace sluice::python
