// IS NULL and IS NOT NULL for what the engine itself asks.
#pragma once

#include "logical/expression.h"

namespace sluice::functions {

logical::ExprPtr IsNull(const logical::ExprPtr& value);
logical::ExprPtr IsNotNull(const logical::ExprPtr& value);

}  // namespace sluice::functions
