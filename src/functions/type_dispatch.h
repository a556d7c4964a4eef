// Chooses a template's instance by a Spark type.
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "functions/columns.h"
#include "types/data_type.h"

namespace sluice::functions {

/// Calls `f(std::type_identity<T>)` with the C++ type that a Column of the Spark type holds; nested types are refused.
template <typename F>
decltype(auto) WithPrimitive(const types::DataType& type, F&& f) {
  using types::TypeId;
  switch (type.id()) {
    case TypeId::kBoolean:
      return f(std::type_identity<bool>());
    case TypeId::kByte:
      return f(std::type_identity<int8_t>());
    case TypeId::kShort:
      return f(std::type_identity<int16_t>());
    case TypeId::kInteger:
    case TypeId::kDate:
    case TypeId::kYearMonthInterval:
      return f(std::type_identity<int32_t>());
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
    case TypeId::kDayTimeInterval:
      return f(std::type_identity<int64_t>());
    case TypeId::kFloat:
      return f(std::type_identity<float>());
    case TypeId::kDouble:
      return f(std::type_identity<double>());
    case TypeId::kDecimal:
      return f(std::type_identity<Int128>());
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary:
      return f(std::type_identity<std::string_view>());
    default:
      throw base::Error::Internal("Not a primitive type: " + type.Sql());
  }
}

/// The same over byte, short, int, long, float, double and decimal.
template <typename F>
decltype(auto) WithNumber(const types::DataType& type, F&& f) {
  using types::TypeId;
  switch (type.id()) {
    case TypeId::kByte:
      return f(std::type_identity<int8_t>());
    case TypeId::kShort:
      return f(std::type_identity<int16_t>());
    case TypeId::kInteger:
      return f(std::type_identity<int32_t>());
    case TypeId::kLong:
      return f(std::type_identity<int64_t>());
    case TypeId::kFloat:
      return f(std::type_identity<float>());
    case TypeId::kDouble:
      return f(std::type_identity<double>());
    case TypeId::kDecimal:
      return f(std::type_identity<Int128>());
    default:
      throw base::Error::Internal("Not a number type: " + type.Sql());
  }
}

/// The same over byte, short, int and long.
template <typename F>
decltype(auto) WithIntegral(const types::DataType& type, F&& f) {
  using types::TypeId;
  switch (type.id()) {
    case TypeId::kByte:
      return f(std::type_identity<int8_t>());
    case TypeId::kShort:
      return f(std::type_identity<int16_t>());
    case TypeId::kInteger:
      return f(std::type_identity<int32_t>());
    case TypeId::kLong:
      return f(std::type_identity<int64_t>());
    default:
      throw base::Error::Internal("Not an integral type: " + type.Sql());
  }
}

inline bool IsPrimitive(const types::DataType& type) {
  using types::TypeId;
  switch (type.id()) {
    case TypeId::kNull:
    case TypeId::kCalendarInterval:
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kStruct:
    case TypeId::kVariant:
    case TypeId::kUdt:
      return false;
    default:
      return true;
  }
}

/// Spark's order of single values: NaN is the greatest number and equal to itself.
template <typename T>
bool IsLess(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>)
    return a < b || (b != b && a == a);
  else
    return a < b;
}
template <typename T>
bool IsEqual(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>)
    return a == b || (a != a && b != b);
  else
    return a == b;
}

}  // namespace sluice::functions
