// Plan nodes and trees as text.
#include <fmt/format.h>

#include "logical/plan.h"

namespace sluice::logical {
namespace {

template <typename List>
std::string Texts(const List& list, const char* separator = ", ") {
  std::string out = "[";
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += separator;
    out += list[i]->ToString();
  }
  return out + "]";
}

const char* JoinName(plan::JoinType type) {
  switch (type) {
    case plan::JoinType::kInner:
      return "Inner";
    case plan::JoinType::kLeftOuter:
      return "LeftOuter";
    case plan::JoinType::kRightOuter:
      return "RightOuter";
    case plan::JoinType::kFullOuter:
      return "FullOuter";
    case plan::JoinType::kLeftSemi:
      return "LeftSemi";
    case plan::JoinType::kLeftAnti:
      return "LeftAnti";
    case plan::JoinType::kCross:
      return "Cross";
  }
  return "";
}

void Draw(const PlanPtr& plan, std::vector<bool>& last, std::string& out) {
  for (size_t i = 0; i + 1 < last.size(); ++i) out += last[i] ? "   " : ":  ";
  if (!last.empty()) out += last.back() ? "+- " : ":- ";
  out += plan->Describe() + "\n";
  for (size_t i = 0; i < plan->children.size(); ++i) {
    last.push_back(i + 1 == plan->children.size());
    Draw(plan->children[i], last, out);
    last.pop_back();
  }
}

}  // namespace

std::string LocalData::Describe() const { return "LocalRelation " + Texts(output); }
std::string RangePlan::Describe() const {
  return fmt::format("Range ({}, {}, step={}, splits={})", start, end, step, partitions);
}
std::string Scan::Describe() const { return "Relation " + Texts(output, ",") + " " + table->Describe(); }
std::string StreamScan::Describe() const { return "~Relation " + Texts(output, ",") + " " + stream->Describe(); }
std::string InMemory::Describe() const { return "LogicalRDD " + Texts(output) + ", false"; }
std::string Project::Describe() const { return "Project " + Texts(expressions); }
std::string Filter::Describe() const { return "Filter " + condition->ToString(); }
std::string Join::Describe() const {
  return std::string("Join ") + JoinName(type) + (condition ? ", " + condition->ToString() : "");
}
std::string Aggregate::Describe() const { return "Aggregate " + Texts(grouping) + ", " + Texts(results); }
std::string Sort::Describe() const { return "Sort " + Texts(order) + (global ? ", true" : ", false"); }
std::string LimitPlan::Describe() const {
  const char* name = kind == PlanKind::kLimit ? "GlobalLimit" : kind == PlanKind::kOffset ? "Offset" : "Tail";
  return fmt::format("{} {}", name, count);
}
std::string Union::Describe() const { return "Union false, false"; }
std::string Deduplicate::Describe() const {
  return (within_watermark ? "DeduplicateWithinWatermark " : "Deduplicate ") + Texts(keys);
}
std::string Sample::Describe() const {
  return fmt::format("Sample {}, {}, {}, {}", lower, upper, with_replacement, seed);
}
std::string Repartition::Describe() const {
  if (keys.empty()) return fmt::format("Repartition {}, {}", partitions, shuffle);
  std::string out = "RepartitionByExpression " + Texts(keys);
  return partitions > 0 ? out + ", " + std::to_string(partitions) : out;
}
std::string Generate::Describe() const {
  return fmt::format("Generate {}, {}, {}", generator->ToString(), outer, Texts(generated));
}
std::string Expand::Describe() const {
  std::string out = "Expand [";
  for (size_t i = 0; i < projections.size(); ++i) out += (i > 0 ? ", " : "") + Texts(projections[i]);
  return out + "], " + Texts(output);
}
std::string Window::Describe() const { return "Window " + Texts(windows); }
std::string Watermark::Describe() const { return "EventTimeWatermark " + event_time->ToString() + ", " + delay_text; }
std::string CollectMetrics::Describe() const { return "CollectMetrics " + name + ", " + Texts(metrics); }
std::string DeadLetters::Describe() const { return "DeadLetters " + stream->Describe() + ", " + Texts(refusals); }
std::string MapPartitions::Describe() const {
  constexpr int kMapInPandas = 205;
  return (function->eval_type == kMapInPandas ? "MapInPandas " : "MapInArrow ") + function->name + ", " +
         Texts(output) + ", false";
}
std::string GroupMap::Describe() const {
  return "FlatMapGroupsInPandas " + Texts(grouping) + ", " + function->name + ", " + Texts(output);
}
std::string CoGroupMap::Describe() const {
  return "FlatMapCoGroupsInPandas " + Texts(left_grouping) + ", " + Texts(right_grouping) + ", " + function->name +
         ", " + Texts(output);
}
std::string ShowString::Describe() const {
  return fmt::format("{} {}, {}", html ? "HtmlString" : "ShowString", num_rows, truncate);
}

std::string TreeString(const PlanPtr& plan) {
  std::string out;
  std::vector<bool> last;
  Draw(plan, last, out);
  return out;
}

}  // namespace sluice::logical
