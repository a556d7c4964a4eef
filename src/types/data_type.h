// Spark SQL's data types.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arrow {
class DataType;
class Field;
class Schema;
}  // namespace arrow

namespace sluice::types {

enum class TypeId {
  kNull,
  kBoolean,
  kByte,
  kShort,
  kInteger,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kString,
  kChar,
  kVarchar,
  kBinary,
  kDate,
  kTime,
  kTimestamp,  ///< an instant, shown in the session's time zone (TIMESTAMP_LTZ)
  kTimestampNtz,
  kDayTimeInterval,
  kYearMonthInterval,
  kCalendarInterval,
  kArray,
  kMap,
  kStruct,
  kVariant,
  kUdt,
};

class DataType;
using TypePtr = std::shared_ptr<const DataType>;

/// One field of a struct. `metadata` is JSON text, "{}" when there is none.
struct StructField {
  std::string name;
  TypePtr type;
  bool nullable = true;
  std::string metadata = "{}";
};

/// Interval fields of DayTimeInterval (0 day … 3 second) and YearMonthInterval (0 year, 1 month).
struct IntervalFields {
  int start = 0;
  int end = 3;
};

/// An immutable type. Only the members that belong to `id()` are set.
class DataType {
 public:
  TypeId id() const { return id_; }
  bool Is(TypeId id) const { return id_ == id; }

  int precision() const { return precision_; }  ///< kDecimal (1 … 38), kTime
  int scale() const { return scale_; }          ///< kDecimal
  int length() const { return precision_; }     ///< kChar, kVarchar
  IntervalFields interval() const { return interval_; }
  const TypePtr& element() const { return first_; }                   ///< kArray
  const TypePtr& key() const { return first_; }                       ///< kMap
  const TypePtr& value() const { return second_; }                    ///< kMap
  bool contains_null() const { return contains_null_; }               ///< kArray elements, kMap values
  const std::vector<StructField>& fields() const { return fields_; }  ///< kStruct
  const TypePtr& sql_type() const { return first_; }                  ///< kUdt
  const std::string& jvm_class() const { return jvm_class_; }         ///< kUdt
  const std::string& python_class() const { return python_class_; }   ///< kUdt

  bool IsIntegral() const { return id_ >= TypeId::kByte && id_ <= TypeId::kLong; }
  bool IsFractional() const { return id_ == TypeId::kFloat || id_ == TypeId::kDouble || id_ == TypeId::kDecimal; }
  bool IsNumeric() const { return id_ >= TypeId::kByte && id_ <= TypeId::kDecimal; }
  bool IsStringLike() const { return id_ == TypeId::kString || id_ == TypeId::kChar || id_ == TypeId::kVarchar; }
  bool IsTimestampLike() const { return id_ == TypeId::kTimestamp || id_ == TypeId::kTimestampNtz; }
  bool IsNested() const { return id_ == TypeId::kArray || id_ == TypeId::kMap || id_ == TypeId::kStruct; }

  /// Equality; with `ignore_nullability` array/map/struct null flags and struct metadata don't count.
  bool Equals(const DataType& other, bool ignore_nullability = false) const;

  /// "int", "struct<a:int,b:string>" (DataType.simpleString, as df.dtypes shows it).
  std::string SimpleString() const;
  /// "INT", "STRUCT<a: INT, b: STRING>" (DataType.sql, as error messages show it).
  std::string Sql() const;
  /// Spark's JSON form: "\"integer\"", "{\"type\":\"struct\",…}".
  std::string Json() const;
  /// The lines of df.printSchema() below "root": " |-- a: integer (nullable = true)\n". kStruct only.
  std::string TreeString() const;
  /// "a INT,b STRING NOT NULL" (StructType.toDDL). kStruct only.
  std::string Ddl() const;

  /// The index of the field of that name, compared without case unless `case_sensitive`; nothing if none. kStruct.
  std::optional<int> FieldIndex(std::string_view name, bool case_sensitive = false) const;

  friend struct TypeFactory;

 private:
  TypeId id_ = TypeId::kNull;
  int precision_ = 0;
  int scale_ = 0;
  IntervalFields interval_;
  bool contains_null_ = true;
  TypePtr first_;
  TypePtr second_;
  std::vector<StructField> fields_;
  std::string jvm_class_;
  std::string python_class_;
};

TypePtr Null();
TypePtr Boolean();
TypePtr Byte();
TypePtr Short();
TypePtr Integer();
TypePtr Long();
TypePtr Float();
TypePtr Double();
TypePtr Decimal(int precision, int scale);
TypePtr String();
TypePtr Char(int length);
TypePtr Varchar(int length);
TypePtr Binary();
TypePtr Date();
TypePtr Time(int precision = 6);
TypePtr Timestamp();
TypePtr TimestampNtz();
TypePtr DayTimeInterval(IntervalFields fields = {0, 3});
TypePtr YearMonthInterval(IntervalFields fields = {0, 1});
TypePtr CalendarInterval();
TypePtr Array(TypePtr element, bool contains_null = true);
TypePtr Map(TypePtr key, TypePtr value, bool value_contains_null = true);
TypePtr Struct(std::vector<StructField> fields);
TypePtr Variant();
TypePtr Udt(std::string jvm_class, std::string python_class, TypePtr sql_type);

bool Equal(const TypePtr& a, const TypePtr& b, bool ignore_nullability = false);

/// Every nullable flag in the type set (StructType.asNullable).
TypePtr AsNullable(const TypePtr& type);

/// Parses Spark's JSON type text. Throws kIllegalArgument for bad JSON.
TypePtr ParseJsonType(std::string_view json);
/// Parses "a INT, b: STRING NOT NULL COMMENT 'x'" into a struct, or a single type "array<int>" into that type
/// (StructType.fromDDL with DataType.fromDDL as fall-back). Throws kParse (PARSE_SYNTAX_ERROR, UNSUPPORTED_DATATYPE).
TypePtr ParseDdl(std::string_view ddl);
/// A single type, e.g. "decimal(10,2)"; for CAST and type strings. Throws kParse.
TypePtr ParseTypeName(std::string_view text);
/// JSON if the text starts with '{' or '"', else DDL: what readers accept as `schema`. The result is a struct.
TypePtr ParseSchemaText(std::string_view text);

/// In memory: string=utf8, binary=binary, timestamp=timestamp[us, tz=UTC], ntz=timestamp[us], date=date32,
/// time=time64[ns], day-time interval=duration[us], year-month interval=int32, calendar interval=month_day_nano,
/// decimal=decimal128, UDT = its SQL type. Field names of list/map children are "element", "key", "value".
std::shared_ptr<arrow::DataType> ToArrow(const TypePtr& type);
std::shared_ptr<arrow::Field> ToArrow(const StructField& field);
std::shared_ptr<arrow::Schema> ToArrowSchema(const DataType& struct_type);
/// The Spark type that an Arrow column is read as; large and view variants map to the plain ones, unsigned to the next
/// wider signed. Throws UNSUPPORTED_ARROWTYPE for what Spark cannot hold.
TypePtr FromArrow(const arrow::DataType& type);
TypePtr FromArrowSchema(const arrow::Schema& schema);

/// `name` quoted with backticks where Spark would (toSQLId with quoteIfNeeded).
std::string QuoteIfNeeded(std::string_view name);
/// Always in backticks: `a`.`b`.
std::string QuoteIdentifier(const std::vector<std::string>& parts);
/// "a.`b.c`.d" → parts. Throws INVALID_ATTRIBUTE_NAME_SYNTAX (kAnalysis) for unbalanced backticks.
std::vector<std::string> ParseAttributeName(std::string_view text);

}  // namespace sluice::types
