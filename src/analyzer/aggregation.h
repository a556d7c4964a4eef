// From grouping and result expressions to an Aggregate node.
#pragma once

#include <vector>

#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

/// GROUP BY `grouping` (any expressions) with results named already. Grouping expressions inside results become
/// references; others must be aggregates: MISSING_AGGREGATION, MISSING_GROUP_BY.
logical::PlanPtr AggregatePlan(Resolver& resolver, logical::PlanPtr input, std::vector<logical::ExprPtr> grouping,
                               std::vector<logical::ExprPtr> results);

}  // namespace sluice::analyzer
