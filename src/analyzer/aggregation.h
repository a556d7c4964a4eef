// From grouping and result expressions to an Aggregate node.
#pragma once

#include <optional>
#include <vector>

#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

/// Which of the grouping expressions each grouping set has, by their positions.
using GroupingSets = std::vector<std::vector<int>>;

/// GROUP BY `grouping` (any expressions) with results named already. Grouping expressions inside results become
/// references; others must be aggregates: MISSING_AGGREGATION, MISSING_GROUP_BY. Window functions over aggregates are
/// computed above. With `sets` the rows are grouped once per set (ROLLUP, CUBE, GROUPING SETS).
logical::PlanPtr AggregatePlan(Resolver& resolver, logical::PlanPtr input, std::vector<logical::ExprPtr> grouping,
                               std::vector<logical::ExprPtr> results,
                               const std::optional<GroupingSets>& sets = std::nullopt);

/// The distinct rows of `input`, each once.
logical::PlanPtr GroupedByAll(logical::PlanPtr input);

/// The Aggregate that gives the rows of `plan`, looking through filters and plain projections; null if none.
const logical::Aggregate* FindAggregate(const logical::PlanPtr& plan);

/// Expressions over an aggregation that may hold aggregates and columns of its input (HAVING, ORDER BY): what the
/// aggregation lacks is added to its results.
class OverAggregate {
 public:
  /// `plan` must have a FindAggregate.
  explicit OverAggregate(logical::PlanPtr plan);
  /// The expression over the extended plan's output.
  logical::ExprPtr Rewrite(const logical::ExprPtr& expr);
  /// The plan with the results added so far.
  logical::PlanPtr Extended() const;
  /// `plan` with only the columns that there were at first.
  logical::PlanPtr Restore(logical::PlanPtr plan) const;

 private:
  logical::ExprPtr Take(const logical::ExprPtr& expr);

  logical::PlanPtr plan_;
  const logical::Aggregate* aggregate_;
  std::vector<logical::ExprPtr> added_;
};

}  // namespace sluice::analyzer
