// The pipe operators: FROM t |> WHERE a |> SELECT b.
#include "sql/grammar.h"

namespace sluice::sql {

using plan::ExpressionPtr;
using plan::RelationPtr;

RelationPtr Grammar::PipeOperators(RelationPtr relation) {
  for (int length = 0; tokens_.Accept("|>"); CountChain(&length)) relation = PipeOperator(std::move(relation));
  return relation;
}

RelationPtr Grammar::PipeOperator(RelationPtr relation) {
  Token start = tokens_.Peek();
  if (tokens_.Is("SELECT")) return Select(std::move(relation), /*with_from=*/false);
  if (tokens_.Is("AGGREGATE")) return PipeAggregate(std::move(relation));
  if (tokens_.IsAny({"UNION", "INTERSECT", "EXCEPT", "MINUS"})) return PipeSetOperation(std::move(relation));
  if (IsJoin()) return JoinWith(std::move(relation));
  if (tokens_.Is("PIVOT")) return Pivot(std::move(relation));
  if (tokens_.Is("UNPIVOT")) return Unpivot(std::move(relation));
  if (tokens_.Is("TABLESAMPLE")) return TableSample(std::move(relation));
  if (tokens_.IsSequence({"LATERAL", "VIEW"})) return LateralViews(std::move(relation));
  if (tokens_.IsAny({"ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "LIMIT", "OFFSET"}))
    return Organization(std::move(relation));
  if (tokens_.Accept("WHERE")) return MakeRelation(start, plan::Filter{std::move(relation), Expression()});
  if (tokens_.Accept("EXTEND")) {
    std::vector<ExpressionPtr> items = NamedExpressions();
    items.insert(items.begin(), Make(start, plan::UnresolvedStar{}));
    return MakeRelation(start, plan::Project{std::move(relation), std::move(items)});
  }
  if (tokens_.Accept("SET")) {
    plan::WithColumns columns;
    columns.input = std::move(relation);
    do {
      Token name_token = tokens_.Peek();
      std::string name = tokens_.StrictName();
      tokens_.Expect("=");
      columns.columns.push_back(Make(name_token, plan::Alias{Expression(), {std::move(name)}, ""}));
    } while (tokens_.Accept(","));
    return MakeRelation(start, std::move(columns));
  }
  if (tokens_.Accept("DROP")) {
    plan::UnresolvedStar star;
    do {
      star.except.push_back({tokens_.StrictName()});
    } while (tokens_.Accept(","));
    return MakeRelation(start, plan::Project{std::move(relation), {Make(start, std::move(star))}});
  }
  if (tokens_.Is("AS")) {
    tokens_.Next();
    return MakeRelation(start, plan::SubqueryAlias{std::move(relation), {tokens_.StrictName()}});
  }
  throw tokens_.SyntaxError();
}

RelationPtr Grammar::PipeAggregate(RelationPtr relation) {
  Token start = tokens_.Next();
  plan::Aggregate aggregate;
  aggregate.input = std::move(relation);
  aggregate.select_list = true;
  std::vector<ExpressionPtr> aggregates;
  if (!tokens_.IsSequence({"GROUP", "BY"})) aggregates = NamedExpressions();
  if (tokens_.AcceptSequence({"GROUP", "BY"})) {
    if (IsGroupingAnalytics()) throw base::Error::Unsupported("|> AGGREGATE with grouping sets");
    // The keys, under their aliases, come first in the result.
    for (ExpressionPtr& key : NamedExpressions()) {
      const auto* alias = key->As<plan::Alias>();
      aggregate.grouping.push_back(alias ? alias->child : key);
      aggregate.aggregates.push_back(key);
    }
  }
  aggregate.aggregates.insert(aggregate.aggregates.end(), aggregates.begin(), aggregates.end());
  return MakeRelation(start, std::move(aggregate));
}

RelationPtr Grammar::PipeSetOperation(RelationPtr relation) {
  Token start = tokens_.Next();
  plan::SetOp operation;
  operation.operation = start.upper == "UNION"       ? plan::SetOperation::kUnion
                        : start.upper == "INTERSECT" ? plan::SetOperation::kIntersect
                                                     : plan::SetOperation::kExcept;
  operation.is_all = tokens_.Accept("ALL");
  if (!operation.is_all) tokens_.Accept("DISTINCT");
  operation.left = std::move(relation);
  operation.right = QueryPrimary();
  return MakeRelation(start, std::move(operation));
}

}  // namespace sluice::sql
