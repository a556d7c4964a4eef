// Subqueries become joins.
#pragma once

#include "analyzer/resolver.h"

namespace sluice::analyzer {

/// Replaces every subquery expression and lateral join of the plan by joins, as Spark's RewritePredicateSubquery,
/// RewriteCorrelatedScalarSubquery and RewriteLateralSubquery do. The output attributes stay.
logical::PlanPtr RewriteSubqueries(Resolver& resolver, const logical::PlanPtr& plan);

}  // namespace sluice::analyzer
