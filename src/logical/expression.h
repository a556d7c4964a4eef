// Bound expressions: names resolved to attributes, functions to kernels, every type known.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "logical/binding.h"
#include "plan/expression.h"
#include "types/literal.h"

namespace sluice::logical {

/// Identifies an attribute through the whole plan (Spark's ExprId).
using ExprId = uint64_t;
ExprId NextExprId();

enum class ExprKind {
  kLiteral,
  kAttribute,
  kAlias,
  kCast,
  kScalarCall,
  kAnd,  ///< lazy, three-valued
  kOr,
  kCase,      ///< children: condition, value, condition, value, …, [else]; branches are evaluated only where taken
  kCoalesce,  ///< children evaluated only where all before are null
  kAggregateCall,
  kWindowCall,
  kGeneratorCall,
  kSortOrder,
  kPythonUdf,
  kLambda,
  kLambdaVariable,
  kSubquery,
  kOuterReference,
};

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;
struct Plan;
using PlanPtr = std::shared_ptr<const Plan>;

/// An immutable node; `children` are its operands in order.
struct Expr {
  Expr(ExprKind kind, types::TypePtr type, bool nullable, std::vector<ExprPtr> children)
      : kind(kind), type(std::move(type)), nullable(nullable), children(std::move(children)) {}
  virtual ~Expr() = default;

  const ExprKind kind;
  const types::TypePtr type;
  const bool nullable;
  const std::vector<ExprPtr> children;

  /// The same node over other operands of the same types.
  virtual ExprPtr WithChildren(std::vector<ExprPtr> new_children) const = 0;
  /// As in plan texts, attributes with ids: "(v#12 > 5)".
  virtual std::string ToString() const = 0;
  /// As in generated column names and error messages, attributes by name: "(v > 5)".
  virtual std::string Sql() const = 0;
  /// True if this and all below give the same result for the same row.
  bool Deterministic() const;

  template <typename T>
  const T* As() const {
    return dynamic_cast<const T*>(this);
  }
};

struct LiteralExpr : Expr {
  explicit LiteralExpr(types::Literal literal);
  types::Literal literal;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

struct AttributeExpr : Expr {
  AttributeExpr(std::string name, types::TypePtr type, bool nullable, ExprId id = NextExprId(),
                std::vector<std::string> qualifier = {}, std::string metadata = "{}");
  std::string name;
  ExprId id;
  std::vector<std::string> qualifier;  ///< ["spark_catalog","default","t"] or ["alias"]
  std::string metadata;                ///< JSON; "spark.watermarkDelayMs" marks an event-time column
  bool hidden = false;                 ///< a metadata column such as _metadata: not in *
  std::shared_ptr<const AttributeExpr> WithQualifier(std::vector<std::string> new_qualifier) const;
  std::shared_ptr<const AttributeExpr> WithNullability(bool new_nullable) const;
  std::shared_ptr<const AttributeExpr> WithNewId() const;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};
using AttributePtr = std::shared_ptr<const AttributeExpr>;

struct AliasExpr : Expr {
  AliasExpr(ExprPtr child, std::string name, ExprId id = NextExprId(), std::string metadata = "");
  std::string name;
  ExprId id;
  std::string metadata;  ///< empty = the child's, if it is an attribute
  AttributePtr ToAttribute() const;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

enum class CastBehaviour { kAnsi, kTry, kLegacy };
struct CastExpr : Expr {
  /// `implicit` casts, inserted by coercion, don't show in column names.
  CastExpr(ExprPtr child, types::TypePtr type, CastBehaviour behaviour, bool implicit);
  CastBehaviour behaviour;
  bool implicit;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

struct ScalarCall : Expr {
  ScalarCall(ScalarBindingPtr binding, std::vector<ExprPtr> arguments);
  ScalarBindingPtr binding;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

/// kAnd, kOr, kCase, kCoalesce.
struct LazyExpr : Expr {
  LazyExpr(ExprKind kind, types::TypePtr type, bool nullable, std::vector<ExprPtr> children, std::string name = "");
  /// When the column name differs from the kind's own form: "if", another function's name ("nvl"), or the whole text
  /// (it then holds a parenthesis).
  std::string name;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

struct AggregateCall : Expr {
  AggregateCall(AggregateBindingPtr binding, std::vector<ExprPtr> arguments, bool distinct, ExprPtr filter,
                ExprId result_id = NextExprId());
  AggregateBindingPtr binding;
  bool distinct;
  bool has_filter;  ///< the filter is then the last child
  ExprId result_id;
  std::vector<ExprPtr> arguments() const;
  ExprPtr filter() const;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

struct SortOrderExpr : Expr {
  SortOrderExpr(ExprPtr child, bool ascending, bool nulls_first);
  bool ascending, nulls_first;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

struct WindowFrame {
  plan::FrameType type = plan::FrameType::kRange;
  bool lower_unbounded = true, upper_unbounded = false;
  int64_t lower = 0, upper = 0;  ///< offsets in rows (kRows), or in the order key's unit (kRange)
  std::string text;              ///< as the user wrote it: "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"
};
/// children: arguments, then partition keys, then sort orders.
struct WindowCall : Expr {
  /// Exactly one of `aggregate` and `window` is set.
  WindowCall(AggregateBindingPtr aggregate, WindowBindingPtr window, std::vector<ExprPtr> children, int arguments,
             int partition_keys, WindowFrame frame);
  AggregateBindingPtr aggregate;
  WindowBindingPtr window;
  int argument_count, partition_count;
  WindowFrame frame;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

/// The type is a struct of the outputs; only allowed as the generator of a Generate node after analysis.
struct GeneratorCall : Expr {
  GeneratorCall(GeneratorBindingPtr binding, std::vector<ExprPtr> arguments);
  GeneratorBindingPtr binding;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

struct PythonUdfExpr : Expr {
  PythonUdfExpr(std::shared_ptr<const plan::PythonUdf> function, types::TypePtr type, std::vector<ExprPtr> arguments,
                std::vector<std::string> argument_names);
  std::shared_ptr<const plan::PythonUdf> function;
  std::vector<std::string> argument_names;  ///< "" for positional ones
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

/// A bound lambda: children[0] is the body; `variables` are bound inside it.
struct LambdaVariableExpr : Expr {
  LambdaVariableExpr(std::string name, types::TypePtr type, bool nullable, ExprId id = NextExprId());
  std::string name;
  ExprId id;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};
struct LambdaExpr : Expr {
  LambdaExpr(ExprPtr body, std::vector<std::shared_ptr<const LambdaVariableExpr>> variables);
  std::vector<std::shared_ptr<const LambdaVariableExpr>> variables;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

/// A subquery still to be replaced by a join or a literal before execution.
struct SubqueryExpr : Expr {
  SubqueryExpr(plan::SubqueryKind subquery, PlanPtr plan, types::TypePtr type, std::vector<ExprPtr> values);
  plan::SubqueryKind subquery;
  PlanPtr plan;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};
/// An attribute of the outer query inside a correlated subquery.
struct OuterReferenceExpr : Expr {
  explicit OuterReferenceExpr(AttributePtr attribute);
  AttributePtr attribute;
  ExprPtr WithChildren(std::vector<ExprPtr>) const override;
  std::string ToString() const override;
  std::string Sql() const override;
};

ExprPtr MakeLiteral(types::Literal literal);
ExprPtr MakeAnd(ExprPtr left, ExprPtr right);
/// The conjuncts of a condition, in order.
std::vector<ExprPtr> SplitConjuncts(const ExprPtr& condition);
/// All conjuncts joined by AND; null for none.
ExprPtr JoinConjuncts(const std::vector<ExprPtr>& conjuncts);
/// Bottom-up rewrite; `rewrite` gives the replacement or null to keep the node.
ExprPtr Transform(const ExprPtr& expr, const std::function<ExprPtr(const ExprPtr&)>& rewrite);
/// Depth-first visit; return false from `visit` to skip what is below.
void Visit(const ExprPtr& expr, const std::function<bool(const ExprPtr&)>& visit);
bool Contains(const ExprPtr& expr, ExprKind kind);
std::vector<AttributePtr> References(const ExprPtr& expr);
/// Same computation: equal kinds, bindings, attribute ids; aliases' names and ids don't count.
bool SemanticEquals(const ExprPtr& a, const ExprPtr& b);
/// The attribute that a named expression (attribute or alias) gives.
AttributePtr ToAttribute(const ExprPtr& named);

}  // namespace sluice::logical
