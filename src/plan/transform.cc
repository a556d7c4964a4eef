// Rewrites unresolved expressions from the leaves up.
#include "plan/expression.h"

namespace sluice::plan {
namespace {

using Replace = std::function<ExpressionPtr(const ExpressionPtr&)>;

// Rewrites the operands of a copied node; `changed` tells whether any of them is new.
struct Operands {
  const Replace& replace;
  bool changed = false;

  void One(ExpressionPtr* child) {
    if (!*child) return;
    ExpressionPtr result = TransformUp(*child, replace);
    changed = changed || result != *child;
    *child = std::move(result);
  }
  void All(std::vector<ExpressionPtr>* children) {
    for (ExpressionPtr& child : *children) One(&child);
  }
  void All(std::vector<SortOrder>* orders) {
    for (SortOrder& order : *orders) One(&order.child);
  }

  void operator()(UnresolvedFunction& e) {
    All(&e.arguments);
    One(&e.filter);
    All(&e.within_group);
  }
  void operator()(Alias& e) { One(&e.child); }
  void operator()(Cast& e) { One(&e.child); }
  void operator()(SortOrder& e) { One(&e.child); }
  void operator()(LambdaFunction& e) { One(&e.body); }
  void operator()(WindowExpression& e) {
    One(&e.function);
    All(&e.partition_by);
    All(&e.order_by);
    One(&e.lower.value);
    One(&e.upper.value);
  }
  void operator()(ExtractValue& e) {
    One(&e.child);
    One(&e.extraction);
  }
  void operator()(UpdateFields& e) {
    One(&e.child);
    One(&e.value);
  }
  void operator()(PythonUdf& e) { All(&e.arguments); }
  void operator()(NamedArgument& e) { One(&e.value); }
  void operator()(SubqueryExpression& e) { All(&e.values); }
  void operator()(types::Literal&) {}
  void operator()(UnresolvedAttribute&) {}
  void operator()(UnresolvedStar&) {}
  void operator()(UnresolvedRegex&) {}
  void operator()(LambdaVariable&) {}
  void operator()(ExpressionString&) {}
  void operator()(ParameterMark&) {}
};

}  // namespace

ExpressionPtr TransformUp(const ExpressionPtr& expression, const Replace& replace) {
  Expression copy = *expression;
  Operands operands{replace};
  std::visit(operands, copy.node);
  ExpressionPtr node = operands.changed ? std::make_shared<const Expression>(std::move(copy)) : expression;
  ExpressionPtr result = replace(node);
  return result ? result : node;
}

}  // namespace sluice::plan
