// Retypes instants for Python workers and checks what they return.
#include "python/arrow_exchange.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "base/arrow_status.h"
#include "base/error.h"

namespace sluice::python {

std::shared_ptr<arrow::DataType> ToWorkerType(const types::TypePtr& type, const std::string& time_zone) {
  switch (type->id()) {
    case types::TypeId::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, time_zone);
    case types::TypeId::kArray:
      return arrow::list(arrow::field("element", ToWorkerType(type->element(), time_zone), type->contains_null()));
    case types::TypeId::kMap:
      return std::make_shared<arrow::MapType>(
          arrow::field("key", ToWorkerType(type->key(), time_zone), false),
          arrow::field("value", ToWorkerType(type->value(), time_zone), type->contains_null()));
    case types::TypeId::kStruct: {
      arrow::FieldVector fields;
      for (const types::StructField& field : type->fields()) {
        fields.push_back(arrow::field(field.name, ToWorkerType(field.type, time_zone), field.nullable));
      }
      return arrow::struct_(fields);
    }
    case types::TypeId::kUdt:
      return ToWorkerType(type->sql_type(), time_zone);
    default:
      return types::ToArrow(type);
  }
}

namespace {

std::shared_ptr<arrow::ArrayData> Retype(const std::shared_ptr<arrow::ArrayData>& data,
                                         const std::shared_ptr<arrow::DataType>& type) {
  auto out = data->Copy();
  out->type = type;
  for (size_t i = 0; i < out->child_data.size(); ++i) {
    out->child_data[i] = Retype(out->child_data[i], type->field(static_cast<int>(i))->type());
  }
  return out;
}

}  // namespace

std::shared_ptr<arrow::Array> ToWorkerArray(const std::shared_ptr<arrow::Array>& values, const types::TypePtr& type,
                                            const std::string& time_zone) {
  return arrow::MakeArray(Retype(values->data(), ToWorkerType(type, time_zone)));
}

std::shared_ptr<arrow::Array> FromWorkerArray(const std::shared_ptr<arrow::Array>& values, const types::TypePtr& type) {
  std::shared_ptr<arrow::DataType> wanted = types::ToArrow(type);
  if (values->type()->Equals(*wanted, /*check_metadata=*/false)) {
    return arrow::MakeArray(Retype(values->data(), wanted));
  }
  auto converted = arrow::compute::Cast(*values, wanted);
  if (!converted.ok()) {
    throw base::Error::Plain(
        base::ErrorKind::kPython,
        fmt::format(
            "A Python function returned a column of the Arrow type {}, which does not fit its declared type {}: {}",
            values->type()->ToString(), type->Sql(), converted.status().message()),
        "PYTHON_EXCEPTION");
  }
  return *converted;
}

std::shared_ptr<arrow::Schema> WorkerSchema(const logical::Attributes& columns, const std::string& time_zone) {
  arrow::FieldVector fields;
  for (const logical::AttributePtr& column : columns) {
    fields.push_back(arrow::field(column->name, ToWorkerType(column->type, time_zone), column->nullable));
  }
  return arrow::schema(fields);
}

std::shared_ptr<arrow::RecordBatch> ToWorkerBatch(const arrow::RecordBatch& batch, const logical::Attributes& columns,
                                                  const std::shared_ptr<arrow::Schema>& schema,
                                                  const std::string& time_zone) {
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    arrays.push_back(ToWorkerArray(batch.column(static_cast<int>(i)), columns[i]->type, time_zone));
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(arrays));
}

std::shared_ptr<arrow::RecordBatch> FromStructColumn(const arrow::Array& column, const logical::Attributes& output,
                                                     const std::shared_ptr<arrow::Schema>& schema) {
  const auto& rows = static_cast<const arrow::StructArray&>(column);
  if (rows.num_fields() != static_cast<int>(output.size())) {
    throw base::Error::Internal("A Python map function's worker returned another number of columns than declared");
  }
  arrow::ArrayVector columns;
  for (size_t i = 0; i < output.size(); ++i) {
    columns.push_back(FromWorkerArray(rows.field(static_cast<int>(i)), output[i]->type));
  }
  return arrow::RecordBatch::Make(schema, column.length(), std::move(columns));
}

std::shared_ptr<arrow::RecordBatch> FromStructBatch(const arrow::RecordBatch& results,
                                                    const logical::Attributes& output,
                                                    const std::shared_ptr<arrow::Schema>& schema) {
  if (results.num_columns() != 1 || results.column(0)->type_id() != arrow::Type::STRUCT) {
    throw base::Error::Internal("A Python map function's worker did not return a struct column");
  }
  return FromStructColumn(*results.column(0), output, schema);
}

std::vector<std::pair<std::string, std::string>> RunnerConf(const base::SqlConf& conf) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const char* key : {"spark.sql.session.timeZone", "spark.sql.execution.pandas.convertToArrowArraySafely",
                          "spark.sql.legacy.execution.pandas.groupedMap.assignColumnsByName",
                          "spark.sql.execution.arrow.useLargeVarTypes", "spark.sql.execution.arrow.maxRecordsPerBatch",
                          "spark.sql.execution.pyspark.binaryAsBytes",
                          "spark.sql.legacy.execution.pythonUDF.pandas.conversion.enabled"}) {
    if (auto value = conf.Find(key)) out.emplace_back(key, *value);
  }
  constexpr char kMaxBytes[] = "spark.sql.execution.arrow.maxBytesPerBatch";
  out.emplace_back(kMaxBytes, std::to_string(conf.GetBytes(kMaxBytes)));
  return out;
}

}  // namespace sluice::python
