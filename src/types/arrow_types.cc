// Spark types as Arrow types and back.
#include <arrow/type.h>
#include <fmt/format.h>

#include "base/error.h"
#include "types/data_type.h"

namespace sluice::types {

std::shared_ptr<arrow::DataType> ToArrow(const TypePtr& type) {
  switch (type->id()) {
    case TypeId::kNull:
      return arrow::null();
    case TypeId::kBoolean:
      return arrow::boolean();
    case TypeId::kByte:
      return arrow::int8();
    case TypeId::kShort:
      return arrow::int16();
    case TypeId::kInteger:
      return arrow::int32();
    case TypeId::kLong:
      return arrow::int64();
    case TypeId::kFloat:
      return arrow::float32();
    case TypeId::kDouble:
      return arrow::float64();
    case TypeId::kDecimal:
      return arrow::decimal128(type->precision(), type->scale());
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
      return arrow::utf8();
    case TypeId::kBinary:
      return arrow::binary();
    case TypeId::kDate:
      return arrow::date32();
    case TypeId::kTime:
      return arrow::time64(arrow::TimeUnit::NANO);
    case TypeId::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::kTimestampNtz:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::kDayTimeInterval:
      return arrow::duration(arrow::TimeUnit::MICRO);
    case TypeId::kYearMonthInterval:
      return arrow::int32();
    case TypeId::kCalendarInterval:
      return arrow::month_day_nano_interval();
    case TypeId::kArray:
      return arrow::list(arrow::field("element", ToArrow(type->element()), type->contains_null()));
    case TypeId::kMap:
      return std::make_shared<arrow::MapType>(arrow::field("key", ToArrow(type->key()), false),
                                              arrow::field("value", ToArrow(type->value()), type->contains_null()));
    case TypeId::kStruct: {
      arrow::FieldVector fields;
      for (const StructField& field : type->fields()) fields.push_back(ToArrow(field));
      return arrow::struct_(std::move(fields));
    }
    case TypeId::kUdt:
      return ToArrow(type->sql_type());
    case TypeId::kVariant:
      break;
  }
  throw base::Error::Unsupported("Data type " + type->Sql());
}

std::shared_ptr<arrow::Field> ToArrow(const StructField& field) {
  return arrow::field(field.name, ToArrow(field.type), field.nullable);
}

std::shared_ptr<arrow::Schema> ToArrowSchema(const DataType& struct_type) {
  arrow::FieldVector fields;
  for (const StructField& field : struct_type.fields()) fields.push_back(ToArrow(field));
  return arrow::schema(std::move(fields));
}

TypePtr FromArrow(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return Null();
    case arrow::Type::BOOL:
      return Boolean();
    case arrow::Type::INT8:
      return Byte();
    case arrow::Type::INT16:
    case arrow::Type::UINT8:
      return Short();
    case arrow::Type::INT32:
    case arrow::Type::UINT16:
      return Integer();
    case arrow::Type::INT64:
    case arrow::Type::UINT32:
      return Long();
    case arrow::Type::UINT64:
      return Decimal(20, 0);
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
      return Float();
    case arrow::Type::DOUBLE:
      return Double();
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      if (decimal.precision() > 38 || decimal.scale() < 0 || decimal.scale() > decimal.precision()) break;
      return Decimal(decimal.precision(), decimal.scale());
    }
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return String();
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
      return Binary();
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return Date();
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return Time();
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty() ? TimestampNtz() : Timestamp();
    case arrow::Type::DURATION:
      return DayTimeInterval();
    case arrow::Type::INTERVAL_MONTHS:
      return YearMonthInterval();
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return CalendarInterval();
    case arrow::Type::DICTIONARY:
      return FromArrow(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& field = static_cast<const arrow::BaseListType&>(type).value_field();
      return Array(FromArrow(*field->type()), field->nullable());
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return Map(FromArrow(*map.key_type()), FromArrow(*map.item_type()), map.item_field()->nullable());
    }
    case arrow::Type::STRUCT: {
      std::vector<StructField> fields;
      for (const auto& field : type.fields()) {
        fields.push_back({field->name(), FromArrow(*field->type()), field->nullable()});
      }
      return Struct(std::move(fields));
    }
    default:
      break;
  }
  throw base::Error(base::ErrorKind::kUnsupportedOperation, "UNSUPPORTED_ARROWTYPE", {{"typeName", type.ToString()}});
}

TypePtr FromArrowSchema(const arrow::Schema& schema) {
  std::vector<StructField> fields;
  for (const auto& field : schema.fields()) {
    fields.push_back({field->name(), FromArrow(*field->type()), field->nullable()});
  }
  return Struct(std::move(fields));
}

}  // namespace sluice::types
