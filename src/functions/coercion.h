// Implicit type conversion: the common type of several types, and what a parameter accepts.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "types/data_type.h"

namespace sluice::functions {

/// The common type without loss of precision (TypeCoercion.findTightestCommonType); null if there is none.
types::TypePtr FindTightestCommonType(const types::TypePtr& a, const types::TypePtr& b, bool ansi);

/// The common type of two branches, allowing some loss (decimal with double) and string promotion
/// (findWiderTypeForTwo): CASE, coalesce, IN, UNION, array(…). Null if there is none.
types::TypePtr FindWiderType(const types::TypePtr& a, const types::TypePtr& b, bool ansi);
/// The same over many (findWiderCommonType); Null() for no types.
types::TypePtr FindWiderType(const std::vector<types::TypePtr>& types, bool ansi);
/// Without string promotion (greatest, least).
types::TypePtr FindWiderTypeWithoutStrings(const std::vector<types::TypePtr>& types, bool ansi);
/// The type both sides of a comparison (=, <, …) are cast to; null if they cannot be compared. A literal integer
/// beside a decimal takes only the digits it has; its number of digits is given then, else 0.
types::TypePtr FindComparisonType(const types::TypePtr& left, const types::TypePtr& right, bool equality, bool ansi,
                                  int left_literal_digits = 0, int right_literal_digits = 0);

/// The type that a string takes beside another type in a binary operator; null if none (ANSI rules).
types::TypePtr PromoteString(const types::TypePtr& a, const types::TypePtr& b);

/// DecimalType.forType: the decimal that holds every value of an integral type (others: float (14,7), double (30,15)).
types::TypePtr DecimalForType(const types::DataType& type);
/// The smallest decimal that holds both (DecimalPrecision.widerDecimalType).
types::TypePtr WiderDecimal(const types::DataType& a, const types::DataType& b);
/// DecimalType.adjustPrecisionScale: the type of an operation's result whose exact type may exceed 38 digits.
types::TypePtr AdjustDecimal(int precision, int scale);
/// DecimalType.bounded: both cut at 38.
types::TypePtr BoundedDecimal(int precision, int scale);

/// True if a cast from → to may give null for a value that is not null (Cast.forceNullable).
bool CastForcesNull(const types::DataType& from, const types::DataType& to);
/// Equal but for nullability flags.
bool SameType(const types::TypePtr& a, const types::TypePtr& b);
/// True if values can be sorted and compared (no map, variant or interval of both kinds inside).
bool IsOrderable(const types::DataType& type);

/// What a parameter accepts (Spark's AbstractDataType).
class Expected {
 public:
  enum class Kind {
    kExact,
    kAny,
    kNumeric,
    kIntegral,
    kDecimal,
    kAnyTimestamp,
    kAnsiInterval,  ///< day-time or year-month, of any fields
    kDayTime,
    kYearMonth,
    kArray,    ///< of anything
    kArrayOf,  ///< of an Expected
    kMap,
    kStruct,
    kOneOf,
  };
  Expected(types::TypePtr exact);  // NOLINT: types stand for themselves in signatures
  static Expected Any() { return Expected(Kind::kAny); }
  static Expected Numeric() { return Expected(Kind::kNumeric); }
  static Expected Integral() { return Expected(Kind::kIntegral); }
  static Expected Decimal() { return Expected(Kind::kDecimal); }
  static Expected AnyTimestamp() { return Expected(Kind::kAnyTimestamp); }
  static Expected AnsiInterval() { return Expected(Kind::kAnsiInterval); }
  static Expected DayTime() { return Expected(Kind::kDayTime); }
  static Expected YearMonth() { return Expected(Kind::kYearMonth); }
  static Expected Array() { return Expected(Kind::kArray); }
  static Expected ArrayOf(Expected element);
  static Expected Map() { return Expected(Kind::kMap); }
  static Expected Struct() { return Expected(Kind::kStruct); }
  static Expected OneOf(std::vector<Expected> alternatives);

  bool Accepts(const types::DataType& type) const;
  /// As messages show it: "\"STRING\"", "(\"STRING\" or \"BINARY\")", "\"NUMERIC\"".
  std::string Sql() const;
  /// The type an argument is cast to, itself if it is accepted as it is; null if it can't be
  /// (TypeCoercion.implicitCast).
  types::TypePtr ImplicitCast(const types::TypePtr& from, bool ansi) const;

 private:
  explicit Expected(Kind kind) : kind_(kind) {}
  types::TypePtr DefaultConcreteType() const;
  types::TypePtr AnsiImplicitCast(const types::TypePtr& from) const;
  types::TypePtr LegacyImplicitCast(const types::TypePtr& from) const;

  Kind kind_;
  types::TypePtr exact_;
  std::vector<Expected> parts_;
};

}  // namespace sluice::functions
