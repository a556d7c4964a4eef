// window(…) and session_window(…): from a call to the operators that assign rows to windows.
#pragma once

#include <vector>

#include "analyzer/expression_resolver.h"
#include "functions/time_window.h"

namespace sluice::analyzer {

/// A call of window(…) or session_window(…) that the operator using it still has to replace by a column.
struct TimeWindowExpr : logical::ScalarCall {
  /// `arguments` are the time and, of a session, where the row's own session ends.
  TimeWindowExpr(logical::ScalarBindingPtr binding, std::vector<logical::ExprPtr> arguments,
                 functions::WindowLengths lengths, bool session);
  functions::WindowLengths lengths;
  bool session;
  logical::ExprPtr WithChildren(std::vector<logical::ExprPtr>) const override;
};

/// What is left of a window column's metadata in window_time of it: the watermark, not that it is a window.
std::string WindowTimeMetadata(const logical::Expr& call);

/// Spark's TimeWindowing and SessionWindowing: if `expressions` call window(…) or session_window(…), a node below gives
/// each row its windows, and the calls become references to that column. Several different windows are refused.
logical::PlanPtr ApplyTimeWindows(Resolver& resolver, logical::PlanPtr input,
                                  std::vector<logical::ExprPtr>& expressions);

}  // namespace sluice::analyzer
