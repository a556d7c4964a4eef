// Rows as complete Arrow IPC streams, the form in which the protocol carries them both ways.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice::connect {

/// The rows of one IPC stream as the engine's Arrow types (see types::ToArrow). Throws
/// IOException's error for bytes that are no stream, UNSUPPORTED_ARROWTYPE for columns that Spark
/// cannot hold. The bytes are copied.
std::shared_ptr<arrow::Table> DecodeIpcStream(const std::string& bytes);

/// The rows of all tables, which must have the same schema.
std::shared_ptr<arrow::Table> JoinTables(const std::vector<std::shared_ptr<arrow::Table>>& tables);

/// A schema, one record batch and the end mark. Time stamps with a zone are shown in `time_zone`.
std::string EncodeIpcStream(const arrow::RecordBatch& batch, const std::string& time_zone);
/// All batches of a table in one stream.
std::string EncodeIpcStream(const arrow::Table& table, const std::string& time_zone);

}  // namespace sluice::connect
