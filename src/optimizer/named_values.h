// What the named expressions of a node compute, and expressions over them without the names.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "logical/plan.h"

namespace sluice::optimizer {

using Values = std::map<logical::ExprId, logical::ExprPtr>;

std::set<logical::ExprId> IdsOf(const logical::Attributes& attributes);

/// The value of each alias among the expressions; attributes stand for themselves.
Values ValuesOf(const std::vector<logical::ExprPtr>& named);

/// The expression with the values in place of the attributes that name them.
logical::ExprPtr Substitute(const logical::ExprPtr& expr, const Values& values);

}  // namespace sluice::optimizer
