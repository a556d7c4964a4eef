// Solves the comparisons of a join condition for the event time of one side.
#include "logical/join_watermark.h"

#include <arrow/scalar.h>

#include <algorithm>
#include <set>

#include "logical/watermark_metadata.h"

namespace sluice::logical {
namespace {

using types::TypeId;

constexpr double kMicrosPerDay = 8.64e10, kMicrosPerSecond = 1e6, kMicrosPerMilli = 1000;

// One summand of a comparison's difference: a column, or a constant in microseconds.
struct Term {
  const AttributeExpr* attribute = nullptr;
  double micros = 0;
  bool negated = false;

  bool operator==(const Term& other) const {
    ExprId id = attribute ? attribute->id : 0, other_id = other.attribute ? other.attribute->id : 0;
    return id == other_id && micros == other.micros && negated == other.negated;
  }
};

template <typename Scalar>
double ValueOf(const types::Literal& literal) {
  return static_cast<double>(static_cast<const Scalar&>(*literal.value).value);
}

// Numbers count as seconds.
std::optional<double> Micros(const types::Literal& literal) {
  if (literal.is_null()) return std::nullopt;
  switch (literal.type->id()) {
    case TypeId::kCalendarInterval: {
      auto interval = static_cast<const arrow::MonthDayNanoIntervalScalar&>(*literal.value).value;
      if (interval.months > 0) return std::nullopt;
      return static_cast<double>(interval.nanoseconds / 1000) + interval.days * kMicrosPerDay;
    }
    case TypeId::kDayTimeInterval:
      return static_cast<double>(static_cast<const arrow::DurationScalar&>(*literal.value).value);
    case TypeId::kByte:
      return ValueOf<arrow::Int8Scalar>(literal) * kMicrosPerSecond;
    case TypeId::kShort:
      return ValueOf<arrow::Int16Scalar>(literal) * kMicrosPerSecond;
    case TypeId::kInteger:
      return ValueOf<arrow::Int32Scalar>(literal) * kMicrosPerSecond;
    case TypeId::kLong:
      return ValueOf<arrow::Int64Scalar>(literal) * kMicrosPerSecond;
    case TypeId::kFloat:
      return ValueOf<arrow::FloatScalar>(literal) * kMicrosPerSecond;
    case TypeId::kDouble:
      return ValueOf<arrow::DoubleScalar>(literal) * kMicrosPerSecond;
    case TypeId::kDecimal: {
      auto value = static_cast<const arrow::Decimal128Scalar&>(*literal.value).value;
      return value.ToDouble(literal.type->scale()) * kMicrosPerSecond;
    }
    default:
      return std::nullopt;
  }
}

bool IsTime(const Expr& expr) {
  return expr.type->Is(TypeId::kTimestamp) || expr.type->Is(TypeId::kTimestampNtz) || expr.type->Is(TypeId::kDate);
}

// Adds the summands of `expr`; false if it is no sum of columns and constants.
bool CollectTerms(const ExprPtr& expr, bool negated, std::vector<Term>* terms) {
  Term term;
  term.negated = negated;
  if (const auto* attribute = expr->As<AttributeExpr>()) {
    term.attribute = attribute;
  } else if (const auto* literal = expr->As<LiteralExpr>()) {
    auto micros = Micros(literal->literal);
    if (!micros) return false;
    term.micros = *micros;
  } else if (expr->kind == ExprKind::kCast) {
    bool keeps_value = expr->type->IsNumeric() || expr->type->Is(TypeId::kTimestamp);
    return keeps_value && CollectTerms(expr->children[0], negated, terms);
  } else if (const auto* call = expr->As<ScalarCall>()) {
    const std::string& name = call->binding->name;
    const auto& operands = call->children;
    if (operands.size() == 1 && (name == "negative" || name == "-")) return CollectTerms(operands[0], !negated, terms);
    if (operands.size() != 2 || (name != "+" && name != "-")) return false;
    // Spark does not look into the difference of two times.
    if (name == "-" && IsTime(*operands[0]) && IsTime(*operands[1])) return false;
    return CollectTerms(operands[0], negated, terms) && CollectTerms(operands[1], negated != (name == "-"), terms);
  } else {
    return false;
  }
  // As Spark's set of expressions: of equal summands there is one.
  if (std::ranges::find(*terms, term) == terms->end()) terms->push_back(term);
  return true;
}

std::set<ExprId> IdsOf(const Attributes& attributes) {
  std::set<ExprId> ids;
  for (const AttributePtr& attribute : attributes) ids.insert(attribute->id);
  return ids;
}

struct Sides {
  std::set<ExprId> kept, watched;
  int64_t watermark_ms;
};

bool HasMoreThanOneOf(const std::vector<Term>& terms, const std::set<ExprId>& side) {
  std::set<ExprId> found;
  for (const Term& term : terms) {
    if (term.attribute && side.contains(term.attribute->id)) found.insert(term.attribute->id);
  }
  return found.size() > 1;
}

// The bound that `lesser < greater` sets to the kept side's column, in milliseconds.
std::optional<int64_t> BoundOf(const ExprPtr& lesser, const ExprPtr& greater, const Sides& sides) {
  std::vector<Term> terms;
  if (!CollectTerms(lesser, false, &terms) || !CollectTerms(greater, true, &terms)) return std::nullopt;
  if (HasMoreThanOneOf(terms, sides.kept) || HasMoreThanOneOf(terms, sides.watched)) return std::nullopt;
  auto is_kept = [&](const Term& term) { return term.attribute && sides.kept.contains(term.attribute->id); };
  auto kept = std::ranges::find_if(terms, is_kept);
  if (std::ranges::count_if(terms, is_kept) != 1 || !kept->negated || terms.size() == 1) return std::nullopt;
  double sum = 0;
  for (auto term = terms.begin(); term != terms.end(); ++term) {
    if (term == kept) continue;
    double micros = term->micros;
    if (term->attribute) {
      bool is_event_time = WatermarkDelayMs(term->attribute->metadata).has_value();
      if (!is_event_time || !sides.watched.contains(term->attribute->id)) return std::nullopt;
      micros = static_cast<double>(sides.watermark_ms) * kMicrosPerMilli;
    }
    sum += term->negated ? -micros : micros;
  }
  return static_cast<int64_t>(sum / kMicrosPerMilli);
}

// State at the bound itself goes out, so that of an inclusive comparison lies a millisecond lower.
std::optional<int64_t> BoundOf(const ExprPtr& conjunct, const Sides& sides) {
  const auto* call = conjunct->As<ScalarCall>();
  if (!call || call->children.size() != 2) return std::nullopt;
  const std::string& name = call->binding->name;
  const ExprPtr &left = call->children[0], &right = call->children[1];
  std::optional<int64_t> bound;
  if (name == "<" || name == "<=") bound = BoundOf(left, right, sides);
  if (name == ">" || name == ">=") bound = BoundOf(right, left, sides);
  if (bound && name.size() == 2) --*bound;
  return bound;
}

}  // namespace

std::optional<int64_t> StateValueWatermark(const Attributes& kept, const Attributes& watched, const ExprPtr& condition,
                                           int64_t watermark_ms) {
  bool has_watermark = std::ranges::any_of(
      watched, [](const AttributePtr& column) { return WatermarkDelayMs(column->metadata).has_value(); });
  if (!condition || !has_watermark) return std::nullopt;
  Sides sides{IdsOf(kept), IdsOf(watched), watermark_ms};
  std::optional<int64_t> lowest;
  for (const ExprPtr& conjunct : SplitConjuncts(condition)) {
    auto bound = BoundOf(conjunct, sides);
    if (bound && (!lowest || *bound < *lowest)) lowest = bound;
  }
  return lowest;
}

}  // namespace sluice::logical
