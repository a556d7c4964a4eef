// References of a subquery to the query around it.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "logical/plan.h"

namespace sluice::analyzer {

using OuterIds = std::set<logical::ExprId>;

OuterIds IdsOf(const logical::Attributes& attributes);
/// True if the expression refers to one of the outer attributes `ids` through an OuterReference.
bool RefersToOuter(const logical::ExprPtr& expr, const OuterIds& ids);
bool RefersToOuter(const std::vector<logical::ExprPtr>& expressions, const OuterIds& ids);
/// The same for any node of a plan.
bool RefersToOuter(const logical::PlanPtr& plan, const OuterIds& ids);
/// The outer attributes that a plan refers to, each once.
logical::Attributes OuterAttributes(const logical::PlanPtr& plan, const OuterIds& ids);
/// Replaces references to outer attributes; `replace` gives null to keep one.
logical::ExprPtr ReplaceOuter(const logical::ExprPtr& expr,
                              const std::function<logical::ExprPtr(const logical::AttributePtr&)>& replace);
/// The references become the attributes themselves: for expressions above a join with the outer plan.
logical::ExprPtr WithoutOuter(const logical::ExprPtr& expr, const OuterIds& ids);

}  // namespace sluice::analyzer
