// Where subqueries may stand, and which join each becomes.
#include "analyzer/subqueries/rewrite.h"

#include "analyzer/subqueries/subquery_joins.h"
#include "logical/origin.h"

namespace sluice::analyzer {

using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using logical::SubqueryExpr;
using plan::JoinType;
using plan::SubqueryKind;

namespace {

bool HasSubquery(const std::vector<ExprPtr>& expressions) {
  for (const ExprPtr& expr : expressions) {
    if (logical::Contains(expr, ExprKind::kSubquery)) return true;
  }
  return false;
}

bool IsNot(const ExprPtr& expr) {
  const auto* call = expr->As<logical::ScalarCall>();
  return call && call->binding->name == "not";
}

const SubqueryExpr* AsPredicate(const ExprPtr& expr) {
  const auto* subquery = expr->As<SubqueryExpr>();
  bool predicate = subquery && (subquery->subquery == SubqueryKind::kExists || subquery->subquery == SubqueryKind::kIn);
  return predicate ? subquery : nullptr;
}

// The expression with NOT pushed down to its subqueries, as BooleanSimplification leaves it: NOT IN differs from the
// negation of IN where there are nulls.
ExprPtr PushNotDown(const ExprPtr& expr) {
  if (!logical::Contains(expr, ExprKind::kSubquery)) return expr;
  bool logic = expr->kind == ExprKind::kAnd || expr->kind == ExprKind::kOr;
  if (IsNot(expr)) {
    const ExprPtr& inner = expr->children[0];
    if (IsNot(inner)) return PushNotDown(inner->children[0]);
    if (inner->kind != ExprKind::kAnd && inner->kind != ExprKind::kOr) return expr;
    std::vector<ExprPtr> parts;
    for (const ExprPtr& part : inner->children) parts.push_back(PushNotDown(expr->WithChildren({part})));
    ExprKind opposite = inner->kind == ExprKind::kAnd ? ExprKind::kOr : ExprKind::kAnd;
    return std::make_shared<logical::LazyExpr>(opposite, types::Boolean(), expr->nullable, std::move(parts));
  }
  if (!logic && expr->kind != ExprKind::kAlias) return expr;
  std::vector<ExprPtr> parts;
  for (const ExprPtr& part : expr->children) parts.push_back(PushNotDown(part));
  return expr->WithChildren(std::move(parts));
}

PlanPtr Restore(PlanPtr plan, const logical::Attributes& output) {
  if (plan->output.size() == output.size()) return plan;
  return std::make_shared<logical::Project>(std::move(plan), std::vector<ExprPtr>(output.begin(), output.end()));
}

class Rewriter {
 public:
  explicit Rewriter(Resolver& resolver) : resolver_(resolver), joins_(resolver) {}

  PlanPtr Rewrite(const PlanPtr& original) {
    std::vector<PlanPtr> children;
    bool changed = false;
    for (const PlanPtr& child : original->children) {
      children.push_back(Rewrite(child));
      changed |= children.back() != child;
    }
    PlanPtr plan = changed ? original->WithChildren(std::move(children)) : original;
    if (const auto* join = plan->As<logical::Join>()) return RewriteJoin(*join, plan);
    if (!HasSubquery(plan->Expressions())) return plan;
    if (const auto* filter = plan->As<logical::Filter>()) return RewriteFilter(*filter);
    if (const auto* aggregate = plan->As<logical::Aggregate>()) return RewriteAggregate(*aggregate);
    if (plan->children.size() != 1) throw base::Error::Unsupported("A subquery in " + plan->Describe());
    PlanPtr child = plan->child();
    std::vector<ExprPtr> expressions = plan->Expressions();
    for (ExprPtr& expr : expressions) expr = Embed(PushNotDown(expr), child);
    return Restore(plan->WithExpressions(std::move(expressions))->WithChildren({child}), plan->output);
  }

 private:
  PlanPtr Body(const SubqueryExpr& subquery) { return WithFreshIds(Rewrite(subquery.plan), resolver_.plan_ids()); }

  // Replaces the subqueries in an expression by columns that joins add to `input`.
  ExprPtr Embed(const ExprPtr& expr, PlanPtr& input) {
    if (!logical::Contains(expr, ExprKind::kSubquery)) return expr;
    bool negated_in = IsNot(expr) && AsPredicate(expr->children[0]);
    const ExprPtr& node = negated_in ? expr->children[0] : expr;
    std::vector<ExprPtr> children;
    for (const ExprPtr& child : node->children) children.push_back(Embed(child, input));
    const auto* subquery = node->As<SubqueryExpr>();
    if (!subquery) return expr->WithChildren(std::move(children));
    PlanPtr body = Body(*subquery);
    if (subquery->subquery == SubqueryKind::kScalar) {
      return joins_.ScalarValue(input, body, logical::OriginOf(*subquery));
    }
    bool null_aware = negated_in && subquery->subquery == SubqueryKind::kIn;
    ExprPtr found = joins_.Existence(input, body, children, null_aware);
    return negated_in ? expr->WithChildren({found}) : found;
  }

  PlanPtr RewriteFilter(const logical::Filter& node) {
    std::vector<ExprPtr> plain, subqueries;
    for (const ExprPtr& conjunct : logical::SplitConjuncts(PushNotDown(node.condition))) {
      (logical::Contains(conjunct, ExprKind::kSubquery) ? subqueries : plain).push_back(conjunct);
    }
    PlanPtr plan = node.child();
    if (!plain.empty()) plan = std::make_shared<logical::Filter>(plan, logical::JoinConjuncts(plain));
    std::vector<ExprPtr> rest;
    for (const ExprPtr& conjunct : subqueries) {
      bool anti = IsNot(conjunct);
      const SubqueryExpr* predicate = AsPredicate(anti ? conjunct->children[0] : conjunct);
      if (!predicate) {
        rest.push_back(Embed(conjunct, plan));
        continue;
      }
      std::vector<ExprPtr> values;
      for (const ExprPtr& value : predicate->children) values.push_back(Embed(value, plan));
      plan = joins_.Semi(plan, Body(*predicate), values, anti);
    }
    if (!rest.empty()) plan = std::make_shared<logical::Filter>(plan, logical::JoinConjuncts(rest));
    return Restore(plan, node.output);
  }

  // Subqueries outside of aggregate functions are evaluated above the aggregation.
  PlanPtr RewriteAggregate(const logical::Aggregate& node) {
    PlanPtr child = node.child();
    std::vector<ExprPtr> grouping = node.grouping, inner, above;
    for (ExprPtr& key : grouping) key = Embed(key, child);
    auto take = [&](const ExprPtr& expr) -> ExprPtr {
      for (const ExprPtr& known : inner) {
        if (logical::SemanticEquals(known, expr)) return logical::ToAttribute(known);
      }
      bool named = expr->kind == ExprKind::kAttribute;
      inner.push_back(named ? expr : std::make_shared<logical::AliasExpr>(expr, expr->Sql()));
      return logical::ToAttribute(inner.back());
    };
    std::function<ExprPtr(const ExprPtr&)> split = [&](const ExprPtr& expr) -> ExprPtr {
      if (expr->kind == ExprKind::kAggregateCall) return take(Embed(expr, child));
      if (expr->kind == ExprKind::kAttribute) return take(expr);
      std::vector<ExprPtr> children;
      for (const ExprPtr& part : expr->children) children.push_back(split(part));
      return children.empty() ? expr : expr->WithChildren(std::move(children));
    };
    for (const ExprPtr& result : node.results) {
      above.push_back(split(result));
      if (!logical::Contains(result, ExprKind::kSubquery)) continue;
      for (const auto& attribute : logical::References(result)) {
        bool is_key = std::any_of(grouping.begin(), grouping.end(),
                                  [&](const ExprPtr& key) { return logical::ToAttribute(key)->id == attribute->id; });
        if (is_key) take(attribute);
      }
    }
    PlanPtr plan = std::make_shared<logical::Aggregate>(child, std::move(grouping), std::move(inner));
    for (ExprPtr& result : above) result = Embed(result, plan);
    return std::make_shared<logical::Project>(plan, std::move(above));
  }

  PlanPtr RewriteJoin(const logical::Join& node, const PlanPtr& plan) {
    if (RefersToOuter(node.children[1], IdsOf(node.children[0]->output))) return joins_.Lateral(node);
    if (!node.condition || !HasSubquery({node.condition})) return plan;
    bool inner = node.type == JoinType::kInner || node.type == JoinType::kCross;
    if (inner) {
      auto all = std::make_shared<logical::Join>(node.children[0], node.children[1], JoinType::kCross, nullptr);
      return RewriteFilter(logical::Filter(all, node.condition));
    }
    return RewriteOuterJoin(node);
  }

  // A conjunct over one side is evaluated there and leaves a column for the condition.
  PlanPtr RewriteOuterJoin(const logical::Join& node) {
    std::vector<PlanPtr> sides = node.children;
    std::vector<ExprPtr> condition;
    for (const ExprPtr& conjunct : logical::SplitConjuncts(node.condition)) {
      if (!HasSubquery({conjunct})) {
        condition.push_back(conjunct);
        continue;
      }
      OuterIds right = IdsOf(node.children[1]->output);
      bool any_left = false, any_right = false;
      for (const auto& attribute : logical::References(conjunct)) {
        (right.count(attribute->id) ? any_right : any_left) = true;
      }
      if (any_left && any_right) {
        throw base::Error::Unsupported("A subquery over both sides in the condition of an outer join");
      }
      condition.push_back(Embed(conjunct, sides[any_right ? 1 : 0]));
    }
    auto join = std::make_shared<logical::Join>(sides[0], sides[1], node.type, logical::JoinConjuncts(condition));
    return Restore(join, node.output);
  }

  Resolver& resolver_;
  SubqueryJoins joins_;
};

}  // namespace

PlanPtr RewriteSubqueries(Resolver& resolver, const PlanPtr& plan) { return Rewriter(resolver).Rewrite(plan); }

}  // namespace sluice::analyzer
