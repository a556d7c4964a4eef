// OVER, the WINDOW clause and sort items.
#include "sql/grammar.h"

namespace sluice::sql {

using plan::ExpressionPtr;

plan::SortOrder Grammar::SortItem() {
  plan::SortOrder order;
  order.child = Expression();
  if (tokens_.IsAny({"ASC", "DESC"})) {
    order.direction =
        tokens_.Next().upper == "ASC" ? plan::SortDirection::kAscending : plan::SortDirection::kDescending;
  }
  if (tokens_.Is("NULLS") && tokens_.IsAny({"FIRST", "LAST"}, 1)) {
    tokens_.Next();
    order.nulls = tokens_.Next().upper == "FIRST" ? plan::NullOrder::kFirst : plan::NullOrder::kLast;
  }
  return order;
}

std::vector<plan::SortOrder> Grammar::SortItems() {
  std::vector<plan::SortOrder> items;
  do {
    items.push_back(SortItem());
  } while (tokens_.Accept(","));
  return items;
}

ExpressionPtr Grammar::Over(const Token& start, ExpressionPtr function) {
  tokens_.Expect("OVER");
  plan::WindowExpression window;
  if (tokens_.IsIdentifier()) {
    window.name = tokens_.StrictName();
  } else {
    window = WindowSpecification();
  }
  window.function = std::move(function);
  has_named_windows_ = has_named_windows_ || !window.name.empty();
  return Make(start, std::move(window));
}

plan::WindowExpression Grammar::WindowSpecification() {
  plan::WindowExpression window;
  tokens_.Expect("(");
  if (tokens_.IsIdentifier() && tokens_.Is(")", 1)) {
    window.name = tokens_.StrictName();
    tokens_.Next();
    return window;
  }
  if (tokens_.AcceptSequence({"CLUSTER", "BY"})) {
    window.partition_by = Expressions();
  } else {
    if (tokens_.AcceptSequence({"PARTITION", "BY"}) || tokens_.AcceptSequence({"DISTRIBUTE", "BY"})) {
      window.partition_by = Expressions();
    }
    if (tokens_.AcceptSequence({"ORDER", "BY"}) || tokens_.AcceptSequence({"SORT", "BY"}))
      window.order_by = SortItems();
  }
  if (tokens_.IsAny({"ROWS", "RANGE"})) WindowFrame(&window);
  tokens_.Expect(")");
  return window;
}

void Grammar::WindowFrame(plan::WindowExpression* window) {
  window->frame = tokens_.Next().upper == "ROWS" ? plan::FrameType::kRows : plan::FrameType::kRange;
  bool between = tokens_.Accept("BETWEEN");
  window->lower = FrameBound(/*lower=*/true);
  if (between) {
    tokens_.Expect("AND");
    window->upper = FrameBound(/*lower=*/false);
  } else {
    window->upper = {plan::FrameBoundary::Kind::kCurrentRow, nullptr};
  }
}

plan::FrameBoundary Grammar::FrameBound(bool lower) {
  using Kind = plan::FrameBoundary::Kind;
  Token start = tokens_.Peek();
  if (tokens_.AcceptSequence({"CURRENT", "ROW"})) return {Kind::kCurrentRow, nullptr};
  if (tokens_.Is("UNBOUNDED") && tokens_.IsAny({"PRECEDING", "FOLLOWING"}, 1)) {
    tokens_.Next();
    bool preceding = tokens_.Next().upper == "PRECEDING";
    if (preceding == lower) return {Kind::kUnbounded, nullptr};
    // A frame that ends before all rows, or starts after them, has no form of its own in a plan.
    throw base::Error::Unsupported(std::string("A window frame whose ") + (lower ? "start" : "end") + " is UNBOUNDED " +
                                   (preceding ? "PRECEDING" : "FOLLOWING"));
  }
  ExpressionPtr value = Expression();
  if (tokens_.Accept("FOLLOWING")) return {Kind::kValue, std::move(value)};
  tokens_.Expect("PRECEDING");
  const auto* literal = value->As<types::Literal>();
  if (literal && literal->type->Is(types::TypeId::kInteger) && !literal->is_null()) {
    int32_t number = static_cast<const arrow::Int32Scalar&>(*literal->value).value;
    return {Kind::kValue, Make(start, types::Literal::Integer(-number))};
  }
  return {Kind::kValue, Function(start, "negative", {std::move(value)})};
}

void Grammar::WindowClause() {
  if (!tokens_.Is("WINDOW") || !tokens_.IsIdentifier(1) || !tokens_.Is("AS", 2)) return;
  tokens_.Next();
  do {
    Token start = tokens_.Peek();
    std::string name = tokens_.StrictName();
    tokens_.Expect("AS");
    plan::WindowExpression window;
    if (tokens_.IsIdentifier()) {
      window.name = tokens_.StrictName();
    } else {
      window = WindowSpecification();
    }
    if (!window.name.empty()) {
      auto found = windows_.find(window.name);
      if (found == windows_.end()) {
        throw ErrorFrom(start, "INVALID_SQL_SYNTAX.UNRESOLVED_WINDOW_REFERENCE",
                        {{"windowName", "`" + window.name + "`"}});
      }
      window = found->second;
    }
    if (!windows_.emplace(name, std::move(window)).second) {
      throw ErrorFrom(start, "INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION", {{"windowName", "`" + name + "`"}});
    }
  } while (tokens_.Accept(","));
}

// The WINDOW clause may stand after ORDER BY, where the select list is long done.
void Grammar::WindowClauseAhead() {
  WindowClause();
  if (!has_named_windows_ || !windows_.empty()) return;
  size_t mark = tokens_.Mark();
  SortClauses({});
  WindowClause();
  tokens_.Reset(mark);
}

ExpressionPtr Grammar::WithWindows(const ExpressionPtr& expression) {
  if (!has_named_windows_) return expression;
  return plan::TransformUp(expression, [&](const ExpressionPtr& node) -> ExpressionPtr {
    const auto* window = node->As<plan::WindowExpression>();
    if (!window || window->name.empty()) return nullptr;
    auto found = windows_.find(window->name);
    if (found == windows_.end()) {
      throw base::Error(base::ErrorKind::kAnalysis, "MISSING_WINDOW_SPECIFICATION",
                        {{"windowName", window->name}, {"docroot", "https://spark.apache.org/docs/latest"}});
    }
    plan::WindowExpression defined = found->second;
    defined.function = window->function;
    return plan::Make(std::move(defined), node->origin);
  });
}

}  // namespace sluice::sql
