// The order of the rules.
#include "optimizer/rules.h"

namespace sluice::optimizer {

const std::vector<Rule>& Rules() {
  static const auto* rules = new std::vector<Rule>{
      {"constant folding", FoldConstants},
      {"boolean simplification", SimplifyBooleans},
      {"predicate pushdown", PushPredicatesDown},
      {"filters of scans", GiveFiltersToScans},
      {"column pruning", PruneColumns},
      {"collapsed projections", CollapseProjects},
      {"fields of parsed structs", PruneParsedFields},
  };
  return *rules;
}

logical::PlanPtr Optimize(const logical::PlanPtr& plan, const ConstantFolder& fold) {
  logical::PlanPtr out = plan;
  for (const Rule& rule : Rules()) out = rule.apply(out, fold);
  return out;
}

}  // namespace sluice::optimizer
