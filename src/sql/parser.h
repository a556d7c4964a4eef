// SQL text → plan.
#pragma once

#include <string>
#include <string_view>

#include "plan/command.h"

namespace sluice::sql {

/// Parses one statement of Spark SQL (a trailing ';' is allowed). Throws base::Error kParse with Spark's condition
/// and position. Names of functions are not looked up here. `?` and `:name` become ParameterMark.
plan::Statement ParseStatement(std::string_view text);

/// A query only; a command is PARSE_SYNTAX_ERROR.
plan::RelationPtr ParseQuery(std::string_view text);

/// One expression with an optional alias, as F.expr and selectExpr take it ("a + 1 AS b", "*", "t.*").
plan::ExpressionPtr ParseExpression(std::string_view text);

}  // namespace sluice::sql
