// Builds the columns of Kafka records in Arrow's form.
#pragma once

#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "connectors/kafka/partition_offsets.h"
#include "connectors/kafka/record_view.h"
#include "connectors/spi/batch.h"

namespace sluice::connectors::kafka {

/// key, value, topic, partition, offset, timestamp, timestampType and, if asked for, headers.
types::TypePtr RecordSchema(bool include_headers);

/// Collects records of one partition; only the columns that are asked for are built.
class RecordColumns {
 public:
  RecordColumns(const ScanRequest& request, TopicPartition partition);
  void Append(std::span<const RecordView> records);
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }
  std::shared_ptr<arrow::RecordBatch> Finish();

 private:
  void AppendKeys(std::span<const RecordView> records);
  void AppendValues(std::span<const RecordView> records);
  void AppendOffsets(std::span<const RecordView> records);
  void AppendTimes(std::span<const RecordView> records);
  void AppendHeaders(const RecordView& record);
  std::shared_ptr<arrow::Array> Column(const std::string& name);

  std::vector<std::string> names_;
  TopicPartition partition_;
  bool keys_ = false, values_ = false, offsets_ = false, times_ = false, headers_ = false;
  int64_t rows_ = 0, bytes_ = 0;
  arrow::BinaryBuilder key_, value_;
  arrow::Int64Builder offset_;
  arrow::TimestampBuilder timestamp_;
  arrow::Int32Builder timestamp_type_;
  std::unique_ptr<arrow::ArrayBuilder> header_lists_;
};

}  // namespace sluice::connectors::kafka
