// Construction, equality and look-ups of data types.
#include "types/data_type.h"

#include <algorithm>

namespace sluice::types {

struct TypeFactory {
  static std::shared_ptr<DataType> New(TypeId id) {
    auto type = std::make_shared<DataType>();
    type->id_ = id;
    return type;
  }
  static TypePtr Simple(TypeId id) { return New(id); }
  static TypePtr Sized(TypeId id, int precision, int scale = 0) {
    auto type = New(id);
    type->precision_ = precision;
    type->scale_ = scale;
    return type;
  }
  static TypePtr Interval(TypeId id, IntervalFields fields) {
    auto type = New(id);
    type->interval_ = fields;
    return type;
  }
  static TypePtr Nested(TypeId id, TypePtr first, TypePtr second, bool contains_null) {
    auto type = New(id);
    type->first_ = std::move(first);
    type->second_ = std::move(second);
    type->contains_null_ = contains_null;
    return type;
  }
  static TypePtr Struct(std::vector<StructField> fields) {
    auto type = New(TypeId::kStruct);
    type->fields_ = std::move(fields);
    return type;
  }
  static TypePtr Udt(std::string jvm_class, std::string python_class, TypePtr sql_type) {
    auto type = New(TypeId::kUdt);
    type->jvm_class_ = std::move(jvm_class);
    type->python_class_ = std::move(python_class);
    type->first_ = std::move(sql_type);
    return type;
  }
};

namespace {

bool EqualsWithoutCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

template <TypeId kId>
const TypePtr& Shared() {
  static const TypePtr type = TypeFactory::Simple(kId);
  return type;
}

}  // namespace

TypePtr Null() { return Shared<TypeId::kNull>(); }
TypePtr Boolean() { return Shared<TypeId::kBoolean>(); }
TypePtr Byte() { return Shared<TypeId::kByte>(); }
TypePtr Short() { return Shared<TypeId::kShort>(); }
TypePtr Integer() { return Shared<TypeId::kInteger>(); }
TypePtr Long() { return Shared<TypeId::kLong>(); }
TypePtr Float() { return Shared<TypeId::kFloat>(); }
TypePtr Double() { return Shared<TypeId::kDouble>(); }
TypePtr Decimal(int precision, int scale) { return TypeFactory::Sized(TypeId::kDecimal, precision, scale); }
TypePtr String() { return Shared<TypeId::kString>(); }
TypePtr Char(int length) { return TypeFactory::Sized(TypeId::kChar, length); }
TypePtr Varchar(int length) { return TypeFactory::Sized(TypeId::kVarchar, length); }
TypePtr Binary() { return Shared<TypeId::kBinary>(); }
TypePtr Date() { return Shared<TypeId::kDate>(); }
TypePtr Time(int precision) { return TypeFactory::Sized(TypeId::kTime, precision); }
TypePtr Timestamp() { return Shared<TypeId::kTimestamp>(); }
TypePtr TimestampNtz() { return Shared<TypeId::kTimestampNtz>(); }
TypePtr DayTimeInterval(IntervalFields fields) { return TypeFactory::Interval(TypeId::kDayTimeInterval, fields); }
TypePtr YearMonthInterval(IntervalFields fields) { return TypeFactory::Interval(TypeId::kYearMonthInterval, fields); }
TypePtr CalendarInterval() { return Shared<TypeId::kCalendarInterval>(); }
TypePtr Array(TypePtr element, bool contains_null) {
  return TypeFactory::Nested(TypeId::kArray, std::move(element), nullptr, contains_null);
}
TypePtr Map(TypePtr key, TypePtr value, bool value_contains_null) {
  return TypeFactory::Nested(TypeId::kMap, std::move(key), std::move(value), value_contains_null);
}
TypePtr Struct(std::vector<StructField> fields) { return TypeFactory::Struct(std::move(fields)); }
TypePtr Variant() { return Shared<TypeId::kVariant>(); }
TypePtr Udt(std::string jvm_class, std::string python_class, TypePtr sql_type) {
  return TypeFactory::Udt(std::move(jvm_class), std::move(python_class), std::move(sql_type));
}

bool DataType::Equals(const DataType& other, bool ignore_nullability) const {
  if (this == &other) return true;
  if (id_ != other.id_) return false;
  switch (id_) {
    case TypeId::kDecimal:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kTime:
      return precision_ == other.precision_ && scale_ == other.scale_;
    case TypeId::kDayTimeInterval:
    case TypeId::kYearMonthInterval:
      return interval_.start == other.interval_.start && interval_.end == other.interval_.end;
    case TypeId::kArray:
      return (ignore_nullability || contains_null_ == other.contains_null_) &&
             first_->Equals(*other.first_, ignore_nullability);
    case TypeId::kMap:
      return (ignore_nullability || contains_null_ == other.contains_null_) &&
             first_->Equals(*other.first_, ignore_nullability) && second_->Equals(*other.second_, ignore_nullability);
    case TypeId::kStruct:
      return std::equal(fields_.begin(), fields_.end(), other.fields_.begin(), other.fields_.end(),
                        [&](const StructField& a, const StructField& b) {
                          if (a.name != b.name || !a.type->Equals(*b.type, ignore_nullability)) return false;
                          return ignore_nullability || (a.nullable == b.nullable && a.metadata == b.metadata);
                        });
    case TypeId::kUdt:
      return jvm_class_ == other.jvm_class_ && python_class_ == other.python_class_ &&
             first_->Equals(*other.first_, ignore_nullability);
    default:
      return true;
  }
}

std::optional<int> DataType::FieldIndex(std::string_view name, bool case_sensitive) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    const std::string& field = fields_[i].name;
    if (case_sensitive ? field == name : EqualsWithoutCase(field, name)) return static_cast<int>(i);
  }
  return std::nullopt;
}

bool Equal(const TypePtr& a, const TypePtr& b, bool ignore_nullability) {
  if (!a || !b) return a == b;
  return a->Equals(*b, ignore_nullability);
}

TypePtr AsNullable(const TypePtr& type) {
  switch (type->id()) {
    case TypeId::kArray:
      return Array(AsNullable(type->element()), true);
    case TypeId::kMap:
      return Map(AsNullable(type->key()), AsNullable(type->value()), true);
    case TypeId::kStruct: {
      std::vector<StructField> fields = type->fields();
      for (StructField& field : fields) {
        field.type = AsNullable(field.type);
        field.nullable = true;
      }
      return Struct(std::move(fields));
    }
    default:
      return type;
  }
}

}  // namespace sluice::types
