// What the named expressions of a node compute, and expressions over them without the names.
#pragma once

#include <map>
#include <vector>

#include "logical/expression.h"

namespace sluice::optimizer {

using Values = std::map<logical::ExprId, logical::ExprPtr>;

/// The value of each alias among the expressions; attributes stand for themselves.
Values ValuesOf(const std::vector<logical::ExprPtr>& named);

/// The expression with the values in place of the attributes that name them.
logical::ExprPtr Substitute(const logical::ExprPtr& expr, const Values& values);

}  // namespace sluice::optimizer
