// The Arrow form of rows as Python workers take and give them.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "base/sql_conf.h"
#include "logical/plan.h"
#include "types/data_type.h"

namespace sluice::python {

/// The same type with instants in the session's zone (workers read the zone from the column).
std::shared_ptr<arrow::DataType> ToWorkerType(const types::TypePtr& type, const std::string& time_zone);
/// The same values under ToWorkerType; no data is copied.
std::shared_ptr<arrow::Array> ToWorkerArray(const std::shared_ptr<arrow::Array>& values, const types::TypePtr& type,
                                            const std::string& time_zone);
/// A result column as the engine holds `type`: other zones, large strings and the like are converted. Throws
/// kPython-style errors when the worker gave something that is not of the declared type.
std::shared_ptr<arrow::Array> FromWorkerArray(const std::shared_ptr<arrow::Array>& values, const types::TypePtr& type);

/// Rows of these columns as workers take them: plain columns under their names.
std::shared_ptr<arrow::Schema> WorkerSchema(const logical::Attributes& columns, const std::string& time_zone);
/// A batch of these columns under WorkerSchema; no data is copied.
std::shared_ptr<arrow::RecordBatch> ToWorkerBatch(const arrow::RecordBatch& batch, const logical::Attributes& columns,
                                                  const std::shared_ptr<arrow::Schema>& schema,
                                                  const std::string& time_zone);
/// Results that come as one struct column with a field for each output column, in order.
std::shared_ptr<arrow::RecordBatch> FromStructBatch(const arrow::RecordBatch& results,
                                                    const logical::Attributes& output,
                                                    const std::shared_ptr<arrow::Schema>& schema);
/// The same of such a column.
std::shared_ptr<arrow::RecordBatch> FromStructColumn(const arrow::Array& column, const logical::Attributes& output,
                                                     const std::shared_ptr<arrow::Schema>& schema);

/// Runner configuration that pyspark.worker reads.
std::vector<std::pair<std::string, std::string>> RunnerConf(const base::SqlConf& conf);

}  // namespace sluice::python
