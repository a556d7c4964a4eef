// Pulls the correlated conditions of a subquery up to its top, where they become a join's condition.
#pragma once

#include <optional>

#include "analyzer/subqueries/outer_references.h"

namespace sluice::analyzer {

/// A subquery without references to the outer attributes. Its first columns are the subquery's own.
struct PulledUp {
  logical::PlanPtr plan;
  /// Over the outer plan's attributes and `plan`'s output.
  std::vector<logical::ExprPtr> conditions;
  /// Set for an aggregation without GROUP BY, which gave one row whatever the outer row: now it gives one for each
  /// value of its columns in `conditions`. The row that it gives for no input, if that is not all nulls.
  bool one_row_each = false;
  logical::PlanPtr row_for_none;
};

/// As Spark's PullupCorrelatedPredicates; nullopt where the conditions can't be moved (a correlated LIMIT, a condition
/// below an outer join, an inequality below an aggregation …). With `only_existence` the rows' number doesn't matter.
std::optional<PulledUp> PullUp(const logical::PlanPtr& plan, const OuterIds& ids, bool only_existence);

/// The side of an equality that comes from the subquery; null if `condition` is no equality of the two sides.
logical::ExprPtr InnerSide(const logical::ExprPtr& condition, const OuterIds& outer);

}  // namespace sluice::analyzer
