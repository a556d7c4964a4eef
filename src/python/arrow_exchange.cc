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

std::vector<std::pair<std::string, std::string>> RunnerConf(const base::SqlConf& conf) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const char* key : {"spark.sql.session.timeZone", "spark.sql.execution.pandas.convertToArrowArraySafely",
                          "spark.sql.legacy.execution.pandas.groupedMap.assignColumnsByName",
                          "spark.sql.execution.arrow.useLargeVarTypes", "spark.sql.execution.arrow.maxRecordsPerBatch",
                          "spark.sql.execution.pyspark.binaryAsBytes",
                          "spark.sql.legacy.execution.pythonUDF.pandas.conversion.enabled"}) {
    if (auto value = conf.Find(key)) out.emplace_back(key, *value);
  }
  return out;
}

}  // namespace sluice::python
