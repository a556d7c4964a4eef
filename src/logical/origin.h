// Calls, casts and subqueries that know the SQL text they came from, for the messages of errors found while running.
#pragma once

#include "base/query_context.h"
#include "logical/expression.h"

namespace sluice::logical {

/// The same node with that origin, unless it has one; anything but calls, explicit casts and subqueries as it is.
ExprPtr WithOrigin(const ExprPtr& expr, const base::QueryContextPtr& origin);
/// Null if the expression has none.
base::QueryContextPtr OriginOf(const Expr& expr);

}  // namespace sluice::logical
