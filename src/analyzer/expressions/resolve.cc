// Dispatch over expressions, and those that need no rule file of their own.
#include <algorithm>

#include "analyzer/expression_resolver.h"
#include "functions/coercion.h"
#include "logical/origin.h"
#include "sql/parser.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprKind;
using logical::ExprPtr;
using logical::SortOrderExpr;

namespace {

// The end of the quoted text or comment that starts at `at`; `at` itself if none does.
size_t SkipQuoted(const std::string& text, size_t at) {
  char c = text[at];
  if (c == '\'' || c == '"' || c == '`') {
    for (size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] == '\\' && c != '`') {
        ++i;
      } else if (text[i] == c) {
        return i + 1;
      }
    }
    return text.size();
  }
  std::string two = text.substr(at, 2);
  if (two == "--") return std::min(text.find('\n', at), text.size());
  if (two == "/*") {
    size_t end = text.find("*/", at + 2);
    return end == std::string::npos ? text.size() : end + 2;
  }
  return at;
}

// How many ? marks stand before a place in a text.
size_t MarksBefore(const std::string& text, size_t position) {
  size_t marks = 0;
  for (size_t at = 0; at < std::min(position, text.size());) {
    size_t after = SkipQuoted(text, at);
    if (after > at) {
      at = after;
    } else if (text[at++] == '?') {
      ++marks;
    }
  }
  return marks;
}

/// Whether Spark's message tells where in the text the expression is: not if the function itself raises it, when it
/// reads its options.
bool TellsPlace(const base::Error& error) {
  bool of_analysis = error.kind() == ErrorKind::kAnalysis || error.kind() == ErrorKind::kExtendedAnalysis;
  return of_analysis && error.condition() != "PARSE_MODE_UNSUPPORTED" &&
         !error.condition().starts_with("STDS_INVALID_OPTION_VALUE") &&
         error.condition().find("PROTOBUF") == std::string::npos;
}

}  // namespace

std::string QuotedSql(const logical::Expr& expr) { return "\"" + expr.Sql() + "\""; }
std::string QuotedType(const types::DataType& type) { return "\"" + type.Sql() + "\""; }

ExprPtr ExpressionResolver::Resolve(const plan::ExpressionPtr& expression) {
  try {
    ExprPtr expr = std::visit([this](const auto& node) { return Node(node); }, expression->node);
    return logical::WithOrigin(expr, expression->origin);
  } catch (base::Error& error) {
    if (expression->origin && TellsPlace(error))
      error.WithOrigin(expression->origin->line, expression->origin->position);
    throw;
  }
}

ExprPtr ExpressionResolver::Node(const types::Literal& node) { return logical::MakeLiteral(node); }

ExprPtr ExpressionResolver::Node(const plan::ExpressionString& node) {
  return Resolve(sql::ParseExpression(node.text, resolver_.parser_options()));
}

ExprPtr ExpressionResolver::Node(const plan::NamedArgument& node) {
  throw base::Error(ErrorKind::kAnalysis, "NAMED_PARAMETERS_NOT_SUPPORTED",
                    {{"functionName", types::QuoteIdentifier({node.name})}});
}

ExprPtr ExpressionResolver::Node(const plan::ParameterMark& node) {
  const SqlParameters* parameters = resolver_.parameters();
  plan::ExpressionPtr value;
  size_t index = parameters && node.name.empty() ? MarksBefore(parameters->text, node.position) : 0;
  if (parameters && node.name.empty() && index < parameters->positional.size()) {
    value = parameters->positional[index];
  } else if (parameters && !node.name.empty()) {
    auto found = parameters->named.find(node.name);
    if (found != parameters->named.end()) value = found->second;
  }
  if (!value) {
    throw base::Error(ErrorKind::kAnalysis, "UNBOUND_SQL_PARAMETER",
                      {{"name", node.name.empty() ? "_" + std::to_string(node.position) : node.name}});
  }
  return Resolve(value);
}

ExprPtr ExpressionResolver::Node(const plan::SortOrder& node) { return ResolveOrder(node); }

std::shared_ptr<const SortOrderExpr> ExpressionResolver::MakeOrder(ExprPtr child, const plan::SortOrder& order) {
  if (child->kind == ExprKind::kAlias) child = child->children[0];
  bool ascending = order.direction == plan::SortDirection::kAscending;
  bool nulls_first = order.nulls == plan::NullOrder::kDefault ? ascending : order.nulls == plan::NullOrder::kFirst;
  auto out = std::make_shared<SortOrderExpr>(child, ascending, nulls_first);
  if (!functions::IsOrderable(*child->type)) {
    Fail(base::Error(
        ErrorKind::kAnalysis, "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
        {{"sqlExpr", QuotedSql(*out)}, {"functionName", "`sortorder`"}, {"dataType", QuotedType(*child->type)}}));
  }
  return out;
}

std::shared_ptr<const SortOrderExpr> ExpressionResolver::ResolveOrder(const plan::SortOrder& order) {
  return MakeOrder(Resolve(order.child), order);
}

ExprPtr ExpressionResolver::ResolveCondition(const plan::ExpressionPtr& expression, const char* operator_name) {
  ExprPtr condition = Resolve(expression);
  if (condition->kind == ExprKind::kAlias) condition = condition->children[0];
  if (condition->type->Is(types::TypeId::kBoolean)) return condition;
  if (condition->type->Is(types::TypeId::kNull)) return ImplicitCast(condition, types::Boolean(), resolver_.ansi());
  Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
                   {{"sqlExpr", QuotedSql(*condition)},
                    {"filter", QuotedSql(*condition)},
                    {"type", QuotedType(*condition->type)},
                    {"operator", operator_name}}));
}

}  // namespace sluice::analyzer
