// The rules of the optimizer, one a file.
#pragma once

#include "optimizer/optimizer.h"

namespace sluice::optimizer {

logical::PlanPtr PutDeadLettersAside(const logical::PlanPtr& plan, const ConstantFolder& fold);
logical::PlanPtr FoldConstants(const logical::PlanPtr& plan, const ConstantFolder& fold);
logical::PlanPtr SimplifyBooleans(const logical::PlanPtr& plan, const ConstantFolder& fold);
logical::PlanPtr PushPredicatesDown(const logical::PlanPtr& plan, const ConstantFolder& fold);
logical::PlanPtr NarrowOuterJoins(const logical::PlanPtr& plan, const ConstantFolder& fold);
logical::PlanPtr InferJoinFilters(const logical::PlanPtr& plan, const ConstantFolder& fold);
logical::PlanPtr GiveFiltersToScans(const logical::PlanPtr& plan, const ConstantFolder& fold);
logical::PlanPtr CollapseProjects(const logical::PlanPtr& plan, const ConstantFolder& fold);
logical::PlanPtr PruneColumns(const logical::PlanPtr& plan, const ConstantFolder& fold);
logical::PlanPtr PruneParserFields(const logical::PlanPtr& plan, const ConstantFolder& fold);

}  // namespace sluice::optimizer
