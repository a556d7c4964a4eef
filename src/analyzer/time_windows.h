// window(…) and session_window(…): from a call to the operators that assign rows to windows.
#pragma once

#include <vector>

#include "analyzer/expression_resolver.h"
#include "functions/time_window.h"

namespace sluice::analyzer {

/// A call of window(…) or session_window(…) that the operator using it still has to replace by a column.
struct TimeWindowExpr : logical::ScalarCall {
  TimeWindowExpr(logical::ScalarBindingPtr binding, logical::ExprPtr time, functions::WindowLengths lengths,
                 bool session);
  functions::WindowLengths lengths;
  bool session;
  logical::ExprPtr WithChildren(std::vector<logical::ExprPtr>) const override;
};

/// True if metadata marks a column of windows (TimeWindow.marker).
bool IsWindowColumn(const std::string& metadata);

/// Spark's TimeWindowing: if `expressions` call window(…), a node below gives each row its windows, and the calls
/// become references to that column. Several different windows are refused.
logical::PlanPtr ApplyTimeWindows(Resolver& resolver, logical::PlanPtr input,
                                  std::vector<logical::ExprPtr>& expressions);

}  // namespace sluice::analyzer
