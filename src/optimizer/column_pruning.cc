// Reads only the columns that something above a scan needs.
#include <set>

#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::AttributePtr;
using logical::Attributes;
using logical::ExprId;
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

// `needed` is what the parents use of this node's output.
PlanPtr Prune(const PlanPtr& plan, std::set<ExprId> needed) {
  if (const auto* scan = plan->As<logical::Scan>()) {
    PlanPtr narrow = Narrow(*scan, scan->table, needed);
    return narrow ? narrow : plan;
  }
  if (const auto* scan = plan->As<logical::StreamScan>()) {
    PlanPtr narrow = Narrow(*scan, scan->stream, needed);
    return narrow ? narrow : plan;
  }
  bool narrows = plan->kind == logical::PlanKind::kProject || plan->kind == logical::PlanKind::kAggregate;
  bool passes = plan->kind == logical::PlanKind::kFilter;
  if (!narrows && !passes) {
    // Other nodes give their children's columns on by position.
    std::vector<PlanPtr> children;
    bool changed = false;
    for (const PlanPtr& child : plan->children) {
      std::set<ExprId> all;
      for (const AttributePtr& attribute : child->output) all.insert(attribute->id);
      children.push_back(Prune(child, all));
      changed |= children.back() != child;
    }
    return changed ? plan->WithChildren(std::move(children)) : plan;
  }
  std::set<ExprId> below = narrows ? std::set<ExprId>() : std::move(needed);
  AddReferences(plan->Expressions(), &below);
  PlanPtr child = Prune(plan->child(), std::move(below));
  return child == plan->child() ? plan : plan->WithChildren({child});
}

}  // namespace

PlanPtr PruneColumns(const PlanPtr& plan, const ConstantFolder&) {
  std::set<ExprId> all;
  for (const AttributePtr& attribute : plan->output) all.insert(attribute->id);
  return Prune(plan, std::move(all));
}

}  // namespace sluice::optimizer
