// Logical plan → equal logical plan that costs less.
#pragma once

#include <string>
#include <vector>

#include "base/sql_conf.h"
#include "logical/plan.h"

namespace sluice::optimizer {

/// Evaluates an expression without attributes (exec::EvaluateConstant); given in because exec/ is a later layer.
using ConstantFolder = std::function<types::Literal(const logical::ExprPtr&)>;

/// A rewrite of the whole plan; each lives in a file of its own.
struct Rule {
  std::string name;
  std::function<logical::PlanPtr(const logical::PlanPtr&, const ConstantFolder&)> apply;
  std::string setting;  ///< that can switch it off; empty: none
};
const std::vector<Rule>& Rules();

/// Applies all rules that `conf` leaves on. The output attributes (ids, names, order) stay as they are.
logical::PlanPtr Optimize(const logical::PlanPtr& plan, const ConstantFolder& fold, const base::SqlConf& conf);

}  // namespace sluice::optimizer
