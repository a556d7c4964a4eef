// Builds the records of dead letters from the rows that a query put aside.
#include "connectors/kafka/dead_letter_records.h"

#include <arrow/api.h>

#include <string_view>

#include "base/arrow_status.h"
#include "base/error.h"
#include "types/data_type.h"

namespace sluice::connectors::kafka {
namespace {

template <typename Array>
const Array& ColumnOf(const arrow::RecordBatch& rows, const char* name) {
  std::shared_ptr<arrow::Array> column = rows.GetColumnByName(name);
  if (!column) throw base::Error::Internal(std::string("a dead letter has no column ") + name);
  return static_cast<const Array&>(*column);
}

void AppendBytes(const arrow::BinaryArray& from, int64_t row, arrow::BinaryBuilder* to) {
  base::ThrowIfError(from.IsNull(row) ? to->AppendNull() : to->Append(from.GetView(row)));
}

/// The headers of the records, one list a record.
class HeaderLists {
 public:
  HeaderLists()
      : builder_(base::ValueOrThrow(arrow::MakeBuilder(
            types::ToArrow(types::Array(types::Struct({{"key", types::String()}, {"value", types::Binary()}})))))),
        lists_(static_cast<arrow::ListBuilder&>(*builder_)),
        pairs_(static_cast<arrow::StructBuilder&>(*lists_.value_builder())),
        names_(static_cast<arrow::StringBuilder&>(*pairs_.field_builder(0))),
        values_(static_cast<arrow::BinaryBuilder&>(*pairs_.field_builder(1))) {}

  void Begin() { base::ThrowIfError(lists_.Append()); }
  void Add(std::string_view name, std::string_view value) {
    base::ThrowIfError(pairs_.Append());
    base::ThrowIfError(names_.Append(name));
    base::ThrowIfError(values_.Append(value));
  }
  /// Those of a record, without what it got when it was a dead letter before.
  void AddAll(const arrow::ListArray& lists, int64_t row) {
    if (lists.IsNull(row)) return;
    const auto& pairs = static_cast<const arrow::StructArray&>(*lists.values());
    const auto& names = static_cast<const arrow::StringArray&>(*pairs.field(0));
    const auto& values = static_cast<const arrow::BinaryArray&>(*pairs.field(1));
    for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
      if (names.GetView(i).starts_with(kHeaderPrefix)) continue;
      base::ThrowIfError(pairs_.Append());
      base::ThrowIfError(names_.Append(names.GetView(i)));
      AppendBytes(values, i, &values_);
    }
  }
  std::shared_ptr<arrow::Array> Finish() { return base::ValueOrThrow(lists_.Finish()); }

 private:
  std::unique_ptr<arrow::ArrayBuilder> builder_;
  arrow::ListBuilder& lists_;
  arrow::StructBuilder& pairs_;
  arrow::StringBuilder& names_;
  arrow::BinaryBuilder& values_;
};

}  // namespace

std::vector<int64_t> WrittenRecords::Add(const arrow::RecordBatch& rows) {
  const auto& topics = ColumnOf<arrow::StringArray>(rows, "topic");
  const auto& partitions = ColumnOf<arrow::Int32Array>(rows, "partition");
  const auto& offsets = ColumnOf<arrow::Int64Array>(rows, "offset");
  std::vector<int64_t> added;
  auto of = offsets_.end();
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    std::string_view topic = topics.GetView(row);
    if (of == offsets_.end() || of->first.first != topic || of->first.second != partitions.Value(row)) {
      of = offsets_.try_emplace({std::string(topic), partitions.Value(row)}).first;
    }
    if (of->second.insert(offsets.Value(row)).second) added.push_back(row);
  }
  return added;
}

std::shared_ptr<arrow::RecordBatch> DeadLetterRecords(const arrow::RecordBatch& rows,
                                                      const std::vector<int64_t>& numbers) {
  const auto& keys = ColumnOf<arrow::BinaryArray>(rows, "key");
  const auto& values = ColumnOf<arrow::BinaryArray>(rows, "value");
  const auto& topics = ColumnOf<arrow::StringArray>(rows, "topic");
  const auto& partitions = ColumnOf<arrow::Int32Array>(rows, "partition");
  const auto& offsets = ColumnOf<arrow::Int64Array>(rows, "offset");
  const auto& times = ColumnOf<arrow::TimestampArray>(rows, "timestamp");
  const auto& errors = ColumnOf<arrow::StringArray>(rows, "error");
  const bool has_headers = rows.GetColumnByName("headers") != nullptr;
  arrow::BinaryBuilder key, value;
  HeaderLists headers;
  for (int64_t row : numbers) {
    AppendBytes(keys, row, &key);
    AppendBytes(values, row, &value);
    headers.Begin();
    if (has_headers) headers.AddAll(ColumnOf<arrow::ListArray>(rows, "headers"), row);
    headers.Add(kTopicHeader, topics.GetView(row));
    headers.Add(kPartitionHeader, std::to_string(partitions.Value(row)));
    headers.Add(kOffsetHeader, std::to_string(offsets.Value(row)));
    headers.Add(kTimestampHeader, std::to_string(times.Value(row) / 1000));
    headers.Add(kErrorHeader, errors.GetView(row));
  }
  arrow::ArrayVector columns = {base::ValueOrThrow(key.Finish()), base::ValueOrThrow(value.Finish()), headers.Finish()};
  arrow::FieldVector fields;
  for (size_t i = 0; const char* name : {"key", "value", "headers"}) {
    fields.push_back(arrow::field(name, columns[i++]->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<int64_t>(numbers.size()),
                                  std::move(columns));
}

}  // namespace sluice::connectors::kafka
