// Tells scans what the filter above asks for, so that their readers can leave rows out.
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;

/// What a reader could know of a row: nothing random, no other query's result, no call of Python.
bool IsForReaders(const ExprPtr& condition) {
  return condition->Deterministic() && !logical::Contains(condition, ExprKind::kSubquery) &&
         !logical::Contains(condition, ExprKind::kOuterReference) &&
         !logical::Contains(condition, ExprKind::kPythonUdf);
}

template <typename ScanNode, typename Handle>
PlanPtr WithFilters(const ScanNode& scan, const Handle& handle, const ExprPtr& condition) {
  std::vector<ExprPtr> pushed = scan.pushed;
  for (const ExprPtr& conjunct : logical::SplitConjuncts(condition)) {
    if (IsForReaders(conjunct)) pushed.push_back(conjunct);
  }
  return std::make_shared<ScanNode>(handle, scan.output, scan.columns, std::move(pushed));
}

}  // namespace

// The filter stays: readers leave out what they can.
PlanPtr GiveFiltersToScans(const PlanPtr& plan, const ConstantFolder&) {
  return logical::Transform(plan, [](const PlanPtr& node) -> PlanPtr {
    const auto* filter = node->As<logical::Filter>();
    if (!filter) return nullptr;
    if (const auto* scan = filter->child()->As<logical::Scan>()) {
      return node->WithChildren({WithFilters(*scan, scan->table, filter->condition)});
    }
    if (const auto* scan = filter->child()->As<logical::StreamScan>()) {
      return node->WithChildren({WithFilters(*scan, scan->stream, filter->condition)});
    }
    return nullptr;
  });
}

}  // namespace sluice::optimizer
