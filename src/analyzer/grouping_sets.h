// ROLLUP, CUBE and GROUPING SETS: one copy of each row per set.
#pragma once

#include <vector>

#include "analyzer/aggregation.h"

namespace sluice::analyzer {

/// A grouping expression with the named form in the node and the attribute that stands for it in results.
struct GroupingKey {
  logical::ExprPtr expr;
  logical::ExprPtr named;
  logical::AttributePtr attribute;
};

/// Throws GROUP_BY_AGGREGATE.
GroupingKey MakeGroupingKey(const logical::ExprPtr& expr);

/// The Expand below the aggregation. `keys` then stand for its columns, `grouping` gets them and the grouping id, and
/// grouping(…) and grouping_id(…) in `results` become expressions over that id.
logical::PlanPtr ExpandGroupingSets(logical::PlanPtr input, std::vector<GroupingKey>& keys, const GroupingSets& sets,
                                    std::vector<logical::ExprPtr>& grouping, std::vector<logical::ExprPtr>& results);

/// UNSUPPORTED_GROUPING_EXPRESSION if a grouping call is left.
void CheckNoGroupingCall(const logical::ExprPtr& expr);

}  // namespace sluice::analyzer
