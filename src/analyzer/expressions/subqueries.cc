// Subqueries in expressions; the optimizer turns them into joins.
#include "analyzer/expression_resolver.h"
#include "functions/coercion.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprPtr;
using logical::PlanPtr;
using logical::SubqueryExpr;
using plan::SubqueryKind;

ExprPtr ExpressionResolver::Node(const plan::SubqueryExpression& node) {
  plan::RelationPtr relation = node.plan;
  if (!relation && node.plan_id) relation = resolver_.FindReference(*node.plan_id);
  if (!relation) throw base::Error::Internal("a subquery without its plan");
  PlanPtr plan = resolver_.ResolveSubquery(relation, &scope_);
  switch (node.kind) {
    case SubqueryKind::kExists:
      return std::make_shared<SubqueryExpr>(node.kind, plan, types::Boolean(), std::vector<ExprPtr>{});
    case SubqueryKind::kIn:
      return InSubquery(node, plan);
    case SubqueryKind::kTableArgument:
      throw base::Error::Unsupported("A table argument");
    case SubqueryKind::kScalar:
      break;
  }
  if (plan->output.size() != 1) {
    throw base::Error(ErrorKind::kAnalysis,
                      "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
                      {{"number", std::to_string(plan->output.size())}})
        .WithPlan(PlanText());
  }
  return std::make_shared<SubqueryExpr>(node.kind, plan, plan->output[0]->type, std::vector<ExprPtr>{});
}

ExprPtr ExpressionResolver::InSubquery(const plan::SubqueryExpression& node, PlanPtr plan) {
  std::vector<ExprPtr> values = ResolveAll(node.values);
  if (values.size() != plan->output.size()) {
    std::string left, right;
    for (const ExprPtr& value : values) left += (left.empty() ? "" : ", ") + QuotedSql(*value);
    for (const auto& column : plan->output) right += (right.empty() ? "" : ", ") + QuotedSql(*column);
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH",
                     {{"sqlExpr", "\"(IN (listquery()))\""},
                      {"leftLength", std::to_string(values.size())},
                      {"rightLength", std::to_string(plan->output.size())},
                      {"leftColumns", left},
                      {"rightColumns", right}}));
  }
  std::vector<ExprPtr> columns;
  bool cast = false;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i]->kind == logical::ExprKind::kAlias) values[i] = values[i]->children[0];
    types::TypePtr common = functions::FindWiderType(values[i]->type, plan->output[i]->type, resolver_.ansi());
    if (!common) {
      Fail(base::Error(
          ErrorKind::kAnalysis, "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH",
          {{"sqlExpr", "\"(" + values[i]->Sql() + " IN (listquery()))\""},
           {"mismatchedColumns", "[(" + values[i]->Sql() + ":" + values[i]->type->SimpleString() + ", " +
                                     plan->output[i]->name + ":" + plan->output[i]->type->SimpleString() + ")]"},
           {"leftType", QuotedType(*values[i]->type)},
           {"rightType", QuotedType(*plan->output[i]->type)}}));
    }
    values[i] = ImplicitCast(values[i], common, resolver_.ansi());
    ExprPtr column = ImplicitCast(plan->output[i], common, resolver_.ansi());
    if (column != plan->output[i]) {
      column = std::make_shared<logical::AliasExpr>(column, plan->output[i]->name);
      cast = true;
    }
    columns.push_back(std::move(column));
  }
  if (cast) plan = std::make_shared<logical::Project>(plan, std::move(columns));
  return std::make_shared<SubqueryExpr>(SubqueryKind::kIn, plan, types::Boolean(), std::move(values));
}

}  // namespace sluice::analyzer
