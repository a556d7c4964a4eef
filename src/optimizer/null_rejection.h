// What conditions say of nulls.
#pragma once

#include <set>
#include <vector>

#include "optimizer/optimizer.h"

namespace sluice::optimizer {

/// The columns of which one that is null makes the expression null.
void CollectNullIntolerant(const logical::ExprPtr& expr, std::vector<logical::AttributePtr>* columns);

/// True if the condition is not true for any row whose columns `ids` are all null.
bool RejectsNulls(const logical::ExprPtr& condition, const std::set<logical::ExprId>& ids, const ConstantFolder& fold);

}  // namespace sluice::optimizer
