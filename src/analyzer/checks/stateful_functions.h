// What a streaming query may not do with applyInPandasWithState.
#pragma once

#include "connectors/spi/stream.h"
#include "logical/plan.h"

namespace sluice::analyzer {

/// Only one a query.
void CheckStatefulFunctionsCount(const logical::PlanPtr& root);
/// Its mode, its timeout and the aggregations of the query. `plan` is any node below `root`.
void CheckStatefulFunction(const logical::PlanPtr& plan, const logical::PlanPtr& root, connectors::OutputMode mode);
/// True if it may give rows that are late for a stateful operator above.
bool StatefulFunctionEmitsLateRows(const logical::Plan& plan);

}  // namespace sluice::analyzer
