// Takes a join's condition apart.
#pragma once

#include "exec/operators.h"

namespace sluice::exec {

/// Equal keys, the rest of the condition, and the side to build a hash table of.
JoinSpec PlanJoin(const logical::Join& node);

}  // namespace sluice::exec
