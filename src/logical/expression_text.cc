// Expressions as text: as in plans (ToString) and as in generated column names (Sql).
#include <cctype>

#include "logical/expression.h"
#include "logical/watermark_metadata.h"

namespace sluice::logical {
namespace {

template <typename Print>
std::string Joined(const std::vector<ExprPtr>& list, size_t from, size_t to, Print print) {
  std::string out;
  for (size_t i = from; i < to; ++i) {
    if (i > from) out += ", ";
    out += print(list[i]);
  }
  return out;
}

std::string AsSql(const ExprPtr& expr) { return expr->Sql(); }
std::string AsText(const ExprPtr& expr) { return expr->ToString(); }

std::vector<std::string> Texts(const std::vector<ExprPtr>& list, std::string (*print)(const ExprPtr&)) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const ExprPtr& expr : list) out.push_back(print(expr));
  return out;
}

std::string BoundText(const std::string& name, const std::function<std::string(const std::vector<std::string>&)>& form,
                      const std::vector<ExprPtr>& arguments, std::string (*print)(const ExprPtr&)) {
  if (form) return form(Texts(arguments, print));
  return name + "(" + Joined(arguments, 0, arguments.size(), print) + ")";
}

std::string CaseText(const std::vector<ExprPtr>& children, std::string (*print)(const ExprPtr&)) {
  std::string out = "CASE";
  size_t i = 0;
  for (; i + 1 < children.size(); i += 2) {
    out += " WHEN " + print(children[i]) + " THEN " + print(children[i + 1]);
  }
  if (i < children.size()) out += " ELSE " + print(children[i]);
  return out + " END";
}

std::string LazyText(const LazyExpr& expr, std::string (*print)(const ExprPtr&)) {
  const auto& children = expr.children;
  if (expr.name.find('(') != std::string::npos && print == &AsSql) return expr.name;
  switch (expr.kind) {
    case ExprKind::kAnd:
      return "(" + print(children[0]) + " AND " + print(children[1]) + ")";
    case ExprKind::kOr:
      return "(" + print(children[0]) + " OR " + print(children[1]) + ")";
    case ExprKind::kCase:
      if (expr.name == "if") {
        if (print == &AsSql) return "(IF(" + Joined(children, 0, children.size(), print) + "))";
        return "if (" + print(children[0]) + ") " + print(children[1]) + " else " + print(children[2]);
      }
      return CaseText(children, print);
    default: {
      std::string name = expr.name.empty() || expr.name.find('(') != std::string::npos ? "coalesce" : expr.name;
      return name + "(" + Joined(children, 0, children.size(), print) + ")";
    }
  }
}

std::string AggregateText(const AggregateCall& call, std::string (*print)(const ExprPtr&), const char* distinct) {
  std::vector<ExprPtr> arguments = call.arguments();
  std::string out = BoundText(call.binding->name, call.binding->sql, arguments, print);
  if (call.distinct) out.insert(out.find('(') + 1, distinct);
  if (call.has_filter) out += " FILTER (WHERE " + print(call.filter()) + ")";
  return out;
}

std::string BoundaryText(bool unbounded, int64_t value, bool lower) {
  if (unbounded) return lower ? "UNBOUNDED PRECEDING" : "UNBOUNDED FOLLOWING";
  if (value == 0) return "CURRENT ROW";
  return value < 0 ? std::to_string(-value) + " PRECEDING" : std::to_string(value) + " FOLLOWING";
}

std::string BoundaryNode(bool unbounded, int64_t value, bool lower) {
  if (unbounded) return lower ? "unboundedpreceding$()" : "unboundedfollowing$()";
  return value == 0 ? "currentrow$()" : std::to_string(value);
}

std::string WindowFunctionText(const WindowCall& call, std::string (*print)(const ExprPtr&)) {
  std::vector<ExprPtr> arguments(call.children.begin(), call.children.begin() + call.argument_count);
  if (call.aggregate) return BoundText(call.aggregate->name, call.aggregate->sql, arguments, print);
  return call.window->name + "(" + Joined(arguments, 0, arguments.size(), print) + ")";
}

}  // namespace

std::string LiteralExpr::ToString() const { return literal.is_null() ? "null" : literal.ToString(); }
std::string LiteralExpr::Sql() const { return literal.ToString(); }

std::string AttributeExpr::ToString() const {
  std::string out = name + "#" + std::to_string(id);
  if (type->Is(types::TypeId::kLong)) out += "L";
  if (auto delay = WatermarkDelayMs(metadata)) out += "-T" + std::to_string(*delay) + "ms";
  return out;
}
std::string AttributeExpr::Sql() const { return name; }

std::string AliasExpr::ToString() const {
  return children[0]->ToString() + " AS " + name + "#" + std::to_string(id) +
         (type->Is(types::TypeId::kLong) ? "L" : "");
}
std::string AliasExpr::Sql() const { return children[0]->Sql() + " AS " + name; }

std::string CastExpr::ToString() const {
  return std::string(behaviour == CastBehaviour::kTry ? "try_cast(" : "cast(") + children[0]->ToString() + " as " +
         type->SimpleString() + ")";
}
std::string CastExpr::Sql() const {
  if (implicit) return children[0]->Sql();
  return std::string(behaviour == CastBehaviour::kTry ? "TRY_CAST(" : "CAST(") + children[0]->Sql() + " AS " +
         type->Sql() + ")";
}

std::string ScalarCall::ToString() const { return BoundText(binding->name, binding->sql, children, &AsText); }
std::string ScalarCall::Sql() const { return BoundText(binding->name, binding->sql, children, &AsSql); }

std::string LazyExpr::ToString() const { return LazyText(*this, &AsText); }
std::string LazyExpr::Sql() const { return LazyText(*this, &AsSql); }

std::string AggregateCall::ToString() const { return AggregateText(*this, &AsText, "distinct "); }
std::string AggregateCall::Sql() const { return AggregateText(*this, &AsSql, "DISTINCT "); }

std::string SortOrderExpr::ToString() const {
  return children[0]->ToString() + (ascending ? " ASC" : " DESC") + (nulls_first ? " NULLS FIRST" : " NULLS LAST");
}
std::string SortOrderExpr::Sql() const {
  return children[0]->Sql() + (ascending ? " ASC" : " DESC") + (nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

std::string WindowCall::ToString() const {
  std::string out = WindowFunctionText(*this, &AsText) + " windowspecdefinition(";
  out += Joined(children, argument_count, children.size(), &AsText);
  if (children.size() > static_cast<size_t>(argument_count)) out += ", ";
  return out + "specifiedwindowframe(" + (frame.type == plan::FrameType::kRows ? "RowFrame, " : "RangeFrame, ") +
         BoundaryNode(frame.lower_unbounded, frame.lower, true) + ", " +
         BoundaryNode(frame.upper_unbounded, frame.upper, false) + "))";
}
std::string WindowCall::Sql() const {
  size_t orders = argument_count + partition_count;
  std::string out = WindowFunctionText(*this, &AsSql) + " OVER (";
  if (partition_count > 0) out += "PARTITION BY " + Joined(children, argument_count, orders, &AsSql) + " ";
  if (orders < children.size()) out += "ORDER BY " + Joined(children, orders, children.size(), &AsSql) + " ";
  if (!frame.text.empty()) return out + frame.text + ")";
  out += frame.type == plan::FrameType::kRows ? "ROWS" : "RANGE";
  return out + " BETWEEN " + BoundaryText(frame.lower_unbounded, frame.lower, true) + " AND " +
         BoundaryText(frame.upper_unbounded, frame.upper, false) + ")";
}

std::string GeneratorCall::ToString() const { return BoundText(binding->name, nullptr, children, &AsText); }
std::string GeneratorCall::Sql() const { return BoundText(binding->name, nullptr, children, &AsSql); }

std::string PythonUdfExpr::ToString() const { return BoundText(function->name, nullptr, children, &AsText); }
std::string PythonUdfExpr::Sql() const {
  std::vector<std::string> parts = Texts(children, &AsSql);
  std::string out = function->name + "(";
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += ", ";
    if (i < argument_names.size() && !argument_names[i].empty()) out += argument_names[i] + " => ";
    out += parts[i];
  }
  return out + ")";
}

std::string LambdaVariableExpr::ToString() const { return "lambda " + name + "#" + std::to_string(id); }
std::string LambdaVariableExpr::Sql() const { return "namedlambdavariable()"; }

std::string LambdaExpr::ToString() const {
  std::string out = "lambdafunction(" + children[0]->ToString();
  for (const auto& variable : variables) out += ", " + variable->ToString();
  return out + ", false)";
}
std::string LambdaExpr::Sql() const {
  std::string out = "lambdafunction(" + children[0]->Sql();
  for (const auto& variable : variables) out += ", " + variable->Sql();
  return out + ")";
}

namespace {

// The outer columns that a correlated subquery uses.
std::string OuterNames(const SubqueryExpr& expr) {
  std::string out;
  ExprPtr body = std::make_shared<SubqueryExpr>(expr.subquery, expr.plan, expr.type, std::vector<ExprPtr>{});
  for (const AttributePtr& attribute : References(body)) {
    out += (out.empty() ? "" : ", ") + attribute->name;
  }
  return out;
}

std::string SubqueryText(const SubqueryExpr& expr, std::string (*print)(const ExprPtr&)) {
  switch (expr.subquery) {
    case plan::SubqueryKind::kExists:
      return "exists(" + OuterNames(expr) + ")";
    case plan::SubqueryKind::kIn: {
      std::string values = Joined(expr.children, 0, expr.children.size(), print);
      if (expr.children.size() > 1) values = "named_struct(" + values + ")";
      return "(" + values + " IN (listquery(" + OuterNames(expr) + ")))";
    }
    case plan::SubqueryKind::kTableArgument:
      return "functiontablesubqueryargumentexpression()";
    case plan::SubqueryKind::kScalar:
      break;
  }
  return "scalarsubquery(" + OuterNames(expr) + ")";
}

}  // namespace

std::string SubqueryExpr::ToString() const { return SubqueryText(*this, &AsText); }
std::string SubqueryExpr::Sql() const { return SubqueryText(*this, &AsSql); }

std::string OuterReferenceExpr::ToString() const { return "outer(" + attribute->ToString() + ")"; }
std::string OuterReferenceExpr::Sql() const { return "outer(" + attribute->Sql() + ")"; }

}  // namespace sluice::logical
