// What is checked of a query whose source puts dead letters aside.
#pragma once

#include "logical/plan.h"

namespace sluice::optimizer {

/// Throws kIllegalArgument for a stream that is to put aside what parsers refuse, of which the plan parses nothing.
void CheckDeadLetters(const logical::PlanPtr& plan);

}  // namespace sluice::optimizer
