// From a select list to plan nodes: projections with aliases of their own, generators, aggregates.
#pragma once

#include <vector>

#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

/// The plan of `SELECT items` over `input`: generators become Generate nodes, aggregates a global Aggregate, window
/// functions Window nodes, references to aliases of the same list further projections.
logical::PlanPtr SelectPlan(Resolver& resolver, logical::PlanPtr input, std::vector<SelectItem> items);

/// A projection, in as many steps as aliases of the list refer to each other. Window calls are taken out.
logical::PlanPtr ProjectPlan(logical::PlanPtr input, std::vector<logical::ExprPtr> expressions);

}  // namespace sluice::analyzer
