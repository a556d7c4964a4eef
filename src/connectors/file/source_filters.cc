// Recognises comparisons of a column with constants in bound expressions.
#include "connectors/file/source_filters.h"

#include <arrow/compute/cast.h>

#include <map>
#include <optional>
#include <set>

namespace sluice::connectors {
namespace {

using formats::SourceFilter;
using logical::ExprKind;
using logical::ExprPtr;
using types::TypeId;
using Op = SourceFilter::Op;
using Translated = std::optional<SourceFilter>;

struct Comparison {
  Op op;
  Op mirrored;  // with the operands exchanged
};

const Comparison* ComparisonOf(const std::string& name) {
  static const auto* comparisons = new std::map<std::string, Comparison>{
      {"=", {Op::kEqual, Op::kEqual}},
      {"==", {Op::kEqual, Op::kEqual}},
      {"<=>", {Op::kNullSafeEqual, Op::kNullSafeEqual}},
      {"<", {Op::kLess, Op::kGreater}},
      {"<=", {Op::kLessEqual, Op::kGreaterEqual}},
      {">", {Op::kGreater, Op::kLess}},
      {">=", {Op::kGreaterEqual, Op::kLessEqual}},
      {"startswith", {Op::kStartsWith, Op::kAlwaysFalse}},
      {"endswith", {Op::kEndsWith, Op::kAlwaysFalse}},
      {"contains", {Op::kContains, Op::kAlwaysFalse}},
  };
  auto found = comparisons->find(name);
  return found == comparisons->end() ? nullptr : &found->second;
}

/// Whether every value of `from` is one of `to`, in the same order.
bool Widens(const types::DataType& from, const types::DataType& to) {
  if (from.IsIntegral() && to.IsIntegral()) return true;
  return from.Is(TypeId::kDecimal) && to.Is(TypeId::kDecimal) && to.scale() >= from.scale() &&
         to.precision() - to.scale() >= from.precision() - from.scale();
}

/// The column of an operand, also where coercion has widened it.
const logical::AttributeExpr* ColumnOf(const ExprPtr& expr) {
  if (const auto* column = expr->As<logical::AttributeExpr>()) return column;
  const auto* cast = expr->As<logical::CastExpr>();
  if (!cast || !cast->implicit) return nullptr;
  const auto* column = cast->children[0]->As<logical::AttributeExpr>();
  return column && Widens(*column->type, *cast->type) ? column : nullptr;
}

/// The constant in the column's type, if that has it exactly.
std::optional<types::Literal> ConstantOf(const ExprPtr& expr, const types::TypePtr& type) {
  const auto* literal = expr->As<logical::LiteralExpr>();
  if (!literal) return std::nullopt;
  if (literal->literal.is_null()) return types::Literal::Null(type);
  auto wanted = types::ToArrow(type);
  if (literal->literal.value->type->Equals(*wanted)) return types::Literal{type, literal->literal.value};
  if (!Widens(*type, *literal->type)) return std::nullopt;
  auto cast = arrow::compute::Cast(arrow::Datum(literal->literal.value), wanted, arrow::compute::CastOptions::Safe());
  if (!cast.ok()) return std::nullopt;
  return types::Literal{type, cast->scalar()};
}

Translated TranslateComparison(const Comparison& comparison, const ExprPtr& left, const ExprPtr& right) {
  const auto* column = ColumnOf(left);
  const ExprPtr& other = column ? right : left;
  if (!column) column = ColumnOf(right);
  if (!column || (&other == &left && comparison.mirrored == Op::kAlwaysFalse)) return std::nullopt;
  auto constant = ConstantOf(other, column->type);
  if (!constant) return std::nullopt;
  Op op = &other == &right ? comparison.op : comparison.mirrored;
  if (constant->is_null()) {
    if (op != Op::kNullSafeEqual) return std::nullopt;
    return SourceFilter{Op::kIsNull, column->name, {}, {}};
  }
  return SourceFilter{op, column->name, {*constant}, {}};
}

Translated TranslateIn(const std::vector<ExprPtr>& operands) {
  const auto* column = ColumnOf(operands[0]);
  if (!column) return std::nullopt;
  SourceFilter filter{Op::kIn, column->name, {}, {}};
  for (size_t i = 1; i < operands.size(); ++i) {
    auto constant = ConstantOf(operands[i], column->type);
    if (!constant) return std::nullopt;
    filter.values.push_back(*constant);
  }
  return filter;
}

/// LIKE with nothing but text and a % at one or both ends.
Translated TranslateLike(const std::vector<ExprPtr>& operands) {
  const auto* column = operands[0]->As<logical::AttributeExpr>();
  if (!column || !column->type->Is(TypeId::kString) || operands.size() != 2) return std::nullopt;
  auto constant = ConstantOf(operands[1], column->type);
  if (!constant || constant->is_null()) return std::nullopt;
  std::string_view pattern = static_cast<const arrow::BaseBinaryScalar&>(*constant->value).view();
  bool open_start = pattern.starts_with('%');
  if (open_start) pattern.remove_prefix(1);
  bool open_end = pattern.ends_with('%');
  if (open_end) pattern.remove_suffix(1);
  if (pattern.empty() || pattern.find_first_of("%_\\") != std::string_view::npos) return std::nullopt;
  Op op = open_start ? (open_end ? Op::kContains : Op::kEndsWith) : (open_end ? Op::kStartsWith : Op::kEqual);
  return SourceFilter{op, column->name, {types::Literal::String(std::string(pattern))}, {}};
}

Translated Translate(const ExprPtr& expr);

Translated TranslateAll(Op op, const std::vector<ExprPtr>& operands) {
  SourceFilter filter{op, "", {}, {}};
  for (const ExprPtr& operand : operands) {
    auto child = Translate(operand);
    if (!child) return std::nullopt;
    filter.children.push_back(std::move(*child));
  }
  return filter;
}

Translated TranslateCall(const logical::ScalarCall& call) {
  const std::string& name = call.binding->name;
  const auto& operands = call.children;
  if (const Comparison* comparison = ComparisonOf(name); comparison && operands.size() == 2) {
    return TranslateComparison(*comparison, operands[0], operands[1]);
  }
  if (name == "!=" || name == "<>") {
    auto equal = TranslateComparison({Op::kEqual, Op::kEqual}, operands[0], operands[1]);
    if (!equal) return std::nullopt;
    return SourceFilter{Op::kNot, "", {}, {std::move(*equal)}};
  }
  if (name == "not" || name == "!") return TranslateAll(Op::kNot, operands);
  if (name == "in") return TranslateIn(operands);
  if (name == "like") return TranslateLike(operands);
  if (name == "isnull" || name == "isnotnull") {
    const auto* column = operands[0]->As<logical::AttributeExpr>();
    if (!column) return std::nullopt;
    return SourceFilter{name == "isnull" ? Op::kIsNull : Op::kIsNotNull, column->name, {}, {}};
  }
  return std::nullopt;
}

Translated Translate(const ExprPtr& expr) {
  switch (expr->kind) {
    case ExprKind::kAnd:
      return TranslateAll(Op::kAnd, expr->children);
    case ExprKind::kOr:
      return TranslateAll(Op::kOr, expr->children);
    case ExprKind::kAttribute:
      if (!expr->type->Is(TypeId::kBoolean)) return std::nullopt;
      return SourceFilter{Op::kEqual, expr->As<logical::AttributeExpr>()->name, {types::Literal::Boolean(true)}, {}};
    case ExprKind::kLiteral: {
      const auto& literal = expr->As<logical::LiteralExpr>()->literal;
      bool lets_through = !literal.is_null() && static_cast<const arrow::BooleanScalar&>(*literal.value).value;
      if (lets_through) return std::nullopt;
      return SourceFilter{};
    }
    case ExprKind::kScalarCall:
      return TranslateCall(*expr->As<logical::ScalarCall>());
    default:
      return std::nullopt;
  }
}

/// The columns that must not be null for the expression not to be (Spark's scanNullIntolerantAttribute).
void CollectNullIntolerant(const ExprPtr& expr, std::set<std::string>* columns) {
  static const auto* functions = new std::set<std::string>{
      "=",      "==",     "<",          "<=",       ">",        ">=",   "!=",    "<>",    "not",        "!",
      "+",      "-",      "*",          "/",        "%",        "div",  "mod",   "abs",   "negative",   "positive",
      "upper",  "ucase",  "lower",      "lcase",    "length",   "trim", "ltrim", "rtrim", "substring",  "substr",
      "like",   "rlike",  "startswith", "endswith", "contains", "year", "month", "day",   "dayofmonth", "hour",
      "minute", "second", "date_add",   "date_sub", "datediff", "pmod"};
  if (const auto* column = expr->As<logical::AttributeExpr>()) columns->insert(column->name);
  const auto* call = expr->As<logical::ScalarCall>();
  if (expr->kind != ExprKind::kCast && (!call || !functions->contains(call->binding->name))) return;
  for (const ExprPtr& child : expr->children) CollectNullIntolerant(child, columns);
}

}  // namespace

std::vector<SourceFilter> TranslateFilters(const std::vector<ExprPtr>& conjuncts) {
  std::vector<SourceFilter> filters;
  std::set<std::string> not_null;
  for (const ExprPtr& conjunct : conjuncts) CollectNullIntolerant(conjunct, &not_null);
  for (const std::string& column : not_null) filters.push_back({Op::kIsNotNull, column, {}, {}});
  for (const ExprPtr& conjunct : conjuncts) {
    if (auto filter = Translate(conjunct)) filters.push_back(std::move(*filter));
  }
  return filters;
}

}  // namespace sluice::connectors
