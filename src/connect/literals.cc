// Constants ↔ spark.connect.Expression.Literal.
#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include "base/arrow_status.h"
#include "connect/invalid_plan.h"
#include "connect/translate.h"
#include "spark/connect/expressions.pb.h"

namespace sluice::connect {
namespace {

namespace proto = spark::connect;
using types::Literal;
using types::TypeId;
using types::TypePtr;
using ScalarPtr = std::shared_ptr<arrow::Scalar>;
using ProtoLiteral = proto::Expression_Literal;

constexpr int kMaxDepth = 512;
constexpr int64_t kNanosPerMicro = 1000;

Literal Convert(const ProtoLiteral& literal, int depth);

Literal Make(TypePtr type, ScalarPtr value) { return Literal{std::move(type), std::move(value)}; }

// A scalar whose Arrow type has parameters (time stamps, durations).
template <typename Scalar, typename Value>
Literal MakeOf(TypePtr type, Value value) {
  auto arrow_type = types::ToArrow(type);
  return Make(std::move(type), std::make_shared<Scalar>(value, std::move(arrow_type)));
}

Literal ConvertDecimal(const proto::Expression_Literal_Decimal& decimal) {
  arrow::Decimal128 value;
  int32_t precision = 0;
  int32_t scale = 0;
  if (!arrow::Decimal128::FromString(decimal.value(), &value, &precision, &scale).ok()) {
    throw base::Error::Plain(base::ErrorKind::kNumberFormat, "Invalid decimal literal: " + decimal.value());
  }
  if (scale < 0) {
    value = base::ValueOrThrow(value.Rescale(scale, 0));
    precision -= scale;
    scale = 0;
  }
  int32_t wanted_scale = std::max(scale, decimal.has_scale() ? decimal.scale() : 0);
  precision = std::max({precision, decimal.has_precision() ? decimal.precision() : 0, wanted_scale});
  if (precision > 38 || precision < 1) {
    throw base::Error::Plain(base::ErrorKind::kArithmetic,
                             "Decimal precision " + std::to_string(precision) + " exceeds max precision 38");
  }
  value = base::ValueOrThrow(value.Rescale(scale, wanted_scale));
  auto type = types::Decimal(precision, wanted_scale);
  auto arrow_type = types::ToArrow(type);
  return Make(type, std::make_shared<arrow::Decimal128Scalar>(value, arrow_type));
}

// The scalar of `literal` as an element of a collection of `type`: the protocol lets untyped nulls
// stand for any type.
ScalarPtr ElementScalar(const ProtoLiteral& literal, const TypePtr& type, int depth) {
  Literal element = Convert(literal, depth + 1);
  auto arrow_type = types::ToArrow(type);
  if (element.is_null()) return arrow::MakeNullScalar(arrow_type);
  if (!element.value->type->Equals(arrow_type)) {
    auto cast = element.value->CastTo(arrow_type);
    if (!cast.ok()) {
      throw InvalidPlan("INCOMPATIBLE_LITERAL_DATA_TYPE",
                        {{"dataTypeKindCase", type->Sql()}, {"literalTypeCase", element.type->Sql()}});
    }
    return *cast;
  }
  return element.value;
}

std::shared_ptr<arrow::Array> BuildArray(const TypePtr& type,
                                         const google::protobuf::RepeatedPtrField<ProtoLiteral>& elements, int depth) {
  auto builder = base::ValueOrThrow(arrow::MakeBuilder(types::ToArrow(type)));
  for (const ProtoLiteral& element : elements) {
    base::ThrowIfError(builder->AppendScalar(*ElementScalar(element, type, depth)));
  }
  return base::ValueOrThrow(builder->Finish());
}

TypePtr ArrayElementType(const ProtoLiteral& literal) {
  if (literal.data_type().has_array()) return ToType(literal.data_type().array().element_type());
  if (literal.array().has_element_type()) return ToType(literal.array().element_type());
  throw InvalidPlan("ARRAY_LITERAL_MISSING_DATA_TYPE");
}

Literal ConvertArray(const ProtoLiteral& literal, int depth) {
  bool contains_null = !literal.data_type().has_array() || literal.data_type().array().contains_null();
  auto type = types::Array(ArrayElementType(literal), contains_null);
  auto values = BuildArray(type->element(), literal.array().elements(), depth);
  auto arrow_type = types::ToArrow(type);
  return Make(type, std::make_shared<arrow::ListScalar>(std::move(values), std::move(arrow_type)));
}

TypePtr MapType(const ProtoLiteral& literal) {
  if (literal.data_type().has_map()) return ToType(literal.data_type());
  const auto& map = literal.map();
  if (!map.has_key_type() || !map.has_value_type()) throw InvalidPlan("MAP_LITERAL_MISSING_DATA_TYPE");
  return types::Map(ToType(map.key_type()), ToType(map.value_type()), true);
}

Literal ConvertMap(const ProtoLiteral& literal, int depth) {
  auto type = MapType(literal);
  const auto& map = literal.map();
  if (map.keys_size() != map.values_size()) {
    throw InvalidPlan("ASSERTION_FAILURE", {{"message", "A map literal needs as many keys as values."}});
  }
  auto arrow_type = types::ToArrow(type);
  const auto& map_type = static_cast<const arrow::MapType&>(*arrow_type);
  auto entries = base::ValueOrThrow(arrow::StructArray::Make(
      {BuildArray(type->key(), map.keys(), depth), BuildArray(type->value(), map.values(), depth)},
      map_type.value_type()->fields()));
  return Make(type, std::make_shared<arrow::MapScalar>(std::move(entries), arrow_type));
}

Literal ConvertStruct(const ProtoLiteral& literal, int depth) {
  const auto& value = literal.struct_();
  if (!literal.data_type().has_struct_() && !value.has_struct_type()) {
    throw InvalidPlan("STRUCT_LITERAL_MISSING_DATA_TYPE");
  }
  auto type = ToType(literal.data_type().has_struct_() ? literal.data_type() : value.struct_type());
  const auto& fields = type->Is(TypeId::kUdt) ? type->sql_type()->fields() : type->fields();
  if (static_cast<int>(fields.size()) != value.elements_size()) {
    throw InvalidPlan("ASSERTION_FAILURE",
                      {{"message", "A struct literal needs as many elements as its type has fields."}});
  }
  arrow::ScalarVector scalars;
  for (int i = 0; i < value.elements_size(); ++i) {
    scalars.push_back(ElementScalar(value.elements(i), fields[i].type, depth));
  }
  auto arrow_type = types::ToArrow(type);
  return Make(type, std::make_shared<arrow::StructScalar>(std::move(scalars), std::move(arrow_type)));
}

template <typename Builder, typename Values>
Literal SpecializedArray(TypePtr element, const Values& values) {
  Builder builder;
  for (const auto& value : values) base::ThrowIfError(builder.Append(value));
  auto type = types::Array(std::move(element), false);
  auto arrow_type = types::ToArrow(type);
  return Make(type, std::make_shared<arrow::ListScalar>(base::ValueOrThrow(builder.Finish()), arrow_type));
}

Literal ConvertSpecializedArray(const proto::Expression_Literal_SpecializedArray& array) {
  using Array = proto::Expression_Literal_SpecializedArray;
  switch (array.value_type_case()) {
    case Array::kBools:
      return SpecializedArray<arrow::BooleanBuilder>(types::Boolean(), array.bools().values());
    case Array::kInts:
      return SpecializedArray<arrow::Int32Builder>(types::Integer(), array.ints().values());
    case Array::kLongs:
      return SpecializedArray<arrow::Int64Builder>(types::Long(), array.longs().values());
    case Array::kFloats:
      return SpecializedArray<arrow::FloatBuilder>(types::Float(), array.floats().values());
    case Array::kDoubles:
      return SpecializedArray<arrow::DoubleBuilder>(types::Double(), array.doubles().values());
    case Array::kStrings:
      return SpecializedArray<arrow::StringBuilder>(types::String(), array.strings().values());
    case Array::VALUE_TYPE_NOT_SET:
      break;
  }
  throw OneofNotSet(array, "value_type");
}

types::IntervalFields DayTimeFields(const ProtoLiteral& literal) {
  if (!literal.data_type().has_day_time_interval()) return {0, 3};
  return ToType(literal.data_type())->interval();
}

types::IntervalFields YearMonthFields(const ProtoLiteral& literal) {
  if (!literal.data_type().has_year_month_interval()) return {0, 1};
  return ToType(literal.data_type())->interval();
}

Literal ConvertCalendarInterval(const proto::Expression_Literal_CalendarInterval& interval) {
  arrow::MonthDayNanoIntervalType::MonthDayNanos value{};
  value.months = interval.months();
  value.days = interval.days();
  if (__builtin_mul_overflow(interval.microseconds(), kNanosPerMicro, &value.nanoseconds)) {
    throw base::Error::Plain(base::ErrorKind::kArithmetic, "long overflow");
  }
  return Make(types::CalendarInterval(), std::make_shared<arrow::MonthDayNanoIntervalScalar>(value));
}

Literal Convert(const ProtoLiteral& literal, int depth) {
  if (depth > kMaxDepth) throw TooDeep("literal");
  switch (literal.literal_type_case()) {
    case ProtoLiteral::kNull:
      return Literal::Null(ToType(literal.null()));
    case ProtoLiteral::kBinary:
      return Make(types::Binary(), std::make_shared<arrow::BinaryScalar>(literal.binary()));
    case ProtoLiteral::kBoolean:
      return Literal::Boolean(literal.boolean());
    case ProtoLiteral::kByte:
      return Make(types::Byte(), std::make_shared<arrow::Int8Scalar>(static_cast<int8_t>(literal.byte())));
    case ProtoLiteral::kShort:
      return Make(types::Short(), std::make_shared<arrow::Int16Scalar>(static_cast<int16_t>(literal.short_())));
    case ProtoLiteral::kInteger:
      return Literal::Integer(literal.integer());
    case ProtoLiteral::kLong:
      return Literal::Long(literal.long_());
    case ProtoLiteral::kFloat:
      return Make(types::Float(), std::make_shared<arrow::FloatScalar>(literal.float_()));
    case ProtoLiteral::kDouble:
      return Literal::Double(literal.double_());
    case ProtoLiteral::kDecimal:
      return ConvertDecimal(literal.decimal());
    case ProtoLiteral::kString:
      return Literal::String(literal.string());
    case ProtoLiteral::kDate:
      return MakeOf<arrow::Date32Scalar>(types::Date(), literal.date());
    case ProtoLiteral::kTime:
      return MakeOf<arrow::Time64Scalar>(types::Time(literal.time().has_precision() ? literal.time().precision() : 6),
                                         literal.time().nano());
    case ProtoLiteral::kTimestamp:
      return MakeOf<arrow::TimestampScalar>(types::Timestamp(), literal.timestamp());
    case ProtoLiteral::kTimestampNtz:
      return MakeOf<arrow::TimestampScalar>(types::TimestampNtz(), literal.timestamp_ntz());
    case ProtoLiteral::kCalendarInterval:
      return ConvertCalendarInterval(literal.calendar_interval());
    case ProtoLiteral::kYearMonthInterval:
      return Make(types::YearMonthInterval(YearMonthFields(literal)),
                  std::make_shared<arrow::Int32Scalar>(literal.year_month_interval()));
    case ProtoLiteral::kDayTimeInterval:
      return MakeOf<arrow::DurationScalar>(types::DayTimeInterval(DayTimeFields(literal)), literal.day_time_interval());
    case ProtoLiteral::kArray:
      return ConvertArray(literal, depth);
    case ProtoLiteral::kMap:
      return ConvertMap(literal, depth);
    case ProtoLiteral::kStruct:
      return ConvertStruct(literal, depth);
    case ProtoLiteral::kSpecializedArray:
      return ConvertSpecializedArray(literal.specialized_array());
    case ProtoLiteral::LITERAL_TYPE_NOT_SET:
      break;
  }
  throw InvalidPlan("UNSUPPORTED_LITERAL_TYPE", {{"typeInfo", "LITERALTYPE_NOT_SET(0)"}});
}

void Fill(const TypePtr& type, const arrow::Scalar& value, ProtoLiteral* out);

void FillElements(const TypePtr& type, const arrow::Array& values,
                  google::protobuf::RepeatedPtrField<ProtoLiteral>* out) {
  for (int64_t i = 0; i < values.length(); ++i) Fill(type, *base::ValueOrThrow(values.GetScalar(i)), out->Add());
}

void FillMap(const types::DataType& type, const arrow::Scalar& value, ProtoLiteral* out) {
  const auto& entries = static_cast<const arrow::StructArray&>(*static_cast<const arrow::MapScalar&>(value).value);
  *out->mutable_map()->mutable_key_type() = ToProto(*type.key());
  *out->mutable_map()->mutable_value_type() = ToProto(*type.value());
  FillElements(type.key(), *entries.field(0), out->mutable_map()->mutable_keys());
  FillElements(type.value(), *entries.field(1), out->mutable_map()->mutable_values());
}

void FillStruct(const types::DataType& type, const types::DataType& struct_type, const arrow::Scalar& value,
                ProtoLiteral* out) {
  *out->mutable_struct_()->mutable_struct_type() = ToProto(type);
  const auto& children = static_cast<const arrow::StructScalar&>(value).value;
  for (size_t i = 0; i < children.size(); ++i) {
    Fill(struct_type.fields()[i].type, *children[i], out->mutable_struct_()->add_elements());
  }
}

template <typename Scalar>
auto ValueOf(const arrow::Scalar& value) {
  return static_cast<const Scalar&>(value).value;
}

void FillDecimal(const types::DataType& type, const arrow::Scalar& value, ProtoLiteral* out) {
  out->mutable_decimal()->set_value(ValueOf<arrow::Decimal128Scalar>(value).ToString(type.scale()));
  out->mutable_decimal()->set_precision(type.precision());
  out->mutable_decimal()->set_scale(type.scale());
}

void FillCalendarInterval(const arrow::Scalar& value, ProtoLiteral* out) {
  auto interval = ValueOf<arrow::MonthDayNanoIntervalScalar>(value);
  out->mutable_calendar_interval()->set_months(interval.months);
  out->mutable_calendar_interval()->set_days(interval.days);
  out->mutable_calendar_interval()->set_microseconds(interval.nanoseconds / kNanosPerMicro);
}

void Fill(const TypePtr& type, const arrow::Scalar& value, ProtoLiteral* out) {
  if (!value.is_valid) {
    *out->mutable_null() = ToProto(*type);
    return;
  }
  switch (type->id()) {
    case TypeId::kNull:
      out->mutable_null()->mutable_null();
      return;
    case TypeId::kBoolean:
      out->set_boolean(ValueOf<arrow::BooleanScalar>(value));
      return;
    case TypeId::kByte:
      out->set_byte(ValueOf<arrow::Int8Scalar>(value));
      return;
    case TypeId::kShort:
      out->set_short_(ValueOf<arrow::Int16Scalar>(value));
      return;
    case TypeId::kInteger:
      out->set_integer(ValueOf<arrow::Int32Scalar>(value));
      return;
    case TypeId::kLong:
      out->set_long_(ValueOf<arrow::Int64Scalar>(value));
      return;
    case TypeId::kFloat:
      out->set_float_(ValueOf<arrow::FloatScalar>(value));
      return;
    case TypeId::kDouble:
      out->set_double_(ValueOf<arrow::DoubleScalar>(value));
      return;
    case TypeId::kDecimal:
      FillDecimal(*type, value, out);
      return;
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
      out->set_string(ValueOf<arrow::BaseBinaryScalar>(value)->ToString());
      return;
    case TypeId::kBinary:
      out->set_binary(ValueOf<arrow::BaseBinaryScalar>(value)->ToString());
      return;
    case TypeId::kDate:
      out->set_date(ValueOf<arrow::Date32Scalar>(value));
      return;
    case TypeId::kTime:
      out->mutable_time()->set_nano(ValueOf<arrow::Time64Scalar>(value));
      out->mutable_time()->set_precision(type->precision());
      return;
    case TypeId::kTimestamp:
      out->set_timestamp(ValueOf<arrow::TimestampScalar>(value));
      return;
    case TypeId::kTimestampNtz:
      out->set_timestamp_ntz(ValueOf<arrow::TimestampScalar>(value));
      return;
    case TypeId::kDayTimeInterval:
      out->set_day_time_interval(ValueOf<arrow::DurationScalar>(value));
      return;
    case TypeId::kYearMonthInterval:
      out->set_year_month_interval(ValueOf<arrow::Int32Scalar>(value));
      return;
    case TypeId::kCalendarInterval:
      FillCalendarInterval(value, out);
      return;
    case TypeId::kArray:
      *out->mutable_array()->mutable_element_type() = ToProto(*type->element());
      FillElements(type->element(), *static_cast<const arrow::BaseListScalar&>(value).value,
                   out->mutable_array()->mutable_elements());
      return;
    case TypeId::kMap:
      FillMap(*type, value, out);
      return;
    case TypeId::kStruct:
      FillStruct(*type, *type, value, out);
      return;
    case TypeId::kUdt:
      FillStruct(*type, *type->sql_type(), value, out);
      return;
    case TypeId::kVariant:
      throw base::Error::Unsupported("A variant constant in the protocol");
  }
}

}  // namespace

Literal ToLiteral(const ProtoLiteral& literal) { return Convert(literal, 0); }

ProtoLiteral ToProto(const Literal& literal) {
  ProtoLiteral out;
  if (literal.is_null()) {
    *out.mutable_null() = ToProto(*literal.type);
  } else {
    Fill(literal.type, *literal.value, &out);
  }
  return out;
}

}  // namespace sluice::connect
