// Reads and writes Arrow IPC streams.
#include "connect/arrow_ipc.h"

#include <arrow/compute/cast.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>

#include "base/arrow_status.h"
#include "base/error.h"
#include "types/data_type.h"

namespace sluice::connect {
namespace {

// Bytes from a client: what Arrow reports about them is the client's fault.
template <typename T>
T FromClient(arrow::Result<T> result) {
  if (result.ok()) return std::move(result).ValueUnsafe();
  throw base::Error::Plain(base::ErrorKind::kIllegalArgument,
                           "The rows sent by the client cannot be read: " + result.status().message());
}

void FromClient(const arrow::Status& status) {
  if (status.ok()) return;
  throw base::Error::Plain(base::ErrorKind::kIllegalArgument,
                           "The rows sent by the client cannot be read: " + status.message());
}

std::shared_ptr<arrow::ChunkedArray> ToEngineType(const std::shared_ptr<arrow::ChunkedArray>& column) {
  auto type = types::ToArrow(types::FromArrow(*column->type()));
  if (column->type()->Equals(*type)) return column;
  return FromClient(arrow::compute::Cast(column, type)).chunked_array();
}

// Replaces the zone of time stamps; the values are instants and stay as they are.
std::shared_ptr<arrow::DataType> WithZone(const std::shared_ptr<arrow::DataType>& type, const std::string& zone) {
  if (type->id() == arrow::Type::TIMESTAMP) {
    const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
    return timestamp.timezone().empty() ? type : arrow::timestamp(timestamp.unit(), zone);
  }
  if (type->num_fields() == 0) return type;
  arrow::FieldVector fields;
  bool changed = false;
  for (const auto& field : type->fields()) {
    fields.push_back(field->WithType(WithZone(field->type(), zone)));
    changed = changed || fields.back()->type() != field->type();
  }
  if (!changed) return type;
  switch (type->id()) {
    case arrow::Type::STRUCT:
      return arrow::struct_(fields);
    case arrow::Type::LIST:
      return arrow::list(fields[0]);
    case arrow::Type::MAP:
      return std::make_shared<arrow::MapType>(fields[0], static_cast<const arrow::MapType&>(*type).keys_sorted());
    default:
      return type;
  }
}

std::shared_ptr<arrow::ArrayData> WithType(const std::shared_ptr<arrow::ArrayData>& data,
                                           const std::shared_ptr<arrow::DataType>& type) {
  if (data->type == type) return data;
  auto out = data->Copy();
  out->type = type;
  for (size_t i = 0; i < out->child_data.size(); ++i) {
    out->child_data[i] = WithType(out->child_data[i], type->field(static_cast<int>(i))->type());
  }
  return out;
}

std::shared_ptr<arrow::RecordBatch> WithZone(const std::shared_ptr<arrow::Schema>& schema,
                                             const arrow::RecordBatch& batch) {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    columns.push_back(WithType(batch.column_data(i), schema->field(i)->type()));
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(columns));
}

std::shared_ptr<arrow::Schema> WithZone(const arrow::Schema& schema, const std::string& zone) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    fields.push_back(field->WithType(WithZone(field->type(), zone))->RemoveMetadata());
  }
  return arrow::schema(std::move(fields));
}

// Writes the stream into a string without an intermediate copy of the whole.
class StringOutput : public arrow::io::OutputStream {
 public:
  explicit StringOutput(std::string* out) : out_(out) { set_mode(arrow::io::FileMode::WRITE); }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return static_cast<int64_t>(out_->size()); }
  arrow::Status Write(const void* data, int64_t bytes) override {
    out_->append(static_cast<const char*>(data), static_cast<size_t>(bytes));
    return arrow::Status::OK();
  }
  using arrow::io::OutputStream::Write;

 private:
  std::string* out_;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<arrow::Table> DecodeIpcStream(const std::string& bytes) {
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  auto reader = FromClient(arrow::ipc::RecordBatchStreamReader::Open(input));
  auto table = FromClient(reader->ToTable());
  FromClient(table->ValidateFull());
  arrow::FieldVector fields;
  arrow::ChunkedArrayVector columns;
  for (int i = 0; i < table->num_columns(); ++i) {
    columns.push_back(ToEngineType(table->column(i)));
    fields.push_back(arrow::field(table->field(i)->name(), columns.back()->type(), table->field(i)->nullable()));
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns), table->num_rows());
}

std::shared_ptr<arrow::Table> JoinTables(const std::vector<std::shared_ptr<arrow::Table>>& tables) {
  if (tables.size() == 1) return tables[0];
  return FromClient(arrow::ConcatenateTables(tables));
}

std::string EncodeIpcStream(const arrow::RecordBatch& batch, const std::string& time_zone) {
  auto schema = WithZone(*batch.schema(), time_zone);
  auto shown = WithZone(schema, batch);
  int64_t size = 0;
  base::ThrowIfError(arrow::ipc::GetRecordBatchSize(*shown, &size));
  std::string out;
  out.reserve(static_cast<size_t>(size) + 512 + 128 * static_cast<size_t>(schema->num_fields()));
  StringOutput output(&out);
  auto writer = base::ValueOrThrow(arrow::ipc::MakeStreamWriter(&output, schema));
  base::ThrowIfError(writer->WriteRecordBatch(*shown));
  base::ThrowIfError(writer->Close());
  return out;
}

std::string EncodeIpcStream(const arrow::Table& table, const std::string& time_zone) {
  auto schema = WithZone(*table.schema(), time_zone);
  std::string out;
  StringOutput output(&out);
  auto writer = base::ValueOrThrow(arrow::ipc::MakeStreamWriter(&output, schema));
  arrow::TableBatchReader reader(table);
  while (auto batch = base::ValueOrThrow(reader.Next())) {
    base::ThrowIfError(writer->WriteRecordBatch(*WithZone(schema, *batch)));
  }
  base::ThrowIfError(writer->Close());
  return out;
}

}  // namespace sluice::connect
