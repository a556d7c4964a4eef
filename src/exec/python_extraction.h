// Takes Python functions out of expressions: they run in workers, a step below.
#pragma once

#include <vector>

#include "exec/planner.h"

namespace sluice::exec {

/// Plans the evaluation of all Python functions in `expressions` over `child` and replaces them by attributes of the
/// new child. Functions over results of functions get steps of their own, innermost first.
OperatorPtr ExtractPythonFunctions(OperatorPtr child, const PythonPlanner& python,
                                   std::vector<logical::ExprPtr>* expressions);

}  // namespace sluice::exec
