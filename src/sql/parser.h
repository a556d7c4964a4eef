// SQL text → plan.
#pragma once

#include <string>
#include <string_view>

#include "base/sql_conf.h"
#include "plan/command.h"

namespace sluice::sql {

/// What the meaning of a text depends on besides the text.
struct ParserOptions {
  std::string time_zone = "UTC";           ///< of TIMESTAMP '…' without a zone of its own
  bool timestamp_ntz = false;              ///< TIMESTAMP '…' is a TIMESTAMP_NTZ (spark.sql.timestampType)
  bool double_quoted_identifiers = false;  ///< "a b" is a name (spark.sql.ansi.doubleQuotedIdentifiers)

  ParserOptions() = default;
  /// Those of a session.
  explicit ParserOptions(const base::SqlConf& conf);
};

/// Parses one statement of Spark SQL (a trailing ';' is allowed). Throws base::Error kParse with Spark's condition
/// and position. Names of functions are not looked up here. `?` and `:name` become ParameterMark. Expressions and
/// tables know their place in the text (`origin`).
plan::Statement ParseStatement(std::string_view text, const ParserOptions& options = {});

/// A query only; a command is PARSE_SYNTAX_ERROR.
plan::RelationPtr ParseQuery(std::string_view text, const ParserOptions& options = {});

/// One expression with an optional alias, as F.expr and selectExpr take it ("a + 1 AS b", "*", "t.*").
plan::ExpressionPtr ParseExpression(std::string_view text, const ParserOptions& options = {});

}  // namespace sluice::sql
