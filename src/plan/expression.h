// Unresolved expressions: what SQL, the protocol and the C++ API all build.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/query_context.h"
#include "types/literal.h"

namespace sluice::plan {

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;
struct Relation;
using RelationPtr = std::shared_ptr<const Relation>;

/// a.b.c; with `plan_id` the column belongs to the output of the relation of that id (df.col).
struct UnresolvedAttribute {
  std::vector<std::string> name;
  std::optional<int64_t> plan_id;
  bool is_metadata_column = false;
};

/// * or a.b.*; for struct(*) too.
struct UnresolvedStar {
  std::vector<std::string> target;
  std::optional<int64_t> plan_id;
  std::vector<std::vector<std::string>> except;  ///< * EXCEPT (a, b.c)
};

/// Columns whose name matches a Java regular expression (df.colRegex).
struct UnresolvedRegex {
  std::string pattern;
  std::optional<int64_t> plan_id;
};

enum class SortDirection { kAscending, kDescending };
enum class NullOrder { kDefault, kFirst, kLast };
struct SortOrder {
  ExpressionPtr child;
  SortDirection direction = SortDirection::kAscending;
  NullOrder nulls = NullOrder::kDefault;
};

/// Any function, operator ("+", "and", "==", "in", "when" …), aggregate, generator; looked up by the analyzer
/// without case.
struct UnresolvedFunction {
  std::vector<std::string> name;
  std::vector<ExpressionPtr> arguments;
  bool is_distinct = false;
  bool ignore_nulls = false;
  ExpressionPtr filter;                 ///< FILTER (WHERE …) or null
  std::vector<SortOrder> within_group;  ///< WITHIN GROUP (ORDER BY …)
};

/// `names` holds several for a generator's columns. `metadata` is JSON or empty.
struct Alias {
  ExpressionPtr child;
  std::vector<std::string> names;
  std::string metadata;
};

enum class CastMode { kDefault, kTry, kAnsi, kLegacy };
struct Cast {
  ExpressionPtr child;
  types::TypePtr type;
  CastMode mode = CastMode::kDefault;
};

struct LambdaFunction {
  ExpressionPtr body;
  std::vector<std::string> variables;
};
struct LambdaVariable {
  std::string name;
};

enum class FrameType { kUndefined, kRows, kRange };
struct FrameBoundary {
  enum class Kind { kCurrentRow, kUnbounded, kValue } kind = Kind::kUnbounded;
  ExpressionPtr value;  ///< negative = preceding
};
/// A named window is replaced by its definition while the text is parsed.
struct WindowExpression {
  ExpressionPtr function;
  std::vector<ExpressionPtr> partition_by;
  std::vector<SortOrder> order_by;
  FrameType frame = FrameType::kUndefined;
  FrameBoundary lower, upper;
  std::string name;  ///< OVER name, until the parser has met its definition
};

/// child[extraction], child.field
struct ExtractValue {
  ExpressionPtr child;
  ExpressionPtr extraction;
};

/// withField (value set) or dropFields (value null).
struct UpdateFields {
  ExpressionPtr child;
  std::string field;
  ExpressionPtr value;
};

/// An SQL expression text (F.expr, selectExpr, filter("…")): the analyzer parses it.
struct ExpressionString {
  std::string text;
};

/// A Python function; `eval_type` is PythonEvalType's number.
struct PythonUdf {
  std::string name;
  bool deterministic = true;
  std::vector<ExpressionPtr> arguments;
  types::TypePtr output_type;  ///< null when given as `output_type_text`
  int eval_type = 0;
  std::string command;  ///< cloudpickle bytes
  std::string python_version;
};

struct NamedArgument {
  std::string name;
  ExpressionPtr value;
};

enum class SubqueryKind { kScalar, kExists, kIn, kTableArgument };
struct SubqueryExpression {
  SubqueryKind kind = SubqueryKind::kScalar;
  RelationPtr plan;                   ///< from SQL
  std::optional<int64_t> plan_id;     ///< from the protocol: the id in WithRelations.references
  std::vector<ExpressionPtr> values;  ///< the left side of IN
};

/// A ? or :name mark of a parameterised query.
struct ParameterMark {
  std::string name;  ///< empty for a positional one
  int position = 0;  ///< where it stands in the text
};

struct Expression {
  using Node =
      std::variant<types::Literal, UnresolvedAttribute, UnresolvedStar, UnresolvedRegex, UnresolvedFunction, Alias,
                   Cast, SortOrder, LambdaFunction, LambdaVariable, WindowExpression, ExtractValue, UpdateFields,
                   ExpressionString, PythonUdf, NamedArgument, SubqueryExpression, ParameterMark>;
  Node node;
  base::QueryContextPtr origin;  ///< the SQL text it came from, or null

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

template <typename T>
ExpressionPtr Make(T node, base::QueryContextPtr origin = nullptr) {
  return std::make_shared<Expression>(Expression{std::move(node), std::move(origin)});
}
inline ExpressionPtr MakeFunction(std::string name, std::vector<ExpressionPtr> arguments) {
  return Make(UnresolvedFunction{{std::move(name)}, std::move(arguments)});
}
inline ExpressionPtr MakeAttribute(std::vector<std::string> name) { return Make(UnresolvedAttribute{std::move(name)}); }

/// One line, for debugging and golden tests: two plans are equal exactly if their texts are.
std::string ToString(const Expression& expression);

/// The tree with `replace` applied to each node from the leaves up; it gives null to keep a node. Subquery plans are
/// left alone. Shares what did not change.
ExpressionPtr TransformUp(const ExpressionPtr& expression,
                          const std::function<ExpressionPtr(const ExpressionPtr&)>& replace);

}  // namespace sluice::plan
