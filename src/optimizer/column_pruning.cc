// Computes and reads only the columns that something above needs.
#include <algorithm>
#include <set>

#include "optimizer/named_values.h"
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::AttributePtr;
using logical::Attributes;
using logical::ExprId;
using logical::PlanKind;
using logical::PlanPtr;

void AddReferences(const std::vector<logical::ExprPtr>& expressions, std::set<ExprId>* needed) {
  for (const logical::ExprPtr& expr : expressions) {
    for (const AttributePtr& attribute : logical::References(expr)) needed->insert(attribute->id);
  }
}

template <typename ScanNode, typename Handle>
PlanPtr Narrow(const ScanNode& scan, const Handle& handle, const std::set<ExprId>& needed) {
  Attributes output;
  std::vector<std::string> columns;
  for (size_t i = 0; i < scan.output.size(); ++i) {
    if (!needed.contains(scan.output[i]->id)) continue;
    output.push_back(scan.output[i]);
    columns.push_back(scan.columns[i]);
  }
  if (output.size() == scan.output.size()) return nullptr;
  return std::make_shared<ScanNode>(handle, output, columns, scan.pushed);
}

PlanPtr Prune(const PlanPtr& plan, const std::set<ExprId>& needed);

PlanPtr PruneChildren(const PlanPtr& plan, const std::set<ExprId>& needed) {
  std::vector<PlanPtr> children;
  bool changed = false;
  for (const PlanPtr& child : plan->children) {
    children.push_back(Prune(child, needed));
    changed |= children.back() != child;
  }
  return changed ? plan->WithChildren(std::move(children)) : plan;
}

/// Nodes whose output is that of their children, and columns of their own, each found by its id.
bool PassesColumnsOn(const logical::Plan& plan) {
  switch (plan.kind) {
    case PlanKind::kFilter:
    case PlanKind::kSort:
    case PlanKind::kLimit:
    case PlanKind::kOffset:
    case PlanKind::kTail:
    case PlanKind::kJoin:
    case PlanKind::kWatermark:
    case PlanKind::kDeadLetters:
      return true;
    default:
      return false;
  }
}

PlanPtr PruneProject(const logical::Project& project, const PlanPtr& plan, const std::set<ExprId>& needed) {
  std::vector<logical::ExprPtr> kept;
  for (size_t i = 0; i < project.expressions.size(); ++i) {
    if (needed.contains(project.output[i]->id)) kept.push_back(project.expressions[i]);
  }
  if (kept.empty() && !project.expressions.empty()) kept.push_back(project.expressions[0]);
  std::set<ExprId> below;
  AddReferences(kept, &below);
  PlanPtr child = Prune(plan->child(), below);
  if (child == plan->child() && kept.size() == project.expressions.size()) return plan;
  return std::make_shared<logical::Project>(std::move(child), std::move(kept));
}

/// What a stream-stream join gets is what it keeps in its state, so nothing comes in that is not used.
PlanPtr Only(const PlanPtr& input, const std::set<ExprId>& needed) {
  std::vector<logical::ExprPtr> kept;
  for (const AttributePtr& column : input->output) {
    if (needed.contains(column->id)) kept.push_back(column);
  }
  if (kept.size() == input->output.size()) return input;
  return std::make_shared<logical::Project>(input, std::move(kept));
}

bool JoinsStreams(const logical::Plan& plan) {
  return plan.kind == PlanKind::kJoin && plan.children[0]->is_streaming && plan.children[1]->is_streaming;
}

/// `needed` is what the parents use of this node's output. A node keeps one column at least.
PlanPtr Prune(const PlanPtr& plan, const std::set<ExprId>& needed) {
  if (const auto* scan = plan->As<logical::Scan>()) {
    PlanPtr narrow = Narrow(*scan, scan->table, needed);
    return narrow ? narrow : plan;
  }
  if (const auto* scan = plan->As<logical::StreamScan>()) {
    PlanPtr narrow = Narrow(*scan, scan->stream, needed);
    return narrow ? narrow : plan;
  }
  if (const auto* project = plan->As<logical::Project>()) return PruneProject(*project, plan, needed);
  std::set<ExprId> below;
  if (plan->kind == PlanKind::kAggregate) {
    AddReferences(plan->Expressions(), &below);
    return PruneChildren(plan, below);
  }
  if (!PassesColumnsOn(*plan)) {
    // Other nodes give their children's columns on by position.
    for (const PlanPtr& child : plan->children) below.merge(IdsOf(child->output));
    return PruneChildren(plan, below);
  }
  below = needed;
  AddReferences(plan->Expressions(), &below);
  for (const PlanPtr& child : plan->children) {
    std::set<ExprId> ids = IdsOf(child->output);
    bool used = std::any_of(ids.begin(), ids.end(), [&](ExprId id) { return below.contains(id); });
    if (!used && !child->output.empty()) below.insert(child->output[0]->id);
  }
  PlanPtr pruned = PruneChildren(plan, below);
  if (!JoinsStreams(*plan)) return pruned;
  std::vector<PlanPtr> inputs;
  for (const PlanPtr& input : pruned->children) inputs.push_back(Only(input, below));
  return inputs == pruned->children ? pruned : pruned->WithChildren(std::move(inputs));
}

}  // namespace

PlanPtr PruneColumns(const PlanPtr& plan, const ConstantFolder&) { return Prune(plan, IdsOf(plan->output)); }

}  // namespace sluice::optimizer
