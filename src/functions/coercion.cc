// Spark's type coercion rules, ANSI and legacy.
#include "functions/coercion.h"

#include <algorithm>
#include <functional>

#include "functions/cast.h"

namespace sluice::functions {

using types::DataType;
using types::TypeId;
using types::TypePtr;

namespace {

constexpr int kMaxPrecision = 38;
constexpr int kMinimumAdjustedScale = 6;

bool IsAtomic(const DataType& type) {
  switch (type.id()) {
    case TypeId::kNull:
    case TypeId::kCalendarInterval:
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kStruct:
    case TypeId::kUdt:
      return false;
    default:
      return true;
  }
}

bool IsDatetime(const DataType& type) { return type.Is(TypeId::kDate) || type.IsTimestampLike(); }

bool IsFloating(const DataType& type) { return type.Is(TypeId::kFloat) || type.Is(TypeId::kDouble); }

/// True if the decimal holds every value of the integral type.
bool DecimalHolds(const DataType& decimal, const DataType& integral) {
  TypePtr needed = DecimalForType(integral);
  return decimal.precision() - decimal.scale() >= needed->precision() && decimal.scale() >= 0;
}

using FindType = std::function<TypePtr(const TypePtr&, const TypePtr&)>;

TypePtr FindStructType(const DataType& a, const DataType& b, const FindType& find) {
  if (a.fields().size() != b.fields().size()) return nullptr;
  std::vector<types::StructField> fields;
  for (size_t i = 0; i < a.fields().size(); ++i) {
    const auto& left = a.fields()[i];
    const auto& right = b.fields()[i];
    if (!std::equal(left.name.begin(), left.name.end(), right.name.begin(), right.name.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); })) {
      return nullptr;
    }
    TypePtr type = find(left.type, right.type);
    if (!type) return nullptr;
    bool nullable =
        left.nullable || right.nullable || CastForcesNull(*left.type, *type) || CastForcesNull(*right.type, *type);
    fields.push_back({left.name, type, nullable});
  }
  return types::Struct(std::move(fields));
}

TypePtr FindComplexType(const TypePtr& a, const TypePtr& b, const FindType& find) {
  if (a->id() != b->id()) return nullptr;
  switch (a->id()) {
    case TypeId::kArray: {
      TypePtr element = find(a->element(), b->element());
      if (!element) return nullptr;
      return types::Array(element, a->contains_null() || b->contains_null() ||
                                       CastForcesNull(*a->element(), *element) ||
                                       CastForcesNull(*b->element(), *element));
    }
    case TypeId::kMap: {
      TypePtr key = find(a->key(), b->key());
      if (!key || CastForcesNull(*a->key(), *key) || CastForcesNull(*b->key(), *key)) return nullptr;
      TypePtr value = find(a->value(), b->value());
      if (!value) return nullptr;
      return types::Map(key, value,
                        a->contains_null() || b->contains_null() || CastForcesNull(*a->value(), *value) ||
                            CastForcesNull(*b->value(), *value));
    }
    case TypeId::kStruct:
      return FindStructType(*a, *b, find);
    default:
      return nullptr;
  }
}

TypePtr WiderNumber(const TypePtr& a, const TypePtr& b, bool ansi) {
  const TypePtr& wider = a->id() >= b->id() ? a : b;
  // An integral beside a float would lose digits as float.
  return ansi && wider->Is(TypeId::kFloat) ? types::Double() : wider;
}

TypePtr WiderDatetime(const DataType& a, const DataType& b) {
  if (a.Is(TypeId::kTimestamp) || b.Is(TypeId::kTimestamp)) return types::Timestamp();
  return types::TimestampNtz();
}

TypePtr FindDecimalType(const TypePtr& a, const TypePtr& b) {
  bool left = a->Is(TypeId::kDecimal), right = b->Is(TypeId::kDecimal);
  if (left && right) return WiderDecimal(*a, *b);
  if (left && b->IsIntegral()) return WiderDecimal(*a, *DecimalForType(*b));
  if (right && a->IsIntegral()) return WiderDecimal(*DecimalForType(*a), *b);
  if ((left && IsFloating(*b)) || (right && IsFloating(*a))) return types::Double();
  return nullptr;
}

/// Legacy: an atomic type beside a string becomes a string.
TypePtr PromoteToString(const TypePtr& a, const TypePtr& b) {
  auto promotes = [](const DataType& type) {
    return IsAtomic(type) && !type.IsStringLike() && !type.Is(TypeId::kBinary) && !type.Is(TypeId::kBoolean);
  };
  if ((a->IsStringLike() && promotes(*b)) || (b->IsStringLike() && promotes(*a))) return types::String();
  return nullptr;
}

TypePtr FindWithoutStrings(const TypePtr& a, const TypePtr& b, bool ansi) {
  if (TypePtr type = FindTightestCommonType(a, b, ansi)) return type;
  if (TypePtr type = FindDecimalType(a, b)) return type;
  return FindComplexType(a, b, [&](const TypePtr& x, const TypePtr& y) { return FindWithoutStrings(x, y, ansi); });
}

bool HasString(const DataType& type) {
  return type.IsStringLike() || (type.Is(TypeId::kArray) && HasString(*type.element()));
}

/// Legacy: what a string takes beside another type in a comparison.
TypePtr LegacyStringComparisonType(const TypePtr& a, const TypePtr& b) {
  const TypePtr& other = a->IsStringLike() ? b : a;
  if (a->IsStringLike() == b->IsStringLike()) return nullptr;
  if (other->Is(TypeId::kNull)) return types::String();
  if (other->Is(TypeId::kDecimal)) return types::Double();
  return IsAtomic(*other) ? other : nullptr;
}

}  // namespace

TypePtr DecimalForType(const DataType& type) {
  switch (type.id()) {
    case TypeId::kByte:
      return types::Decimal(3, 0);
    case TypeId::kShort:
      return types::Decimal(5, 0);
    case TypeId::kInteger:
      return types::Decimal(10, 0);
    case TypeId::kLong:
      return types::Decimal(20, 0);
    case TypeId::kFloat:
      return types::Decimal(14, 7);
    case TypeId::kDouble:
      return types::Decimal(30, 15);
    case TypeId::kDecimal:
      return types::Decimal(type.precision(), type.scale());
    default:
      return types::Decimal(38, 18);
  }
}

TypePtr BoundedDecimal(int precision, int scale) {
  return types::Decimal(std::min(precision, kMaxPrecision), std::min(scale, kMaxPrecision));
}

TypePtr AdjustDecimal(int precision, int scale) {
  if (precision <= kMaxPrecision) return types::Decimal(precision, scale);
  if (scale < 0) return types::Decimal(kMaxPrecision, scale);
  int integral_digits = precision - scale;
  int minimum_scale = std::min(scale, kMinimumAdjustedScale);
  return types::Decimal(kMaxPrecision, std::max(kMaxPrecision - integral_digits, minimum_scale));
}

TypePtr WiderDecimal(const DataType& a, const DataType& b) {
  int scale = std::max(a.scale(), b.scale());
  int range = std::max(a.precision() - a.scale(), b.precision() - b.scale());
  int excess = range + scale - kMaxPrecision;
  if (excess <= 0) return types::Decimal(range + scale, scale);
  return types::Decimal(kMaxPrecision, std::max(0, scale - excess));
}

bool CastForcesNull(const DataType& from, const DataType& to) {
  if (from.Is(TypeId::kNull)) return false;  // the elements of an empty array or map
  if (from.Equals(to, true)) return false;
  if (from.IsStringLike()) {
    return !(to.IsStringLike() || to.Is(TypeId::kBinary));
  }
  if (to.IsStringLike()) return false;
  if (from.Is(TypeId::kTimestamp)) return to.Is(TypeId::kByte) || to.Is(TypeId::kShort) || to.Is(TypeId::kInteger);
  if (IsFloating(from) && to.Is(TypeId::kTimestamp)) return true;
  if (from.Is(TypeId::kDate)) return !to.IsTimestampLike();
  if (to.Is(TypeId::kDate)) return !from.IsTimestampLike();
  if (to.Is(TypeId::kCalendarInterval)) return true;
  if (to.Is(TypeId::kDecimal)) {
    if (from.IsIntegral()) return !DecimalHolds(to, from);
    if (from.Is(TypeId::kDecimal)) {
      return to.precision() - to.scale() < from.precision() - from.scale() || to.scale() < from.scale();
    }
    return true;
  }
  if (from.IsFractional() && to.IsIntegral()) return true;
  return false;
}

bool SameType(const TypePtr& a, const TypePtr& b) { return types::Equal(a, b, true); }

bool IsOrderable(const DataType& type) {
  switch (type.id()) {
    case TypeId::kMap:
    case TypeId::kVariant:
    case TypeId::kCalendarInterval:
      return false;
    case TypeId::kArray:
      return IsOrderable(*type.element());
    case TypeId::kStruct:
      return std::all_of(type.fields().begin(), type.fields().end(),
                         [](const types::StructField& field) { return IsOrderable(*field.type); });
    case TypeId::kUdt:
      return IsOrderable(*type.sql_type());
    default:
      return true;
  }
}

TypePtr FindTightestCommonType(const TypePtr& a, const TypePtr& b, bool ansi) {
  if (types::Equal(a, b)) return a;
  if (a->Is(TypeId::kNull)) return b;
  if (b->Is(TypeId::kNull)) return a;
  bool left_decimal = a->Is(TypeId::kDecimal), right_decimal = b->Is(TypeId::kDecimal);
  if (a->IsIntegral() && right_decimal) return DecimalHolds(*b, *a) ? b : nullptr;
  if (left_decimal && b->IsIntegral()) return DecimalHolds(*a, *b) ? a : nullptr;
  if (a->IsNumeric() && b->IsNumeric()) return left_decimal || right_decimal ? nullptr : WiderNumber(a, b, ansi);
  if (IsDatetime(*a) && IsDatetime(*b)) return WiderDatetime(*a, *b);
  auto span = [](const DataType& x, const DataType& y) {
    return types::IntervalFields{std::min(x.interval().start, y.interval().start),
                                 std::max(x.interval().end, y.interval().end)};
  };
  if (a->Is(TypeId::kDayTimeInterval) && b->Is(TypeId::kDayTimeInterval)) return types::DayTimeInterval(span(*a, *b));
  if (a->Is(TypeId::kYearMonthInterval) && b->Is(TypeId::kYearMonthInterval)) {
    return types::YearMonthInterval(span(*a, *b));
  }
  if (a->Is(TypeId::kTime) && b->Is(TypeId::kTime)) return types::Time(std::max(a->precision(), b->precision()));
  if (a->IsStringLike() && b->IsStringLike()) return types::String();
  return FindComplexType(a, b, [&](const TypePtr& x, const TypePtr& y) { return FindTightestCommonType(x, y, ansi); });
}

TypePtr PromoteString(const TypePtr& a, const TypePtr& b) {
  if (a->IsStringLike() == b->IsStringLike()) return a->IsStringLike() ? types::String() : nullptr;
  const TypePtr& other = a->IsStringLike() ? b : a;
  if (other->IsIntegral()) return types::Long();
  if (other->IsFractional()) return types::Double();
  if (other->Is(TypeId::kNull)) return types::String();
  if (other->Is(TypeId::kDayTimeInterval) || other->Is(TypeId::kYearMonthInterval)) return nullptr;
  return IsAtomic(*other) ? other : nullptr;
}

TypePtr FindWiderType(const TypePtr& a, const TypePtr& b, bool ansi) {
  if (TypePtr type = FindTightestCommonType(a, b, ansi)) return type;
  if (TypePtr type = FindDecimalType(a, b)) return type;
  if (TypePtr type = ansi ? PromoteString(a, b) : PromoteToString(a, b)) return type;
  return FindComplexType(a, b, [&](const TypePtr& x, const TypePtr& y) { return FindWiderType(x, y, ansi); });
}

TypePtr FindWiderType(const std::vector<TypePtr>& types, bool ansi) {
  std::vector<TypePtr> ordered = types;
  if (!ansi) {
    // Promotion to string is not associative, so strings come first.
    std::stable_partition(ordered.begin(), ordered.end(), [](const TypePtr& type) { return HasString(*type); });
  }
  TypePtr result = types::Null();
  for (const TypePtr& type : ordered) {
    result = FindWiderType(result, type, ansi);
    if (!result) return nullptr;
  }
  return result;
}

TypePtr FindWiderTypeWithoutStrings(const std::vector<TypePtr>& types, bool ansi) {
  TypePtr result = types::Null();
  for (const TypePtr& type : types) {
    result = FindWithoutStrings(result, type, ansi);
    if (!result) return nullptr;
  }
  return result;
}

TypePtr FindComparisonType(const TypePtr& left, const TypePtr& right, bool equality, bool ansi, int left_literal_digits,
                           int right_literal_digits) {
  if (types::Equal(left, right)) return left;
  if (left->IsStringLike() != right->IsStringLike()) {
    TypePtr promoted = ansi ? PromoteString(left, right) : LegacyStringComparisonType(left, right);
    if (promoted) return promoted;
  }
  bool left_decimal = left->Is(TypeId::kDecimal), right_decimal = right->Is(TypeId::kDecimal);
  if ((left_decimal && right->IsNumeric()) || (right_decimal && left->IsNumeric())) {
    auto as_decimal = [](const TypePtr& type, int digits) {
      return type->IsIntegral() && digits > 0 ? types::Decimal(digits, 0) : DecimalForType(*type);
    };
    if (IsFloating(*left) || IsFloating(*right)) return types::Double();
    return WiderDecimal(*as_decimal(left, left_literal_digits), *as_decimal(right, right_literal_digits));
  }
  if (!ansi && equality) {
    if (left->Is(TypeId::kBoolean) && right->IsNumeric()) return right;
    if (right->Is(TypeId::kBoolean) && left->IsNumeric()) return left;
  }
  return FindTightestCommonType(left, right, ansi);
}

Expected::Expected(TypePtr exact) : kind_(Kind::kExact), exact_(std::move(exact)) {}

Expected Expected::ArrayOf(Expected element) {
  Expected out(Kind::kArrayOf);
  out.parts_.push_back(std::move(element));
  return out;
}

Expected Expected::OneOf(std::vector<Expected> alternatives) {
  Expected out(Kind::kOneOf);
  out.parts_ = std::move(alternatives);
  return out;
}

bool Expected::Accepts(const DataType& type) const {
  switch (kind_) {
    case Kind::kExact:
      return exact_->Is(TypeId::kString) ? type.IsStringLike() : exact_->Equals(type, true);
    case Kind::kAny:
      return true;
    case Kind::kNumeric:
      return type.IsNumeric();
    case Kind::kIntegral:
      return type.IsIntegral();
    case Kind::kDecimal:
      return type.Is(TypeId::kDecimal);
    case Kind::kAnyTimestamp:
      return type.IsTimestampLike();
    case Kind::kAnsiInterval:
      return type.Is(TypeId::kDayTimeInterval) || type.Is(TypeId::kYearMonthInterval);
    case Kind::kDayTime:
      return type.Is(TypeId::kDayTimeInterval);
    case Kind::kYearMonth:
      return type.Is(TypeId::kYearMonthInterval);
    case Kind::kArray:
      return type.Is(TypeId::kArray);
    case Kind::kArrayOf:
      return type.Is(TypeId::kArray) && parts_[0].Accepts(*type.element());
    case Kind::kMap:
      return type.Is(TypeId::kMap);
    case Kind::kStruct:
      return type.Is(TypeId::kStruct);
    case Kind::kOneOf:
      return std::any_of(parts_.begin(), parts_.end(), [&](const Expected& part) { return part.Accepts(type); });
  }
  return false;
}

std::string Expected::Sql() const {
  switch (kind_) {
    case Kind::kExact:
      return "\"" + exact_->Sql() + "\"";
    case Kind::kAny:
      return "\"ANY\"";
    case Kind::kNumeric:
      return "\"NUMERIC\"";
    case Kind::kIntegral:
      return "\"INTEGRAL\"";
    case Kind::kDecimal:
      return "\"DECIMAL\"";
    case Kind::kAnyTimestamp:
      return "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"";
    case Kind::kAnsiInterval:
      return "(\"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")";
    case Kind::kDayTime:
      return "\"INTERVAL DAY TO SECOND\"";
    case Kind::kYearMonth:
      return "\"INTERVAL YEAR TO MONTH\"";
    case Kind::kArray:
      return "\"ARRAY\"";
    case Kind::kArrayOf: {
      std::string element = parts_[0].Sql();
      return "\"ARRAY<" + element.substr(1, element.size() - 2) + ">\"";
    }
    case Kind::kMap:
      return "\"MAP\"";
    case Kind::kStruct:
      return "\"STRUCT\"";
    case Kind::kOneOf: {
      std::string out;
      for (const Expected& part : parts_) out += (out.empty() ? "(" : " or ") + part.Sql();
      return out + ")";
    }
  }
  return "";
}

TypePtr Expected::DefaultConcreteType() const {
  switch (kind_) {
    case Kind::kExact:
      return exact_;
    case Kind::kNumeric:
      return types::Double();
    case Kind::kIntegral:
      return types::Integer();
    case Kind::kDecimal:
      return types::Decimal(38, 18);
    case Kind::kAnyTimestamp:
      return types::Timestamp();
    case Kind::kAnsiInterval:
    case Kind::kDayTime:
      return types::DayTimeInterval();
    case Kind::kYearMonth:
      return types::YearMonthInterval();
    case Kind::kArray:
      return types::Array(types::Null());
    case Kind::kArrayOf:
      return types::Array(parts_[0].DefaultConcreteType());
    case Kind::kMap:
      return types::Map(types::Null(), types::Null());
    case Kind::kStruct:
      return types::Struct({});
    case Kind::kAny:
    case Kind::kOneOf:
      return types::Null();
  }
  return types::Null();
}

TypePtr Expected::ImplicitCast(const TypePtr& from, bool ansi) const {
  if (Accepts(*from)) return from;
  return ansi ? AnsiImplicitCast(from) : LegacyImplicitCast(from);
}

TypePtr Expected::AnsiImplicitCast(const TypePtr& from) const {
  if (kind_ == Kind::kOneOf) {
    for (const Expected& part : parts_) {
      if (TypePtr type = part.ImplicitCast(from, true)) return type;
    }
    return nullptr;
  }
  if (kind_ == Kind::kDecimal && from->IsNumeric()) return DecimalForType(*from);
  if (kind_ == Kind::kIntegral && from->IsFractional()) return nullptr;
  TypePtr target = DefaultConcreteType();
  if (from->IsStringLike()) {
    bool abstract = kind_ == Kind::kNumeric || kind_ == Kind::kDecimal || kind_ == Kind::kAnyTimestamp;
    return abstract || (kind_ == Kind::kExact && IsAtomic(*exact_)) ? target : nullptr;
  }
  if (kind_ == Kind::kArrayOf && from->Is(TypeId::kArray)) {
    TypePtr element = parts_[0].ImplicitCast(from->element(), true);
    return element ? types::Array(element) : nullptr;
  }
  return CanStoreAssign(*from, *target) ? target : nullptr;
}

TypePtr Expected::LegacyImplicitCast(const TypePtr& from) const {
  if (kind_ == Kind::kOneOf) {
    for (const Expected& part : parts_) {
      if (TypePtr type = part.ImplicitCast(from, false)) return type;
    }
    return nullptr;
  }
  TypePtr target = DefaultConcreteType();
  if (from->Is(TypeId::kNull)) return target;
  if (kind_ == Kind::kDecimal && from->IsNumeric()) return DecimalForType(*from);
  if (from->IsNumeric() && target->IsNumeric()) return target;
  if (IsDatetime(*from) && IsDatetime(*target)) return target;
  if (from->IsStringLike()) {
    bool castable = target->IsNumeric() || IsDatetime(*target) || target->Is(TypeId::kBinary);
    return castable ? target : nullptr;
  }
  if (target->IsStringLike() && IsAtomic(*from)) return target;
  if (kind_ == Kind::kArrayOf && from->Is(TypeId::kArray)) {
    TypePtr element = parts_[0].ImplicitCast(from->element(), false);
    return element ? types::Array(element, from->contains_null()) : nullptr;
  }
  return nullptr;
}

}  // namespace sluice::functions
