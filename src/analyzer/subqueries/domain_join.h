// Evaluates a correlated subquery for all values of the outer attributes at once.
#pragma once

#include <map>

#include "analyzer/resolver.h"
#include "analyzer/subqueries/outer_references.h"

namespace sluice::analyzer {

/// A subquery joined with the distinct values of the outer attributes that it uses.
struct ForEachOuter {
  logical::PlanPtr plan;                                     ///< the subquery's columns, then those of `columns`
  std::map<logical::ExprId, logical::AttributePtr> columns;  ///< by outer attribute, its value
};

/// As Spark's DecorrelateInnerQuery with domain joins: works for every operator, but reads `outer` a second time.
ForEachOuter EvaluateForEach(Resolver& resolver, const logical::PlanPtr& outer, const logical::PlanPtr& subquery);

}  // namespace sluice::analyzer
