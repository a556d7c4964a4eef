// The order of the rules.
#include "optimizer/rules.h"

namespace sluice::optimizer {

const std::vector<Rule>& Rules() {
  // Dead letters come first: which records the parsers see is as the program says, not as it is cheapest.
  static const auto* rules = new std::vector<Rule>{
      {"dead letters", PutDeadLettersAside},
      {"constant folding", FoldConstants},
      {"boolean simplification", SimplifyBooleans},
      {"predicate pushdown", PushPredicatesDown},
      {"outer joins", NarrowOuterJoins},
      {"filters of joins", InferJoinFilters},
      {"filters of scans", GiveFiltersToScans},
      {"column pruning", PruneColumns},
      {"collapsed projections", CollapseProjects},
      {"fields of parsers", PruneParserFields, "spark.sql.optimizer.enableJsonExpressionOptimization"},
  };
  return *rules;
}

logical::PlanPtr Optimize(const logical::PlanPtr& plan, const ConstantFolder& fold, const base::SqlConf& conf) {
  logical::PlanPtr out = plan;
  for (const Rule& rule : Rules()) {
    if (rule.setting.empty() || conf.GetBool(rule.setting)) out = rule.apply(out, fold);
  }
  return out;
}

}  // namespace sluice::optimizer
