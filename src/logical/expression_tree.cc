// Walks over and comparisons of expression trees.
#include <map>
#include <set>

#include "logical/expression.h"
#include "logical/plan.h"

namespace sluice::logical {
namespace {

using VariablePairs = std::map<ExprId, ExprId>;

bool Same(const ExprPtr& a, const ExprPtr& b, VariablePairs& variables);

bool SameChildren(const Expr& a, const Expr& b, VariablePairs& variables) {
  if (a.children.size() != b.children.size()) return false;
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!Same(a.children[i], b.children[i], variables)) return false;
  }
  return true;
}

bool SameFrame(const WindowFrame& a, const WindowFrame& b) {
  return a.type == b.type && a.lower_unbounded == b.lower_unbounded && a.upper_unbounded == b.upper_unbounded &&
         a.lower == b.lower && a.upper == b.upper;
}

bool SameLiteral(const types::Literal& a, const types::Literal& b) {
  if (!types::Equal(a.type, b.type, true) || a.is_null() != b.is_null()) return false;
  return a.is_null() || a.value->Equals(*b.value);
}

bool SameNode(const Expr& a, const Expr& b, VariablePairs& variables) {
  switch (a.kind) {
    case ExprKind::kLiteral:
      return SameLiteral(a.As<LiteralExpr>()->literal, b.As<LiteralExpr>()->literal);
    case ExprKind::kAttribute:
      return a.As<AttributeExpr>()->id == b.As<AttributeExpr>()->id;
    case ExprKind::kCast:
      return a.As<CastExpr>()->behaviour == b.As<CastExpr>()->behaviour && types::Equal(a.type, b.type, true);
    case ExprKind::kScalarCall:
      return a.As<ScalarCall>()->binding->name == b.As<ScalarCall>()->binding->name &&
             a.As<ScalarCall>()->binding->deterministic && types::Equal(a.type, b.type, true);
    case ExprKind::kAggregateCall: {
      const auto* x = a.As<AggregateCall>();
      const auto* y = b.As<AggregateCall>();
      return x->binding->name == y->binding->name && x->distinct == y->distinct && x->has_filter == y->has_filter &&
             types::Equal(a.type, b.type, true);
    }
    case ExprKind::kSortOrder:
      return a.As<SortOrderExpr>()->ascending == b.As<SortOrderExpr>()->ascending &&
             a.As<SortOrderExpr>()->nulls_first == b.As<SortOrderExpr>()->nulls_first;
    case ExprKind::kWindowCall: {
      const auto* x = a.As<WindowCall>();
      const auto* y = b.As<WindowCall>();
      auto name = [](const WindowCall* call) { return call->aggregate ? call->aggregate->name : call->window->name; };
      return name(x) == name(y) && x->argument_count == y->argument_count && x->partition_count == y->partition_count &&
             SameFrame(x->frame, y->frame);
    }
    case ExprKind::kGeneratorCall:
      return a.As<GeneratorCall>()->binding->name == b.As<GeneratorCall>()->binding->name;
    case ExprKind::kPythonUdf: {
      const auto* x = a.As<PythonUdfExpr>();
      const auto* y = b.As<PythonUdfExpr>();
      return x->function->deterministic && x->function->command == y->function->command &&
             x->function->eval_type == y->function->eval_type && x->argument_names == y->argument_names;
    }
    case ExprKind::kLambda: {
      const auto* x = a.As<LambdaExpr>();
      const auto* y = b.As<LambdaExpr>();
      if (x->variables.size() != y->variables.size()) return false;
      for (size_t i = 0; i < x->variables.size(); ++i) variables[x->variables[i]->id] = y->variables[i]->id;
      return true;
    }
    case ExprKind::kLambdaVariable: {
      auto found = variables.find(a.As<LambdaVariableExpr>()->id);
      ExprId expected = found == variables.end() ? a.As<LambdaVariableExpr>()->id : found->second;
      return expected == b.As<LambdaVariableExpr>()->id;
    }
    case ExprKind::kSubquery:
      return a.As<SubqueryExpr>()->subquery == b.As<SubqueryExpr>()->subquery &&
             a.As<SubqueryExpr>()->plan == b.As<SubqueryExpr>()->plan;
    case ExprKind::kOuterReference:
      return a.As<OuterReferenceExpr>()->attribute->id == b.As<OuterReferenceExpr>()->attribute->id;
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kCase:
    case ExprKind::kCoalesce:
    case ExprKind::kAlias:
      return true;
  }
  return false;
}

bool Same(const ExprPtr& a, const ExprPtr& b, VariablePairs& variables) {
  if (a == b) return true;
  if (a->kind == ExprKind::kAlias) return Same(a->children[0], b, variables);
  if (b->kind == ExprKind::kAlias) return Same(a, b->children[0], variables);
  return a->kind == b->kind && SameNode(*a, *b, variables) && SameChildren(*a, *b, variables);
}

}  // namespace

bool Expr::Deterministic() const {
  if (const auto* call = As<ScalarCall>(); call && !call->binding->deterministic) return false;
  if (const auto* udf = As<PythonUdfExpr>(); udf && !udf->function->deterministic) return false;
  for (const ExprPtr& child : children) {
    if (!child->Deterministic()) return false;
  }
  return true;
}

ExprPtr Transform(const ExprPtr& expr, const std::function<ExprPtr(const ExprPtr&)>& rewrite) {
  std::vector<ExprPtr> children;
  children.reserve(expr->children.size());
  bool changed = false;
  for (const ExprPtr& child : expr->children) {
    children.push_back(Transform(child, rewrite));
    changed |= children.back() != child;
  }
  ExprPtr node = changed ? expr->WithChildren(std::move(children)) : expr;
  ExprPtr replaced = rewrite(node);
  return replaced ? replaced : node;
}

void Visit(const ExprPtr& expr, const std::function<bool(const ExprPtr&)>& visit) {
  if (!visit(expr)) return;
  for (const ExprPtr& child : expr->children) Visit(child, visit);
}

bool Contains(const ExprPtr& expr, ExprKind kind) {
  if (expr->kind == kind) return true;
  for (const ExprPtr& child : expr->children) {
    if (Contains(child, kind)) return true;
  }
  return false;
}

std::vector<AttributePtr> References(const ExprPtr& expr) {
  std::vector<AttributePtr> out;
  std::set<ExprId> seen;
  auto add = [&](AttributePtr attribute) {
    if (seen.insert(attribute->id).second) out.push_back(std::move(attribute));
  };
  Visit(expr, [&](const ExprPtr& node) {
    if (node->kind == ExprKind::kAttribute) {
      add(std::static_pointer_cast<const AttributeExpr>(node));
    } else if (const auto* subquery = node->As<SubqueryExpr>()) {
      Visit(subquery->plan, [&](const PlanPtr& plan) {
        for (const ExprPtr& inner : plan->Expressions()) {
          Visit(inner, [&](const ExprPtr& part) {
            if (const auto* outer = part->As<OuterReferenceExpr>()) add(outer->attribute);
            return true;
          });
        }
      });
    }
    return true;
  });
  return out;
}

bool SemanticEquals(const ExprPtr& a, const ExprPtr& b) {
  VariablePairs variables;
  return Same(a, b, variables);
}

}  // namespace sluice::logical
