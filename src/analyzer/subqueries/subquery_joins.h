// The join that a subquery becomes.
#pragma once

#include "analyzer/resolver.h"
#include "analyzer/subqueries/outer_references.h"

namespace sluice::analyzer {

/// Bodies are free of subqueries themselves and refer to the outer plan by OuterReferences.
class SubqueryJoins {
 public:
  explicit SubqueryJoins(Resolver& resolver) : resolver_(resolver) {}

  /// Rows of `outer` for which the body has a row, equal to `values` if there are any (IN); with `anti` the others.
  logical::PlanPtr Semi(const logical::PlanPtr& outer, const logical::PlanPtr& body,
                        const std::vector<logical::ExprPtr>& values, bool anti);
  /// The same as a boolean for each row; `outer` becomes the join. `null_aware`: a null matches everything (NOT IN).
  logical::ExprPtr Existence(logical::PlanPtr& outer, const logical::PlanPtr& body,
                             const std::vector<logical::ExprPtr>& values, bool null_aware);
  /// The body's only value for each row of `outer`, which becomes the join; SCALAR_SUBQUERY_TOO_MANY_ROWS.
  logical::ExprPtr ScalarValue(logical::PlanPtr& outer, const logical::PlanPtr& body,
                               const base::QueryContextPtr& origin);
  /// A join whose right side refers to the left.
  logical::PlanPtr Lateral(const logical::Join& node);

 private:
  struct Joinable {
    logical::PlanPtr plan;
    std::vector<logical::ExprPtr> conditions;
  };
  Joinable MakeJoinable(const logical::PlanPtr& outer, const logical::PlanPtr& body, bool only_existence);
  /// Evaluates the body once for each outer value, the conditions being equalities with it.
  Joinable ForEach(const logical::PlanPtr& outer, const logical::PlanPtr& body);
  std::vector<logical::ExprPtr> Equal(const std::vector<logical::ExprPtr>& values, const logical::Attributes& columns,
                                      bool null_aware);
  logical::ExprPtr FoundFlag(logical::PlanPtr& outer, const Joinable& joinable,
                             const std::vector<logical::ExprPtr>& keys);
  logical::ExprPtr Bind(const std::string& name, std::vector<logical::ExprPtr> arguments);

  Resolver& resolver_;
};

}  // namespace sluice::analyzer
