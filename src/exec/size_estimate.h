// How many bytes a plan's rows are likely to have.
#pragma once

#include <cstdint>

#include "logical/plan.h"

namespace sluice::exec {

/// Spark's size-only statistics (SizeInBytesOnlyStatsPlanVisitor): they decide which side of a join is built, and so
/// the order of its rows. What nothing is known of counts as very large.
double EstimateBytes(const logical::PlanPtr& plan);

}  // namespace sluice::exec
