// Fills Arrow builders from the records, column by column.
#include "connectors/kafka/record_columns.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/arrow_status.h"
#include "connectors/kafka/fetch/wire.h"
#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

using Records = std::span<const RecordView>;

types::TypePtr HeadersType() {
  static const types::TypePtr type =
      types::Array(types::Struct({{"key", types::String()}, {"value", types::Binary()}}));
  return type;
}

int64_t AppendBytes(Records records, Bytes RecordView::*part, arrow::BinaryBuilder* out) {
  int64_t total = 0;
  for (const RecordView& record : records) total += (record.*part).size;
  base::ThrowIfError(out->Reserve(static_cast<int64_t>(records.size())));
  base::ThrowIfError(out->ReserveData(total));
  for (const RecordView& record : records) {
    const Bytes& bytes = record.*part;
    if (bytes.data) {
      out->UnsafeAppend(reinterpret_cast<const uint8_t*>(bytes.data), bytes.size);
    } else {
      out->UnsafeAppendNull();
    }
  }
  return total;
}

std::shared_ptr<arrow::Array> Repeated(const std::string& text, int64_t rows) {
  return base::ValueOrThrow(arrow::MakeArrayFromScalar(arrow::StringScalar(text), rows));
}

}  // namespace

types::TypePtr RecordSchema(bool include_headers) {
  std::vector<types::StructField> fields = {{"key", types::Binary()},           {"value", types::Binary()},
                                            {"topic", types::String()},         {"partition", types::Integer()},
                                            {"offset", types::Long()},          {"timestamp", types::Timestamp()},
                                            {"timestampType", types::Integer()}};
  if (include_headers) fields.push_back({"headers", HeadersType()});
  return types::Struct(std::move(fields));
}

RecordColumns::RecordColumns(const ScanRequest& request, TopicPartition partition)
    : names_(request.columns),
      partition_(std::move(partition)),
      timestamp_(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool()) {
  auto wants = [&](const char* name) { return std::ranges::find(names_, name) != names_.end(); };
  keys_ = wants("key");
  values_ = wants("value");
  offsets_ = wants("offset");
  times_ = wants("timestamp") || wants("timestampType");
  headers_ = wants("headers");
  if (headers_) {
    header_lists_ = base::ValueOrThrow(arrow::MakeBuilder(types::ToArrow(HeadersType())));
  }
}

void RecordColumns::Append(Records records) {
  if (keys_) AppendKeys(records);
  if (values_) AppendValues(records);
  if (offsets_) AppendOffsets(records);
  if (times_) AppendTimes(records);
  if (headers_) {
    for (const RecordView& record : records) AppendHeaders(record);
  }
  rows_ += static_cast<int64_t>(records.size());
}

void RecordColumns::AppendKeys(Records records) { bytes_ += AppendBytes(records, &RecordView::key, &key_); }

void RecordColumns::AppendValues(Records records) { bytes_ += AppendBytes(records, &RecordView::value, &value_); }

void RecordColumns::AppendOffsets(Records records) {
  base::ThrowIfError(offset_.Reserve(static_cast<int64_t>(records.size())));
  for (const RecordView& record : records) offset_.UnsafeAppend(record.offset);
}

void RecordColumns::AppendTimes(Records records) {
  auto count = static_cast<int64_t>(records.size());
  base::ThrowIfError(timestamp_.Reserve(count));
  base::ThrowIfError(timestamp_type_.Reserve(count));
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 1000;
  for (const RecordView& record : records) {
    int64_t millis = record.timestamp_ms;
    if (millis > kMost || millis < -kMost) throw MalformedTimestamp(partition_, record.offset, millis);
    timestamp_.UnsafeAppend(millis * 1000);
    timestamp_type_.UnsafeAppend(static_cast<int32_t>(record.timestamp_type));
  }
}

void RecordColumns::AppendHeaders(const RecordView& record) {
  auto& lists = static_cast<arrow::ListBuilder&>(*header_lists_);
  if (record.headers.empty()) {
    base::ThrowIfError(lists.AppendNull());
    return;
  }
  base::ThrowIfError(lists.Append());
  auto& pairs = static_cast<arrow::StructBuilder&>(*lists.value_builder());
  auto& names = static_cast<arrow::StringBuilder&>(*pairs.field_builder(0));
  auto& values = static_cast<arrow::BinaryBuilder&>(*pairs.field_builder(1));
  WireReader reader(record.headers);
  for (int64_t left = reader.Varint(); left > 0 && reader.ok(); --left) {
    Bytes name = reader.RecordBytes(), value = reader.RecordBytes();
    if (!reader.ok()) break;
    base::ThrowIfError(pairs.Append());
    base::ThrowIfError(names.Append(name.data, name.size));
    if (value.data) {
      base::ThrowIfError(values.Append(reinterpret_cast<const uint8_t*>(value.data), value.size));
    } else {
      base::ThrowIfError(values.AppendNull());
    }
  }
  if (!reader.ok()) {
    throw BrokerError(
        fmt::format("Partition {} has damaged headers at offset {}", partition_.ToString(), record.offset));
  }
  bytes_ += static_cast<int64_t>(record.headers.size());
}

std::shared_ptr<arrow::Array> RecordColumns::Column(const std::string& name) {
  if (name == "key") return base::ValueOrThrow(key_.Finish());
  if (name == "value") return base::ValueOrThrow(value_.Finish());
  if (name == "topic") return Repeated(partition_.topic, rows_);
  if (name == "partition") {
    return base::ValueOrThrow(arrow::MakeArrayFromScalar(arrow::Int32Scalar(partition_.partition), rows_));
  }
  if (name == "offset") return base::ValueOrThrow(offset_.Finish());
  if (name == "timestamp") return base::ValueOrThrow(timestamp_.Finish());
  if (name == "timestampType") return base::ValueOrThrow(timestamp_type_.Finish());
  return base::ValueOrThrow(header_lists_->Finish());
}

std::shared_ptr<arrow::RecordBatch> RecordColumns::Finish() {
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (const std::string& name : names_) {
    columns.push_back(Column(name));
    fields.push_back(arrow::field(name, columns.back()->type()));
  }
  timestamp_.Reset();
  timestamp_type_.Reset();
  auto batch = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows_, std::move(columns));
  rows_ = bytes_ = 0;
  return batch;
}

}  // namespace sluice::connectors::kafka
