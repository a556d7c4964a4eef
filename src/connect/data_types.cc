// Data types ↔ spark.connect.DataType.
#include "base/error.h"
#include "connect/invalid_plan.h"
#include "connect/translate.h"
#include "spark/connect/types.pb.h"

namespace sluice::connect {
namespace {

namespace proto = spark::connect;
using types::TypeId;
using types::TypePtr;

// Nested types of the protocol cannot be deeper than the parser lets through; this bounds the
// recursion for messages that were built in the process.
constexpr int kMaxDepth = 512;

TypePtr Convert(const proto::DataType& type, int depth);

types::StructField ConvertField(const proto::DataType_StructField& field, int depth) {
  types::StructField out{field.name(), Convert(field.data_type(), depth + 1), field.nullable()};
  if (!field.metadata().empty()) out.metadata = field.metadata();
  return out;
}

TypePtr ConvertUdt(const proto::DataType_UDT& udt, int depth) {
  if (udt.type() != "udt") {
    throw InvalidPlan("UDT_TYPE_FIELD_INVALID", {{"udtType", udt.type()}});
  }
  if (!udt.has_sql_type()) throw base::Error::Unsupported("The user defined type " + udt.jvm_class());
  return types::Udt(udt.jvm_class(), udt.python_class(), Convert(udt.sql_type(), depth + 1));
}

TypePtr ConvertString(const proto::DataType_String& type) {
  if (!type.collation().empty() && type.collation() != "UTF8_BINARY") {
    throw base::Error::Unsupported("The collation " + type.collation());
  }
  return types::String();
}

TypePtr ConvertStruct(const proto::DataType_Struct& type, int depth) {
  std::vector<types::StructField> fields;
  fields.reserve(type.fields_size());
  for (const auto& field : type.fields()) fields.push_back(ConvertField(field, depth));
  return types::Struct(std::move(fields));
}

types::IntervalFields DayTimeFields(const proto::DataType_DayTimeInterval& type) {
  int start = type.has_start_field() ? type.start_field() : 0;
  int end = type.has_end_field() ? type.end_field() : 3;
  if (start < 0 || end > 3 || start > end) {
    throw InvalidPlan("ASSERTION_FAILURE", {{"message", "Invalid fields of a day-time interval."}});
  }
  return {start, end};
}

types::IntervalFields YearMonthFields(const proto::DataType_YearMonthInterval& type) {
  int start = type.has_start_field() ? type.start_field() : 0;
  int end = type.has_end_field() ? type.end_field() : 1;
  if (start < 0 || end > 1 || start > end) {
    throw InvalidPlan("ASSERTION_FAILURE", {{"message", "Invalid fields of a year-month interval."}});
  }
  return {start, end};
}

TypePtr ConvertDecimal(const proto::DataType_Decimal& type) {
  int precision = type.has_precision() ? type.precision() : 10;
  int scale = type.has_scale() ? type.scale() : 0;
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    throw InvalidPlan("ASSERTION_FAILURE", {{"message", "Invalid precision or scale of a decimal type."}});
  }
  return types::Decimal(precision, scale);
}

TypePtr Convert(const proto::DataType& type, int depth) {
  if (depth > kMaxDepth) throw TooDeep("data type");
  switch (type.kind_case()) {
    case proto::DataType::kNull:
      return types::Null();
    case proto::DataType::kBinary:
      return types::Binary();
    case proto::DataType::kBoolean:
      return types::Boolean();
    case proto::DataType::kByte:
      return types::Byte();
    case proto::DataType::kShort:
      return types::Short();
    case proto::DataType::kInteger:
      return types::Integer();
    case proto::DataType::kLong:
      return types::Long();
    case proto::DataType::kFloat:
      return types::Float();
    case proto::DataType::kDouble:
      return types::Double();
    case proto::DataType::kDecimal:
      return ConvertDecimal(type.decimal());
    case proto::DataType::kString:
      return ConvertString(type.string());
    case proto::DataType::kChar:
      return types::Char(type.char_().length());
    case proto::DataType::kVarChar:
      return types::Varchar(type.var_char().length());
    case proto::DataType::kDate:
      return types::Date();
    case proto::DataType::kTime:
      return types::Time(type.time().has_precision() ? type.time().precision() : 6);
    case proto::DataType::kTimestamp:
      return types::Timestamp();
    case proto::DataType::kTimestampNtz:
      return types::TimestampNtz();
    case proto::DataType::kCalendarInterval:
      return types::CalendarInterval();
    case proto::DataType::kYearMonthInterval:
      return types::YearMonthInterval(YearMonthFields(type.year_month_interval()));
    case proto::DataType::kDayTimeInterval:
      return types::DayTimeInterval(DayTimeFields(type.day_time_interval()));
    case proto::DataType::kArray:
      return types::Array(Convert(type.array().element_type(), depth + 1), type.array().contains_null());
    case proto::DataType::kMap:
      return types::Map(Convert(type.map().key_type(), depth + 1), Convert(type.map().value_type(), depth + 1),
                        type.map().value_contains_null());
    case proto::DataType::kStruct:
      return ConvertStruct(type.struct_(), depth);
    case proto::DataType::kVariant:
      return types::Variant();
    case proto::DataType::kUdt:
      return ConvertUdt(type.udt(), depth);
    case proto::DataType::kUnparsed:
      return types::ParseDdl(type.unparsed().data_type_string());
    case proto::DataType::kGeometry:
    case proto::DataType::kGeography:
    case proto::DataType::KIND_NOT_SET:
      break;
  }
  throw InvalidPlan("DATA_TYPE_UNSUPPORTED_PROTO_TO_CATALYST",
                    {{"kindCase", OneofCaseName(type, "kind", "KIND_NOT_SET")}});
}

void Fill(const types::DataType& type, proto::DataType* out);

void FillStruct(const types::DataType& type, proto::DataType_Struct* out) {
  for (const types::StructField& field : type.fields()) {
    auto* added = out->add_fields();
    added->set_name(field.name);
    added->set_nullable(field.nullable);
    Fill(*field.type, added->mutable_data_type());
    if (!field.metadata.empty() && field.metadata != "{}") added->set_metadata(field.metadata);
  }
}

void FillUdt(const types::DataType& type, proto::DataType_UDT* out) {
  out->set_type("udt");
  if (!type.jvm_class().empty()) out->set_jvm_class(type.jvm_class());
  if (!type.python_class().empty()) out->set_python_class(type.python_class());
  Fill(*type.sql_type(), out->mutable_sql_type());
}

void Fill(const types::DataType& type, proto::DataType* out) {
  switch (type.id()) {
    case TypeId::kNull:
      out->mutable_null();
      return;
    case TypeId::kBoolean:
      out->mutable_boolean();
      return;
    case TypeId::kByte:
      out->mutable_byte();
      return;
    case TypeId::kShort:
      out->mutable_short_();
      return;
    case TypeId::kInteger:
      out->mutable_integer();
      return;
    case TypeId::kLong:
      out->mutable_long_();
      return;
    case TypeId::kFloat:
      out->mutable_float_();
      return;
    case TypeId::kDouble:
      out->mutable_double_();
      return;
    case TypeId::kDecimal:
      out->mutable_decimal()->set_precision(type.precision());
      out->mutable_decimal()->set_scale(type.scale());
      return;
    case TypeId::kString:
      out->mutable_string();
      return;
    case TypeId::kChar:
      out->mutable_char_()->set_length(type.length());
      return;
    case TypeId::kVarchar:
      out->mutable_var_char()->set_length(type.length());
      return;
    case TypeId::kBinary:
      out->mutable_binary();
      return;
    case TypeId::kDate:
      out->mutable_date();
      return;
    case TypeId::kTime:
      out->mutable_time()->set_precision(type.precision());
      return;
    case TypeId::kTimestamp:
      out->mutable_timestamp();
      return;
    case TypeId::kTimestampNtz:
      out->mutable_timestamp_ntz();
      return;
    case TypeId::kDayTimeInterval:
      out->mutable_day_time_interval()->set_start_field(type.interval().start);
      out->mutable_day_time_interval()->set_end_field(type.interval().end);
      return;
    case TypeId::kYearMonthInterval:
      out->mutable_year_month_interval()->set_start_field(type.interval().start);
      out->mutable_year_month_interval()->set_end_field(type.interval().end);
      return;
    case TypeId::kCalendarInterval:
      out->mutable_calendar_interval();
      return;
    case TypeId::kArray:
      Fill(*type.element(), out->mutable_array()->mutable_element_type());
      out->mutable_array()->set_contains_null(type.contains_null());
      return;
    case TypeId::kMap:
      Fill(*type.key(), out->mutable_map()->mutable_key_type());
      Fill(*type.value(), out->mutable_map()->mutable_value_type());
      out->mutable_map()->set_value_contains_null(type.contains_null());
      return;
    case TypeId::kStruct:
      FillStruct(type, out->mutable_struct_());
      return;
    case TypeId::kVariant:
      out->mutable_variant();
      return;
    case TypeId::kUdt:
      FillUdt(type, out->mutable_udt());
      return;
  }
}

}  // namespace

TypePtr ToType(const proto::DataType& type) { return Convert(type, 0); }

proto::DataType ToProto(const types::DataType& type) {
  proto::DataType out;
  Fill(type, &out);
  return out;
}

}  // namespace sluice::connect
