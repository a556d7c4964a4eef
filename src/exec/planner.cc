// Chooses the operator of each logical node.
#include "exec/planner.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "exec/join_planning.h"
#include "exec/operators.h"
#include "exec/python_extraction.h"
#include "exec/sliding_windows.h"
#include "exec/stateful/planning.h"
#include "logical/stateful_functions.h"
#include "logical/watermark_metadata.h"

namespace sluice::exec {
namespace {

using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;

// True if a Python function is called outside of an aggregate.
bool CallsPythonOutsideAggregates(const std::vector<ExprPtr>& results) {
  bool found = false;
  for (const ExprPtr& result : results) {
    logical::Visit(result, [&](const ExprPtr& expr) {
      found |= expr->kind == ExprKind::kPythonUdf;
      return expr->kind != ExprKind::kAggregateCall;
    });
  }
  return found;
}

bool HasPython(const std::vector<ExprPtr>& expressions) {
  for (const ExprPtr& expression : expressions) {
    if (logical::Contains(expression, ExprKind::kPythonUdf)) return true;
  }
  return false;
}

bool GroupsBySession(const std::vector<ExprPtr>& grouping) {
  return std::ranges::any_of(
      grouping, [](const ExprPtr& key) { return logical::IsSessionWindow(logical::ToAttribute(key)->metadata); });
}

// Spark's RemoveLiteralFromGroupExpressions and RemoveRepetitionFromGroupExpressions: constants and what is a key
// already are no part of the key in the state.
void DropNeedlessKeys(std::vector<ExprPtr>* grouping, std::vector<ExprPtr>* results) {
  std::map<logical::ExprId, ExprPtr> dropped;  // by the key's attribute: what stands for it
  std::vector<ExprPtr> kept, values;
  for (const ExprPtr& key : *grouping) {
    ExprPtr value = key;
    while (value->kind == ExprKind::kAlias) value = value->children[0];
    auto known = std::ranges::find_if(values, [&](const ExprPtr& other) { return SemanticEquals(other, value); });
    if (value->kind == ExprKind::kLiteral) {
      dropped[logical::ToAttribute(key)->id] = value;
    } else if (known != values.end()) {
      dropped[logical::ToAttribute(key)->id] = logical::ToAttribute(kept[known - values.begin()]);
    } else {
      kept.push_back(key);
      values.push_back(value);
    }
  }
  if (dropped.empty() || kept.empty()) return;
  auto stand_in = [&](const ExprPtr& expr) -> ExprPtr {
    const auto* attribute = expr->As<logical::AttributeExpr>();
    auto found = attribute ? dropped.find(attribute->id) : dropped.end();
    return found == dropped.end() ? nullptr : found->second;
  };
  for (ExprPtr& result : *results) {
    logical::AttributePtr name = logical::ToAttribute(result);
    result = logical::Transform(result, stand_in);
    bool named = result->kind == ExprKind::kAlias || logical::ToAttribute(result) == name;
    if (!named) result = std::make_shared<logical::AliasExpr>(result, name->name, name->id, name->metadata);
  }
  *grouping = std::move(kept);
}

// What Spark's ConvertToLocalRelation turns into local data.
bool IsLocal(const PlanPtr& node) {
  switch (node->kind) {
    case PlanKind::kLocalData:
      return true;
    case PlanKind::kProject:
    case PlanKind::kFilter:
    case PlanKind::kLimit:
      return !HasPython(node->Expressions()) && IsLocal(node->child());
    default:
      return false;
  }
}

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
        return PlanProject(*node->As<logical::Project>(), Plan(node->child()));
      case PlanKind::kFilter:
        return PlanFilter(*node->As<logical::Filter>());
      case PlanKind::kJoin:
        return PlanJoinNode(*node->As<logical::Join>());
      case PlanKind::kAggregate:
        return PlanAggregate(*node->As<logical::Aggregate>());
      case PlanKind::kSort:
        return PlanSort(*node->As<logical::Sort>(), -1);
      case PlanKind::kLimit:
      case PlanKind::kOffset:
        return PlanLimit(*node->As<logical::LimitPlan>());
      case PlanKind::kTail:
        return MakeTail(Plan(node->child()), node->As<logical::LimitPlan>()->count);
      case PlanKind::kUnion:
        return PlanUnion(*node);
      case PlanKind::kDeduplicate:
        return PlanDeduplicate(*node->As<logical::Deduplicate>());
      case PlanKind::kSample:
        return MakeSample(Plan(node->child()), *node->As<logical::Sample>());
      case PlanKind::kRepartition:
        return PlanRepartition(*node->As<logical::Repartition>());
      case PlanKind::kGenerate:
        return PlanGenerate(*node->As<logical::Generate>());
      case PlanKind::kExpand:
        return MakeExpand(Plan(node->child()), *node->As<logical::Expand>());
      case PlanKind::kWindow:
        return PlanWindow(*node->As<logical::Window>());
      case PlanKind::kWatermark:
        return MakeWatermark(Plan(node->child()), *node->As<logical::Watermark>());
      case PlanKind::kCollectMetrics:
        return MakeCollectMetrics(Plan(node->child()), *node->As<logical::CollectMetrics>());
      case PlanKind::kDeadLetters:
        return MakeDeadLetters(Plan(node->child()), *node->As<logical::DeadLetters>());
      case PlanKind::kMapPartitions:
        return options_.python.map_partitions(Plan(node->child()), *node->As<logical::MapPartitions>());
      case PlanKind::kGroupMap:
        return options_.python.group_map(Plan(node->child()), *node->As<logical::GroupMap>());
      case PlanKind::kCoGroupMap:
        return options_.python.co_group_map(Plan(node->children[0]), Plan(node->children[1]),
                                            *node->As<logical::CoGroupMap>());
      case PlanKind::kPandasWithState:
        return PlanPandasWithState(*node->As<logical::PandasWithState>());
      case PlanKind::kTransformWithState:
        return PlanTransformWithState(*node->As<logical::TransformWithState>());
      case PlanKind::kShowString: {
        auto* show = node->As<logical::ShowString>();
        return MakeShowString(PlanFirst(node->child(), std::max<int64_t>(show->num_rows, 0) + 1), *show);
      }
      case PlanKind::kHint:
        return Plan(node->child());
      default:
        throw base::Error::Unsupported("Running the plan node " + node->Describe());
    }
  }

 private:
  // Plans a node of which only the first `count` rows are looked at.
  OperatorPtr PlanFirst(const PlanPtr& node, int64_t count) {
    if (node->kind == PlanKind::kSort && node->As<logical::Sort>()->global) {
      return PlanSort(*node->As<logical::Sort>(), count);
    }
    if (node->kind == PlanKind::kProject) {
      return PlanProject(*node->As<logical::Project>(), PlanFirst(node->child(), count));
    }
    return Plan(node);
  }

  OperatorPtr PlanProject(const logical::Project& node, OperatorPtr child) {
    std::vector<ExprPtr> expressions = node.expressions;
    child = ExtractPythonFunctions(std::move(child), options_.python, &expressions);
    return MakeProject(std::move(child), std::move(expressions));
  }

  // Drops the columns that a step below has added.
  OperatorPtr Narrow(OperatorPtr child, const logical::Attributes& output) {
    if (child->output().size() == output.size()) return child;
    return MakeProject(std::move(child), {output.begin(), output.end()});
  }

  OperatorPtr PlanFilter(const logical::Filter& node) {
    OperatorPtr child = Plan(node.child());
    std::vector<ExprPtr> condition = {node.condition};
    child = ExtractPythonFunctions(std::move(child), options_.python, &condition);
    return Narrow(MakeFilter(std::move(child), condition[0]), node.output);
  }

  OperatorPtr PlanJoinNode(const logical::Join& node) {
    if (options_.streaming && node.children[0]->is_streaming && node.children[1]->is_streaming) {
      StatefulOptions stateful = NextStateful(node);
      OperatorPtr left = Plan(node.children[0]), right = Plan(node.children[1]);
      return MakeStreamingJoin(std::move(left), std::move(right), node, stateful);
    }
    OperatorPtr left = Plan(node.children[0]), right = Plan(node.children[1]);
    if (node.condition && logical::Contains(node.condition, ExprKind::kPythonUdf)) {
      throw base::Error::Unsupported("A Python function in a join condition");
    }
    return MakeHashJoin(std::move(left), std::move(right), node.output, PlanJoin(node));
  }

  OperatorPtr PlanAggregate(const logical::Aggregate& node) {
    if (CallsPythonOutsideAggregates(node.results)) return PlanPythonOverAggregate(node);
    if (auto slides = AggregateWithoutExpand(node)) return PlanAggregate(*slides);
    std::optional<StatefulOptions> stateful;
    if (options_.streaming && node.is_streaming) stateful = NextStateful(node);
    OperatorPtr child = Plan(node.child());
    if (IsLocal(node.child())) child = MakeSplit(std::move(child));
    std::vector<ExprPtr> grouping = node.grouping, results = node.results;
    if (HasPython(grouping) || HasPython(results)) {
      std::vector<ExprPtr> all = grouping;
      all.insert(all.end(), results.begin(), results.end());
      child = ExtractPythonFunctions(std::move(child), options_.python, &all);
      auto middle = all.begin() + static_cast<std::ptrdiff_t>(grouping.size());
      grouping.assign(all.begin(), middle);
      results.assign(middle, all.end());
    }
    if (stateful) DropNeedlessKeys(&grouping, &results);
    bool sessions = GroupsBySession(grouping);
    if (stateful) {
      logical::Aggregate aggregate(node.child(), grouping, results);
      return sessions ? MakeStreamingSessions(std::move(child), aggregate, *stateful)
                      : MakeStreamingAggregate(std::move(child), aggregate, *stateful);
    }
    if (sessions) return PlanSessions(std::move(child), grouping, results);
    return MakeHashAggregate(std::move(child), grouping, results, shuffle_partitions_);
  }

  // Keys that are computed become columns first: sessions are found by sorting.
  OperatorPtr PlanSessions(OperatorPtr child, const std::vector<ExprPtr>& grouping,
                           const std::vector<ExprPtr>& results) {
    std::vector<ExprPtr> columns(child->output().begin(), child->output().end());
    logical::Attributes keys;
    for (const ExprPtr& key : grouping) {
      keys.push_back(logical::ToAttribute(key));
      if (key->kind != ExprKind::kAttribute) columns.push_back(key);
    }
    if (columns.size() > child->output().size()) child = MakeProject(std::move(child), std::move(columns));
    return MakeSessionAggregate(std::move(child), keys, results, shuffle_partitions_);
  }

  // Aggregates first, then a projection with the Python functions over their results.
  OperatorPtr PlanPythonOverAggregate(const logical::Aggregate& node) {
    std::vector<ExprPtr> aggregates, results;
    for (const ExprPtr& key : node.grouping) aggregates.push_back(logical::ToAttribute(key));
    for (const ExprPtr& result : node.results) {
      results.push_back(logical::Transform(result, [&](const ExprPtr& expr) -> ExprPtr {
        if (expr->kind != ExprKind::kAggregateCall) return nullptr;
        auto alias = std::make_shared<logical::AliasExpr>(expr, expr->Sql());
        aggregates.push_back(alias);
        return alias->ToAttribute();
      }));
    }
    auto below = std::make_shared<logical::Aggregate>(node.child(), node.grouping, aggregates);
    return PlanProject(logical::Project(below, results), PlanAggregate(*below));
  }

  OperatorPtr PlanSort(const logical::Sort& node, int64_t limit) {
    is_sampled_ = node.global && limit < 0 && options_.state_partitions > 1;
    OperatorPtr child = Plan(node.child());
    is_sampled_ = false;
    std::vector<ExprPtr> keys(node.order.begin(), node.order.end());
    child = ExtractPythonFunctions(std::move(child), options_.python, &keys);
    std::vector<std::shared_ptr<const logical::SortOrderExpr>> order;
    for (const ExprPtr& key : keys) order.push_back(std::static_pointer_cast<const logical::SortOrderExpr>(key));
    return Narrow(MakeSort(std::move(child), order, node.global, node.global ? limit : -1), node.output);
  }

  OperatorPtr PlanLimit(const logical::LimitPlan& node) {
    if (options_.streaming && node.kind == PlanKind::kLimit && LimitCountsBatches(node.child(), options_.output_mode)) {
      StatefulOptions stateful = NextStateful(node);
      return MakeStreamingLimit(Plan(node.child()), node.count, stateful);
    }
    if (node.kind == PlanKind::kOffset) return MakeLimit(Plan(node.child()), node.count, -1);
    auto* below = node.child()->As<logical::LimitPlan>();
    if (below && below->kind == PlanKind::kOffset) {
      return MakeLimit(PlanFirst(below->child(), below->count + node.count), below->count, node.count);
    }
    return MakeLimit(PlanFirst(node.child(), node.count), 0, node.count);
  }

  OperatorPtr PlanUnion(const logical::Plan& node) {
    std::vector<OperatorPtr> children;
    for (const PlanPtr& child : node.children) children.push_back(Plan(child));
    return MakeUnion(std::move(children), node.output);
  }

  OperatorPtr PlanDeduplicate(const logical::Deduplicate& node) {
    if (options_.streaming && node.is_streaming) {
      StatefulOptions stateful = NextStateful(node);
      return MakeStreamingDeduplicate(Plan(node.child()), node, stateful);
    }
    return MakeDeduplicate(Plan(node.child()), node.keys, shuffle_partitions_);
  }

  OperatorPtr PlanRepartition(const logical::Repartition& node) {
    OperatorPtr child = Plan(node.child());
    if (!node.shuffle) return MakeCoalesce(std::move(child), node.partitions);
    // Without a number Spark exchanges by the default one and merges small partitions afterwards.
    int partitions = node.partitions > 0 ? node.partitions : shuffle_partitions_;
    OperatorPtr exchanged;
    if (!node.keys.empty() && node.keys[0]->kind == ExprKind::kSortOrder) {
      std::vector<std::shared_ptr<const logical::SortOrderExpr>> order;
      for (const ExprPtr& key : node.keys) {
        order.push_back(std::static_pointer_cast<const logical::SortOrderExpr>(key));
      }
      exchanged = MakeRangeExchange(std::move(child), partitions, order);
    } else {
      exchanged = MakeExchange(std::move(child), partitions, node.keys);
    }
    return node.partitions > 0 ? exchanged : MakeCoalesce(std::move(exchanged), base::ThreadPool::Default().size());
  }

  OperatorPtr PlanGenerate(const logical::Generate& node) {
    OperatorPtr child = Plan(node.child());
    if (!HasPython(node.generator->children)) return MakeGenerate(std::move(child), node);
    std::vector<ExprPtr> arguments = node.generator->children;
    child = ExtractPythonFunctions(std::move(child), options_.python, &arguments);
    auto generator =
        std::static_pointer_cast<const logical::GeneratorCall>(node.generator->WithChildren(std::move(arguments)));
    // Over a local stand-in for the extended child, so that the node's output has its columns.
    auto input =
        std::make_shared<logical::LocalData>(child->output(), std::vector<std::shared_ptr<arrow::RecordBatch>>{});
    logical::Generate extended(input, generator, node.outer, node.generated);
    return Narrow(MakeGenerate(std::move(child), extended), node.output);
  }

  OperatorPtr PlanWindow(const logical::Window& node) {
    if (HasPython(node.windows)) throw base::Error::Unsupported("A Python function in a window");
    return MakeWindow(Plan(node.child()), node, shuffle_partitions_);
  }

  OperatorPtr PlanPandasWithState(const logical::PandasWithState& node) {
    if (!options_.streaming || !node.is_streaming) {
      throw base::Error::Plain(base::ErrorKind::kUnsupportedOperation,
                               "applyInPandasWithState is unsupported in batch query. Use applyInPandas instead.",
                               "_LEGACY_ERROR_TEMP_3176");
    }
    StatefulOptions stateful = NextStateful(node);
    return options_.python.pandas_with_state(Plan(node.child()), node, stateful);
  }

  OperatorPtr PlanTransformWithState(const logical::TransformWithState& node) {
    std::optional<StatefulOptions> stateful;
    if (options_.streaming && node.is_streaming) stateful = NextStateful(node);
    std::vector<OperatorPtr> children;
    for (const PlanPtr& child : node.children) children.push_back(Plan(child));
    if (stateful) return options_.python.transform_with_state(std::move(children), node, &*stateful);
    for (size_t i = 0; i < children.size(); ++i) {
      const logical::Attributes& keys = i == 0 ? node.grouping : node.initial_grouping;
      children[i] =
          MakeExchange(std::move(children[i]), keys.empty() ? 1 : shuffle_partitions_, {keys.begin(), keys.end()});
    }
    return options_.python.transform_with_state(std::move(children), node, nullptr);
  }

  // Spark numbers them from the root down: called before what is below is planned.
  StatefulOptions NextStateful(const logical::Plan& node) {
    bool has_watermark = false;
    for (const PlanPtr& child : node.children) {
      logical::Visit(child, [&](const PlanPtr& below) { has_watermark |= below->kind == PlanKind::kWatermark; });
    }
    bool is_sampled = std::exchange(is_sampled_, false);
    return {next_stateful_++, options_.state_partitions, options_.output_mode, has_watermark, is_sampled,
            options_.conf};
  }

  const PlannerOptions& options_;
  std::string time_zone_ = "UTC";
  int shuffle_partitions_ = 200;
  int64_t next_stateful_ = 0;
  bool is_sampled_ = false;  // below a sort, up to the first stateful operator
};

}  // namespace

OperatorPtr PlanOperators(const logical::PlanPtr& plan, const PlannerOptions& options) {
  return Planner(options).Plan(plan);
}

}  // namespace sluice::exec
