// Chooses the operator of each logical node.
#include "exec/planner.h"

#include "base/error.h"
#include "exec/operators.h"
#include "exec/stateful/planning.h"

namespace sluice::exec {
namespace {

using logical::PlanKind;
using logical::PlanPtr;

class Planner {
 public:
  explicit Planner(const PlannerOptions& options) : options_(options) {
    if (options.conf) {
      time_zone_ = options.conf->session_time_zone();
      shuffle_partitions_ = static_cast<int>(options.conf->GetLong("spark.sql.shuffle.partitions"));
    }
  }

  OperatorPtr Plan(const PlanPtr& node) {
    switch (node->kind) {
      case PlanKind::kLocalData:
        return MakeLocalData(*node->As<logical::LocalData>());
      case PlanKind::kInMemory:
        return MakeInMemory(*node->As<logical::InMemory>());
      case PlanKind::kRange:
        return MakeRange(*node->As<logical::RangePlan>());
      case PlanKind::kScan:
        return MakeTableScan(*node->As<logical::Scan>(), time_zone_);
      case PlanKind::kStreamScan:
        return MakeStreamScan(*node->As<logical::StreamScan>(), time_zone_);
      case PlanKind::kProject:
        return MakeProject(Plan(node->child()), node->As<logical::Project>()->expressions);
      case PlanKind::kFilter:
        return MakeFilter(Plan(node->child()), node->As<logical::Filter>()->condition);
      case PlanKind::kLimit:
      case PlanKind::kOffset:
        return PlanLimit(*node->As<logical::LimitPlan>());
      case PlanKind::kTail:
        return MakeTail(Plan(node->child()), node->As<logical::LimitPlan>()->count);
      case PlanKind::kUnion:
        return PlanUnion(*node);
      case PlanKind::kAggregate:
        return PlanAggregate(*node->As<logical::Aggregate>());
      case PlanKind::kShowString:
        return MakeShowString(Plan(node->child()), *node->As<logical::ShowString>());
      case PlanKind::kHint:
        return Plan(node->child());
      default:
        throw base::Error::Unsupported("Running the plan node " + node->Describe());
    }
  }

 private:
  OperatorPtr PlanLimit(const logical::LimitPlan& node) {
    if (node.kind == PlanKind::kOffset) return MakeLimit(Plan(node.child()), node.count, -1);
    auto* below = node.child()->As<logical::LimitPlan>();
    if (below && below->kind == PlanKind::kOffset) return MakeLimit(Plan(below->child()), below->count, node.count);
    return MakeLimit(Plan(node.child()), 0, node.count);
  }

  OperatorPtr PlanUnion(const logical::Plan& node) {
    std::vector<OperatorPtr> children;
    for (const PlanPtr& child : node.children) children.push_back(Plan(child));
    return MakeUnion(std::move(children), node.output);
  }

  OperatorPtr PlanAggregate(const logical::Aggregate& node) {
    OperatorPtr child = Plan(node.child());
    if (options_.streaming && node.is_streaming) {
      return MakeStreamingAggregate(std::move(child), node, NextStateful());
    }
    return MakeHashAggregate(std::move(child), node.grouping, node.results, shuffle_partitions_);
  }

  StatefulOptions NextStateful() {
    return {next_stateful_++, options_.state_partitions, options_.output_mode, options_.conf};
  }

  const PlannerOptions& options_;
  std::string time_zone_ = "UTC";
  int shuffle_partitions_ = 200;
  int64_t next_stateful_ = 0;
};

}  // namespace

OperatorPtr PlanOperators(const logical::PlanPtr& plan, const PlannerOptions& options) {
  return Planner(options).Plan(plan);
}

}  // namespace sluice::exec
