// A text that is equal for plans that give the same rows, whatever ids their attributes got.
#pragma once

#include <string>

#include "logical/plan.h"

namespace sluice::session {

/// The plan's tree with attribute ids renumbered in order of appearance, and the content of local rows hashed. Used by
/// df.cache() look-ups.
std::string PlanKey(const logical::PlanPtr& plan);

/// PlanKey without the names of columns, as DataFrame.sameSemantics compares plans.
std::string SemanticKey(const logical::PlanPtr& plan);

}  // namespace sluice::session
