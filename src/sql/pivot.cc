// PIVOT and UNPIVOT.
#include "sql/grammar.h"

namespace sluice::sql {

using plan::ExpressionPtr;
using plan::RelationPtr;

RelationPtr Grammar::Pivot(RelationPtr relation) {
  Token start = tokens_.Expect("PIVOT");
  tokens_.Expect("(");
  plan::Aggregate pivot;
  pivot.input = std::move(relation);
  pivot.group_type = plan::GroupType::kPivot;
  pivot.implicit_grouping = true;
  pivot.aggregates = NamedExpressions();
  tokens_.Expect("FOR");
  Token column = tokens_.Peek();
  if (tokens_.Is("(")) {
    std::vector<ExpressionPtr> columns;
    for (std::string& name : NameList()) columns.push_back(Make(column, plan::UnresolvedAttribute{{std::move(name)}}));
    pivot.pivot_column = Function(column, "struct", std::move(columns));
  } else {
    pivot.pivot_column = Make(column, plan::UnresolvedAttribute{{tokens_.StrictName()}});
  }
  tokens_.Expect("IN");
  tokens_.Expect("(");
  pivot.pivot_values = NamedExpressions();
  tokens_.Expect(")");
  tokens_.Expect(")");
  return MakeRelation(start, std::move(pivot));
}

RelationPtr Grammar::Unpivot(RelationPtr relation) {
  Token start = tokens_.Expect("UNPIVOT");
  plan::Unpivot unpivot;
  unpivot.input = std::move(relation);
  unpivot.implicit_ids = true;
  unpivot.include_nulls = tokens_.AcceptSequence({"INCLUDE", "NULLS"});
  if (!unpivot.include_nulls) tokens_.AcceptSequence({"EXCLUDE", "NULLS"});
  tokens_.Expect("(");
  if (tokens_.Is("(")) throw base::Error::Unsupported("UNPIVOT into several value columns");
  unpivot.value_column = tokens_.Identifier();
  tokens_.Expect("FOR");
  unpivot.variable_column = tokens_.Identifier();
  tokens_.Expect("IN");
  tokens_.Expect("(");
  std::vector<ExpressionPtr> values;
  do {
    Token column = tokens_.Peek();
    ExpressionPtr attribute = Make(column, plan::UnresolvedAttribute{tokens_.QualifiedName()});
    values.push_back(AliasOf(column, std::move(attribute)));
  } while (tokens_.Accept(","));
  unpivot.values = std::move(values);
  tokens_.Expect(")");
  tokens_.Expect(")");
  return Alias(MakeRelation(start, std::move(unpivot)));
}

}  // namespace sluice::sql
