// UnsupportedOperationChecker: the operations and output modes that a streaming query may not have.
#include <algorithm>

#include "analyzer/analyzer.h"
#include "analyzer/checks/stateful_functions.h"
#include "analyzer/checks/stream_join.h"
#include "base/error.h"
#include "logical/watermark_metadata.h"

namespace sluice::analyzer {

using base::ErrorKind;
using connectors::OutputMode;
using logical::AttributeExpr;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using plan::JoinType;

namespace {

[[noreturn]] void Refuse(const std::string& message, const PlanPtr& plan) {
  throw base::Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3102", {{"msg", message}})
      .WithPlan(logical::TreeString(plan));
}

const char* ModeName(OutputMode mode) {
  switch (mode) {
    case OutputMode::kAppend:
      return "append";
    case OutputMode::kUpdate:
      return "update";
    case OutputMode::kComplete:
      return "complete";
  }
  return "";
}

[[noreturn]] void RefuseMode(OutputMode mode, const std::string& operation) {
  throw base::Error(ErrorKind::kAnalysis, "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                    {{"outputMode", ModeName(mode)}, {"operation", operation}});
}

bool ConfFlag(const base::SqlConf& conf, const char* key) { return conf.Find(key).value_or("true") == "true"; }

bool HasWatermark(const logical::Attributes& attributes) {
  return std::any_of(attributes.begin(), attributes.end(),
                     [](const auto& attribute) { return logical::WatermarkDelayMs(attribute->metadata).has_value(); });
}

bool IsStreamingAggregate(const logical::Plan& plan) { return plan.kind == PlanKind::kAggregate && plan.is_streaming; }

std::vector<const logical::Aggregate*> StreamingAggregates(const PlanPtr& plan) {
  std::vector<const logical::Aggregate*> out;
  logical::Visit(plan, [&](const PlanPtr& node) {
    if (IsStreamingAggregate(*node)) out.push_back(node->As<logical::Aggregate>());
  });
  return out;
}

bool GroupsByEventTime(const logical::Aggregate& aggregate) {
  for (const ExprPtr& key : aggregate.grouping) {
    if (logical::WatermarkDelayMs(logical::ToAttribute(key)->metadata)) return true;
  }
  return false;
}

bool GroupsBySession(const logical::Aggregate& aggregate) {
  return std::any_of(aggregate.grouping.begin(), aggregate.grouping.end(),
                     [](const ExprPtr& key) { return logical::IsSessionWindow(logical::ToAttribute(key)->metadata); });
}

void CheckMode(const PlanPtr& plan, OutputMode mode) {
  std::vector<const logical::Aggregate*> aggregates = StreamingAggregates(plan);
  if (mode == OutputMode::kAppend && !aggregates.empty() && !GroupsByEventTime(*aggregates[0])) {
    RefuseMode(mode, "streaming aggregations without watermark");
  }
  if (mode == OutputMode::kUpdate && !aggregates.empty() && GroupsBySession(*aggregates[0])) {
    RefuseMode(mode, "session window streaming aggregations");
  }
  if (mode == OutputMode::kComplete && aggregates.empty()) RefuseMode(mode, "no streaming aggregations");
}

bool ContainsCompleteData(const PlanPtr& plan, OutputMode mode) {
  return !plan->is_streaming || (mode == OutputMode::kComplete && !StreamingAggregates(plan).empty());
}

// INTERSECT and EXCEPT are joins on <=> of all columns below a deduplication.
const logical::Join* AsSetOperation(const logical::Plan& plan) {
  if (plan.kind != PlanKind::kDeduplicate) return nullptr;
  const auto* join = plan.child()->As<logical::Join>();
  if (!join || (join->type != JoinType::kLeftSemi && join->type != JoinType::kLeftAnti)) return nullptr;
  std::vector<ExprPtr> conjuncts = logical::SplitConjuncts(join->condition);
  bool all_null_safe = std::all_of(conjuncts.begin(), conjuncts.end(), [](const ExprPtr& part) {
    const auto* call = part->As<logical::ScalarCall>();
    return call && call->binding->name == "<=>";
  });
  return all_null_safe && conjuncts.size() == join->output.size() ? join : nullptr;
}

void CheckSetOperation(const PlanPtr& plan) {
  const logical::Join* join = AsSetOperation(*plan);
  if (!join) return;
  bool left = join->children[0]->is_streaming, right = join->children[1]->is_streaming;
  if (join->type == JoinType::kLeftAnti && right) {
    Refuse("Except on a streaming DataFrame/Dataset on the right is not supported", plan);
  }
  if (join->type == JoinType::kLeftSemi && (left || right)) {
    Refuse("Intersect of streaming DataFrames/Datasets is not supported", plan);
  }
}

const char* JoinTypeName(JoinType type) {
  switch (type) {
    case JoinType::kLeftOuter:
      return "LeftOuter";
    case JoinType::kRightOuter:
      return "RightOuter";
    case JoinType::kFullOuter:
      return "FullOuter";
    case JoinType::kLeftSemi:
      return "LeftSemi";
    case JoinType::kCross:
      return "Cross";
    default:
      return "Inner";
  }
}

// Inner and semi joins of two streams also run in update mode.
void CheckStreamJoinMode(const PlanPtr& plan, JoinType type, OutputMode mode) {
  if (mode == OutputMode::kAppend || type == JoinType::kLeftAnti) return;
  bool outer = type == JoinType::kLeftOuter || type == JoinType::kRightOuter || type == JoinType::kFullOuter;
  if (!outer && mode == OutputMode::kUpdate) return;
  Refuse(std::string(JoinTypeName(type)) + " join between two streaming DataFrames/Datasets is not supported in " +
             (mode == OutputMode::kUpdate ? "Update" : "Complete") + " output mode, only in Append " +
             (outer ? "output mode" : "and Update output modes"),
         plan);
}

void CheckJoin(const PlanPtr& plan, OutputMode mode) {
  const auto* join = plan->As<logical::Join>();
  bool left = join->children[0]->is_streaming, right = join->children[1]->is_streaming;
  if (left && right) CheckStreamJoinMode(plan, join->type, mode);
  auto check_watermark = [&] {
    if (IsBoundedByWatermark(*join)) return;
    Refuse(std::string("Stream-stream ") + JoinTypeName(join->type) +
               " join between two streaming DataFrame/Datasets is not supported without a watermark in the join keys, "
               "or a watermark on the nullable side and an appropriate range condition",
           plan);
  };
  switch (join->type) {
    case JoinType::kInner:
    case JoinType::kCross:
      return;
    case JoinType::kFullOuter:
      if (left != right) {
        Refuse(std::string("FullOuter joins with streaming DataFrames/Datasets on the ") + (left ? "left" : "right") +
                   " and a static DataFrame/Dataset on the " + (left ? "right" : "left") + " is not supported",
               plan);
      }
      if (left && right) check_watermark();
      return;
    case JoinType::kLeftAnti:
      if (right) Refuse("LeftAnti joins with a streaming DataFrame/Dataset on the right are not supported", plan);
      return;
    case JoinType::kLeftOuter:
    case JoinType::kLeftSemi:
      if (!left && right) {
        Refuse(
            std::string(JoinTypeName(join->type)) +
                " join with a streaming DataFrame/Dataset on the right and a static DataFrame/Dataset on the left is "
                "not supported",
            plan);
      }
      if (left && right) check_watermark();
      return;
    case JoinType::kRightOuter:
      if (left && !right) {
        Refuse(
            "RightOuter join with a streaming DataFrame/Dataset on the left and a static DataFrame/DataSet on the "
            "right not supported",
            plan);
      }
      if (left && right) check_watermark();
      return;
  }
}

void CheckAggregate(const PlanPtr& plan) {
  const auto* aggregate = plan->As<logical::Aggregate>();
  if (!aggregate->is_streaming) return;
  for (const ExprPtr& result : aggregate->results) {
    logical::Visit(result, [&](const ExprPtr& node) {
      const auto* call = node->As<logical::AggregateCall>();
      if (call && call->distinct) {
        Refuse(
            "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider using "
            "approx_count_distinct() instead.",
            plan);
      }
      return true;
    });
  }
}

[[noreturn]] void RefuseWindow(const logical::Window& window) {
  std::string functions, columns, specifications;
  auto upper = [](std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  };
  for (const ExprPtr& expr : window.windows) {
    const auto* call = expr->children[0]->As<logical::WindowCall>();
    std::string sql = call->Sql();
    size_t over = sql.find(" OVER ");
    functions += (functions.empty() ? "" : ",") + upper(sql.substr(0, over));
    columns += (columns.empty() ? "" : ",") + std::string("`") + logical::ToAttribute(expr)->name + "`";
    specifications += (specifications.empty() ? "" : ",") + upper(sql.substr(over + 6));
  }
  throw base::Error(ErrorKind::kAnalysis, "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING",
                    {{"windowFunc", functions}, {"columnName", columns}, {"windowSpec", specifications}});
}

void CheckExpressions(const PlanPtr& plan) {
  std::string unsupported;
  for (const ExprPtr& expr : plan->Expressions()) {
    logical::Visit(expr, [&](const ExprPtr& node) {
      const auto* call = node->As<logical::ScalarCall>();
      if (call && call->binding->name == "monotonically_increasing_id") {
        unsupported += (unsupported.empty() ? "" : ", ") + call->Sql();
      }
      return true;
    });
  }
  if (unsupported.empty()) return;
  Refuse("Expression(s): " + unsupported + " is not supported with streaming DataFrames/Datasets", plan);
}

void CheckNode(const PlanPtr& plan, const PlanPtr& root, OutputMode mode) {
  auto any_stream = [&] {
    return std::any_of(plan->children.begin(), plan->children.end(), [](const PlanPtr& c) { return c->is_streaming; });
  };
  switch (plan->kind) {
    case PlanKind::kAggregate:
      CheckAggregate(plan);
      break;
    case PlanKind::kDeduplicate:
      if (plan->As<logical::Deduplicate>()->within_watermark && plan->is_streaming &&
          !HasWatermark(plan->child()->output)) {
        Refuse("dropDuplicatesWithinWatermark is not supported on streaming DataFrames/DataSets without watermark",
               root);
      }
      break;
    case PlanKind::kJoin:
      CheckJoin(plan, mode);
      break;
    case PlanKind::kPandasWithState:
      CheckStatefulFunction(plan, root, mode);
      break;
    case PlanKind::kCoGroupMap:
      if (any_stream()) Refuse("CoGrouping with a streaming DataFrame/Dataset is not supported", plan);
      break;
    case PlanKind::kUnion:
      if (any_stream() && !std::all_of(plan->children.begin(), plan->children.end(),
                                       [](const PlanPtr& child) { return child->is_streaming; })) {
        Refuse("Union between streaming and batch DataFrames/Datasets is not supported", plan);
      }
      break;
    case PlanKind::kLimit:
      if (any_stream() && mode == OutputMode::kUpdate) {
        Refuse("Limits are not supported on streaming DataFrames/Datasets in Update output mode", plan);
      }
      break;
    case PlanKind::kOffset:
      Refuse("Offset is not supported on streaming DataFrames/Datasets", plan);
    case PlanKind::kTail:
      Refuse("Tail is not supported on streaming DataFrames/Datasets", plan);
    case PlanKind::kSort:
      if (!ContainsCompleteData(plan, mode)) {
        Refuse(
            "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated "
            "DataFrame/Dataset in Complete output mode",
            plan);
      }
      break;
    case PlanKind::kSample:
      if (any_stream()) Refuse("Sampling is not supported on streaming DataFrames/Datasets", plan);
      break;
    case PlanKind::kWindow:
      if (any_stream()) RefuseWindow(*plan->As<logical::Window>());
      break;
    default:
      break;
  }
  CheckExpressions(plan);
}

// Bottom-up, as Spark reports the deepest problem first.
void CheckNodes(const PlanPtr& plan, const PlanPtr& root, OutputMode mode) {
  if (const logical::Join* set_operation = AsSetOperation(*plan)) {
    for (const PlanPtr& child : set_operation->children) CheckNodes(child, root, mode);
    return CheckSetOperation(plan);
  }
  for (const PlanPtr& child : plan->children) CheckNodes(child, root, mode);
  CheckNode(plan, root, mode);
}

bool IsStateful(const logical::Plan& plan) {
  if (!plan.is_streaming) return false;
  if (plan.kind == PlanKind::kJoin) return plan.children[0]->is_streaming && plan.children[1]->is_streaming;
  if (const auto* deduplicate = plan.As<logical::Deduplicate>()) {
    // Without an event time it never drops a row for being late.
    return deduplicate->within_watermark || HasWatermark(deduplicate->keys);
  }
  return plan.kind == PlanKind::kAggregate || plan.kind == PlanKind::kPandasWithState ||
         plan.kind == PlanKind::kTransformWithState;
}

// Operators whose late output a stateful operator above would drop.
bool EmitsLateRows(const logical::Plan& plan, OutputMode mode) {
  return (IsStreamingAggregate(plan) && mode != OutputMode::kAppend) || StatefulFunctionEmitsLateRows(plan);
}

void CheckCorrectness(const PlanPtr& root, OutputMode mode) {
  logical::Visit(root, [&](const PlanPtr& stateful) {
    if (!IsStateful(*stateful)) return;
    for (const PlanPtr& child : stateful->children) {
      logical::Visit(child, [&](const PlanPtr& below) {
        if (!EmitsLateRows(*below, mode)) return;
        Refuse(
            "Detected pattern of possible 'correctness' issue due to global watermark. The query contains stateful "
            "operation which can emit rows older than the current watermark plus allowed late record delay, which "
            "are \"late rows\" in downstream stateful operations and these rows can be discarded. Please refer the "
            "programming guide doc for more details. If you understand the possible risk of correctness issue and "
            "still need to run the query, you can disable this check by setting the config "
            "`spark.sql.streaming.statefulOperator.checkCorrectness.enabled` to false.",
            root);
      });
    }
  });
}

}  // namespace

void CheckStreaming(const PlanPtr& plan, OutputMode mode, const base::SqlConf& conf) {
  if (!ConfFlag(conf, "spark.sql.streaming.unsupportedOperationCheck")) return;
  if (!plan->is_streaming) {
    Refuse("Queries without streaming sources cannot be executed with writeStream.start()", plan);
  }
  CheckStatefulFunctionsCount(plan);
  CheckMode(plan, mode);
  CheckNodes(plan, plan, mode);
  if (ConfFlag(conf, "spark.sql.streaming.statefulOperator.checkCorrectness.enabled")) CheckCorrectness(plan, mode);
}

}  // namespace sluice::analyzer
