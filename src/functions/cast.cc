// Which casts exist, and the choice of their kernels.
#include "functions/cast.h"

#include <arrow/scalar.h>
#include <fmt/format.h>

#include "base/error.h"
#include "functions/cast_kernels.h"
#include "functions/coercion.h"
#include "functions/columns.h"
#include "functions/kernels.h"
#include "types/number_text.h"

namespace sluice::functions {

using logical::CastBehaviour;
using types::DataType;
using types::TypeId;
using types::TypePtr;

namespace {

bool IsAnsiInterval(const DataType& type) {
  return type.Is(TypeId::kDayTimeInterval) || type.Is(TypeId::kYearMonthInterval);
}
bool IsDatetime(const DataType& type) { return type.Is(TypeId::kDate) || type.IsTimestampLike(); }
bool IsExactNumber(const DataType& type) { return type.IsIntegral() || type.Is(TypeId::kDecimal); }
bool HasOneField(const DataType& type) { return type.interval().start == type.interval().end; }
bool KeepsNulls(bool from, bool to) { return !from || to; }

template <typename Rule>
bool NestedCan(const DataType& from, const DataType& to, Rule rule) {
  if (from.id() != to.id()) return false;
  switch (from.id()) {
    case TypeId::kArray:
      return rule(*from.element(), *to.element()) &&
             KeepsNulls(from.contains_null() || CastForcesNull(*from.element(), *to.element()), to.contains_null());
    case TypeId::kMap:
      return rule(*from.key(), *to.key()) && !CastForcesNull(*from.key(), *to.key()) &&
             rule(*from.value(), *to.value()) &&
             KeepsNulls(from.contains_null() || CastForcesNull(*from.value(), *to.value()), to.contains_null());
    case TypeId::kStruct: {
      if (from.fields().size() != to.fields().size()) return false;
      for (size_t i = 0; i < from.fields().size(); ++i) {
        const auto& a = from.fields()[i];
        const auto& b = to.fields()[i];
        if (!rule(*a.type, *b.type) || !KeepsNulls(a.nullable || CastForcesNull(*a.type, *b.type), b.nullable)) {
          return false;
        }
      }
      return true;
    }
    case TypeId::kUdt:
      return from.Equals(to, true);
    default:
      return false;
  }
}

bool CanAnsiCast(const DataType& from, const DataType& to) {
  if (from.Equals(to, true) || from.Is(TypeId::kNull) || to.IsStringLike()) return true;
  if (from.Is(TypeId::kVariant)) return true;
  if (from.IsStringLike()) {
    return to.Is(TypeId::kBinary) || to.Is(TypeId::kBoolean) || to.IsNumeric() || IsDatetime(to) ||
           to.Is(TypeId::kTime) || to.Is(TypeId::kCalendarInterval) || IsAnsiInterval(to);
  }
  if (from.IsNumeric()) {
    if (to.IsNumeric() || to.Is(TypeId::kBoolean) || to.Is(TypeId::kTimestamp)) return true;
    return IsExactNumber(from) && IsAnsiInterval(to) && HasOneField(to);
  }
  if (from.Is(TypeId::kBoolean)) return to.IsNumeric();
  if (from.Is(TypeId::kTimestamp)) {
    return to.IsNumeric() || to.Is(TypeId::kDate) || to.Is(TypeId::kTimestampNtz) || to.Is(TypeId::kTime);
  }
  if (from.Is(TypeId::kTimestampNtz)) {
    return to.Is(TypeId::kDate) || to.Is(TypeId::kTimestamp) || to.Is(TypeId::kTime);
  }
  if (from.Is(TypeId::kDate)) return to.IsTimestampLike();
  if (from.Is(TypeId::kTime)) return IsExactNumber(to) || to.Is(TypeId::kTime);
  if (IsAnsiInterval(from))
    return from.id() == to.id() || (to.IsIntegral() || (to.Is(TypeId::kDecimal) && HasOneField(from)));
  return NestedCan(from, to, CanAnsiCast);
}

bool CanLegacyCast(const DataType& from, const DataType& to) {
  if (CanAnsiCast(from, to) && !from.IsNested()) return true;
  if (from.IsIntegral() && to.Is(TypeId::kBinary)) return true;
  if (from.Is(TypeId::kTimestamp) && to.Is(TypeId::kBoolean)) return true;
  if (from.Is(TypeId::kBoolean) && to.Is(TypeId::kTimestamp)) return true;
  if (from.Is(TypeId::kDate) && (to.IsNumeric() || to.Is(TypeId::kBoolean))) return true;
  return NestedCan(from, to, CanLegacyCast);
}

bool IsWiderNumber(const DataType& from, const DataType& to) {
  if (from.Is(TypeId::kDecimal) && to.Is(TypeId::kDecimal)) {
    return to.scale() >= from.scale() && to.precision() - to.scale() >= from.precision() - from.scale();
  }
  if (to.Is(TypeId::kDecimal)) {
    return from.IsIntegral() && to.precision() - to.scale() >= DecimalForType(from)->precision();
  }
  if (from.Is(TypeId::kDecimal)) return false;
  return from.id() <= to.id();
}

logical::ScalarKernel Retyped(const TypePtr& to) {
  return [type = types::ToArrow(to)](logical::EvalContext&, const std::vector<arrow::Datum>& arguments,
                                     int64_t) -> arrow::Datum {
    const arrow::Datum& value = arguments[0];
    if (value.type()->Equals(*type, true)) return value;
    if (value.is_scalar()) {
      ColumnBase column(value);
      return AsScalar(arrow::MakeArray(WithType(column.array()->data(), type)));
    }
    return arrow::MakeArray(WithType(value.array(), type));
  };
}

logical::ScalarKernel AllNull(const TypePtr& to) {
  return [type = types::ToArrow(to)](logical::EvalContext&, const std::vector<arrow::Datum>&, int64_t) {
    return arrow::Datum(arrow::MakeNullScalar(type));
  };
}

}  // namespace

bool CanCast(const DataType& from, const DataType& to, CastBehaviour behaviour) {
  return behaviour == CastBehaviour::kLegacy ? CanLegacyCast(from, to) : CanAnsiCast(from, to);
}

bool CanUpCast(const DataType& from, const DataType& to) {
  if (from.Equals(to, true) || from.Is(TypeId::kNull)) return true;
  if (from.IsNumeric() && to.IsNumeric()) return IsWiderNumber(from, to);
  if (from.Is(TypeId::kDate) && to.IsTimestampLike()) return true;
  if (from.Is(TypeId::kTimestampNtz) && to.Is(TypeId::kTimestamp)) return true;
  if (from.Is(TypeId::kTimestamp) && to.Is(TypeId::kTimestampNtz)) return true;
  if (to.IsStringLike()) return !from.IsNested() && !from.Is(TypeId::kVariant) && !from.Is(TypeId::kUdt);
  if (IsAnsiInterval(from) && from.id() == to.id()) return true;
  return NestedCan(from, to, CanUpCast);
}

bool CanStoreAssign(const DataType& from, const DataType& to) {
  if (from.Equals(to, true) || from.Is(TypeId::kNull)) return true;
  if (from.IsNumeric() && to.IsNumeric()) return true;
  if (to.IsStringLike()) return !from.IsNested() && !from.Is(TypeId::kVariant) && !from.Is(TypeId::kUdt);
  if (IsDatetime(from) && IsDatetime(to)) return true;
  if (from.Is(TypeId::kTime) && to.Is(TypeId::kTime)) return true;
  if (IsAnsiInterval(from) && from.id() == to.id()) return true;
  return NestedCan(from, to, CanStoreAssign);
}

std::string NumberSql(int64_t value, TypeId type) {
  switch (type) {
    case TypeId::kByte:
      return fmt::format("{}Y", value);
    case TypeId::kShort:
      return fmt::format("{}S", value);
    case TypeId::kLong:
      return fmt::format("{}L", value);
    default:
      return fmt::format("{}", value);
  }
}

std::string NumberSql(double value, TypeId type) {
  if (value != value || value - value != 0) return types::FormatDouble(value);
  return type == TypeId::kFloat ? fmt::format("CAST('{}' AS FLOAT)", types::FormatFloat(static_cast<float>(value)))
                                : types::FormatDouble(value) + "D";
}

base::Error CastInvalidInput(std::string_view value, const DataType& from, const DataType& to) {
  base::ErrorKind kind = base::ErrorKind::kRuntime;
  if (to.IsNumeric()) kind = base::ErrorKind::kNumberFormat;
  if (IsDatetime(to) || to.Is(TypeId::kTime)) kind = base::ErrorKind::kDateTime;
  std::string quoted(value);
  if (from.IsStringLike()) {
    std::string escaped;
    for (char c : value) escaped += c == '\'' ? "\\'" : std::string(1, c);
    quoted = "'" + escaped + "'";
  }
  return base::Error(kind, "CAST_INVALID_INPUT",
                     {{"expression", quoted},
                      {"sourceType", "\"" + from.Sql() + "\""},
                      {"targetType", "\"" + to.Sql() + "\""},
                      {"ansiConfig", "\"spark.sql.ansi.enabled\""}});
}

base::Error CastOverflow(const std::string& value, const DataType& from, const DataType& to) {
  return base::Error(base::ErrorKind::kArithmetic, "CAST_OVERFLOW",
                     {{"value", value},
                      {"sourceType", "\"" + from.Sql() + "\""},
                      {"targetType", "\"" + to.Sql() + "\""},
                      {"ansiConfig", "\"spark.sql.ansi.enabled\""}});
}

base::Error DecimalOverflow(const std::string& value, const DataType& to) {
  return base::Error(base::ErrorKind::kArithmetic, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
                     {{"value", value},
                      {"precision", std::to_string(to.precision())},
                      {"scale", std::to_string(to.scale())},
                      {"config", "\"spark.sql.ansi.enabled\""}});
}

std::shared_ptr<arrow::ArrayData> WithType(const std::shared_ptr<arrow::ArrayData>& data,
                                           const std::shared_ptr<arrow::DataType>& type) {
  if (data->type->Equals(*type, true)) return data;
  auto out = data->Copy();
  out->type = type;
  for (size_t i = 0; i < out->child_data.size() && i < static_cast<size_t>(type->num_fields()); ++i) {
    out->child_data[i] = WithType(data->child_data[i], type->field(static_cast<int>(i))->type());
  }
  return out;
}

logical::ScalarKernel MakeCastKernel(const TypePtr& from, const TypePtr& to, CastBehaviour behaviour) {
  if (from->Is(TypeId::kUdt)) return MakeCastKernel(from->sql_type(), to, behaviour);
  if (to->Is(TypeId::kUdt)) return MakeCastKernel(from, to->sql_type(), behaviour);
  if (from->Equals(*to, true) || (from->IsStringLike() && to->IsStringLike())) return Retyped(to);
  if (from->Is(TypeId::kNull)) return AllNull(to);
  CastRule rule{from, to, behaviour};
  if (to->IsStringLike()) return CastToString(rule);
  if (from->IsStringLike()) return CastFromString(rule);
  auto is_number = [](const DataType& type) { return type.IsNumeric() || type.Is(TypeId::kBoolean); };
  if (is_number(*from) && is_number(*to)) return CastNumber(rule);
  if (from->IsNested() && from->id() == to->id()) return CastNested(rule);
  return CastDatetime(rule);
}

}  // namespace sluice::functions
