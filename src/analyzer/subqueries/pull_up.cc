// Moving correlated conditions up through a subquery's operators.
#include "analyzer/subqueries/pull_up.h"

#include <algorithm>

namespace sluice::analyzer {

using logical::AttributePtr;
using logical::Attributes;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using plan::JoinType;

namespace {

bool Has(const Attributes& output, logical::ExprId id) {
  return std::any_of(output.begin(), output.end(), [&](const AttributePtr& one) { return one->id == id; });
}

bool AllFrom(const ExprPtr& expr, const OuterIds& ids, bool wanted) {
  for (const AttributePtr& attribute : logical::References(expr)) {
    if ((ids.count(attribute->id) > 0) != wanted) return false;
  }
  return true;
}

// True if the aggregation gives all nulls for no rows.
bool NullForNoRows(const logical::Aggregate& node) {
  return std::all_of(node.results.begin(), node.results.end(), [](const ExprPtr& result) {
    const auto* call = result->kind == ExprKind::kAlias ? result->children[0]->As<logical::AggregateCall>() : nullptr;
    return call && call->binding->nullable;
  });
}

class PullingUp {
 public:
  PullingUp(const OuterIds& ids, bool only_existence) : ids_(ids), only_existence_(only_existence) {}

  std::optional<PulledUp> Pull(const PlanPtr& plan) {
    if (!RefersToOuter(plan, ids_)) return PulledUp{plan, {}, false, nullptr};
    switch (plan->kind) {
      case PlanKind::kFilter:
        return PullFilter(*plan->As<logical::Filter>());
      case PlanKind::kProject:
        return PullProject(*plan->As<logical::Project>());
      case PlanKind::kSort:  // the rows' order is lost in the join
        return Pull(plan->child());
      case PlanKind::kLimit:
        if (!only_existence_ || plan->As<logical::LimitPlan>()->count < 1) return std::nullopt;
        return Pull(plan->child());
      case PlanKind::kAggregate:
        return PullAggregate(*plan->As<logical::Aggregate>());
      case PlanKind::kDeduplicate:
        return PullDeduplicate(*plan->As<logical::Deduplicate>());
      case PlanKind::kJoin:
        return PullJoin(*plan->As<logical::Join>());
      case PlanKind::kGenerate: {
        if (RefersToOuter(plan->Expressions(), ids_)) return std::nullopt;
        auto below = Pull(plan->child());
        if (!below || below->one_row_each) return std::nullopt;
        below->plan = Behind(plan->output, plan->WithChildren({below->plan}));
        return below;
      }
      default:
        return std::nullopt;
    }
  }

 private:
  // The columns in `first`, then those that the conditions need besides.
  static PlanPtr Behind(const Attributes& first, const PlanPtr& plan) {
    std::vector<ExprPtr> columns(first.begin(), first.end());
    for (const AttributePtr& attribute : plan->output) {
      if (!Has(first, attribute->id)) columns.push_back(attribute);
    }
    return std::make_shared<logical::Project>(plan, std::move(columns));
  }

  std::optional<PulledUp> PullFilter(const logical::Filter& node) {
    auto below = Pull(node.child());
    if (!below) return std::nullopt;
    std::vector<ExprPtr> plain;
    for (const ExprPtr& conjunct : logical::SplitConjuncts(node.condition)) {
      if (!RefersToOuter(conjunct, ids_)) {
        plain.push_back(conjunct);
        continue;
      }
      ExprPtr condition = WithoutOuter(conjunct, ids_);
      if (below->one_row_each || !condition->Deterministic()) return std::nullopt;
      below->conditions.push_back(std::move(condition));
    }
    if (plain.empty()) return below;
    ExprPtr condition = logical::JoinConjuncts(plain);
    below->plan = std::make_shared<logical::Filter>(below->plan, condition);
    // A row for no input may be dropped too: then the subquery has none.
    if (below->one_row_each && !below->row_for_none) return std::nullopt;
    if (below->row_for_none) below->row_for_none = std::make_shared<logical::Filter>(below->row_for_none, condition);
    return below;
  }

  std::optional<PulledUp> PullProject(const logical::Project& node) {
    if (RefersToOuter(node.expressions, ids_)) return std::nullopt;
    auto below = Pull(node.child());
    if (!below) return std::nullopt;
    std::vector<ExprPtr> expressions = node.expressions;
    for (const ExprPtr& condition : below->conditions) {
      for (const AttributePtr& attribute : logical::References(condition)) {
        if (!Has(below->plan->output, attribute->id)) continue;
        bool known = std::any_of(expressions.begin(), expressions.end(),
                                 [&](const ExprPtr& one) { return logical::ToAttribute(one)->id == attribute->id; });
        if (!known) expressions.push_back(attribute);
      }
    }
    if (below->one_row_each && !below->row_for_none) {
      bool plain = std::all_of(node.expressions.begin(), node.expressions.end(), [](const ExprPtr& one) {
        return one->kind == ExprKind::kAttribute || one->children[0]->kind == ExprKind::kAttribute;
      });
      if (!plain) return std::nullopt;
    }
    below->plan = std::make_shared<logical::Project>(below->plan, std::move(expressions));
    if (below->row_for_none) {
      below->row_for_none = std::make_shared<logical::Project>(below->row_for_none, node.expressions);
    }
    return below;
  }

  // The columns by which the conditions find their rows; nullopt if one is no equality.
  std::optional<std::vector<ExprPtr>> Keys(PulledUp& below) {
    std::vector<ExprPtr> keys;
    for (ExprPtr& condition : below.conditions) {
      ExprPtr inner = InnerSide(condition, ids_);
      if (!inner) return std::nullopt;
      ExprPtr key = inner->kind == ExprKind::kAttribute ? inner : std::make_shared<logical::AliasExpr>(inner, "key");
      if (key != inner) {
        ExprPtr attribute = logical::ToAttribute(key);
        bool first = condition->children[0] == inner;
        condition = condition->WithChildren(first ? std::vector<ExprPtr>{attribute, condition->children[1]}
                                                  : std::vector<ExprPtr>{condition->children[0], attribute});
      }
      keys.push_back(std::move(key));
    }
    return keys;
  }

  std::optional<PulledUp> PullAggregate(const logical::Aggregate& node) {
    if (RefersToOuter(node.Expressions(), ids_)) return std::nullopt;
    bool global = node.grouping.empty();
    if (global && only_existence_) return std::nullopt;
    auto below = Pull(node.child());
    if (!below || below->one_row_each) return std::nullopt;
    auto keys = Keys(*below);
    if (!keys) return std::nullopt;
    std::vector<ExprPtr> grouping = node.grouping, results = node.results;
    for (const ExprPtr& key : *keys) {
      AttributePtr attribute = logical::ToAttribute(key);
      auto is_key = [&](const ExprPtr& one) { return logical::ToAttribute(one)->id == attribute->id; };
      if (std::none_of(grouping.begin(), grouping.end(), is_key)) grouping.push_back(key);
      if (std::none_of(results.begin(), results.end(), is_key)) results.push_back(attribute);
    }
    PlanPtr input = below->plan;
    below->plan = std::make_shared<logical::Aggregate>(input, std::move(grouping), std::move(results));
    below->one_row_each = global;
    if (global && !NullForNoRows(node)) {
      auto none =
          std::make_shared<logical::LocalData>(input->output, std::vector<std::shared_ptr<arrow::RecordBatch>>{});
      below->row_for_none = std::make_shared<logical::Aggregate>(none, std::vector<ExprPtr>{}, node.results);
    }
    return below;
  }

  std::optional<PulledUp> PullDeduplicate(const logical::Deduplicate& node) {
    auto below = Pull(node.child());
    if (!below || below->one_row_each) return std::nullopt;
    auto keys = Keys(*below);
    if (!keys) return std::nullopt;
    Attributes columns = node.keys;
    for (const ExprPtr& key : *keys) {
      if (key->kind != ExprKind::kAttribute) return std::nullopt;
      AttributePtr attribute = logical::ToAttribute(key);
      if (!Has(columns, attribute->id)) columns.push_back(attribute);
    }
    below->plan = std::make_shared<logical::Deduplicate>(below->plan, std::move(columns), false);
    return below;
  }

  std::optional<PulledUp> PullJoin(const logical::Join& node) {
    bool inner = node.type == JoinType::kInner || node.type == JoinType::kCross;
    bool left_only =
        node.type == JoinType::kLeftOuter || node.type == JoinType::kLeftSemi || node.type == JoinType::kLeftAnti;
    if (!inner && !left_only) return std::nullopt;
    if (left_only && (RefersToOuter(node.children[1], ids_) || RefersToOuter(node.Expressions(), ids_))) {
      return std::nullopt;
    }
    auto left = Pull(node.children[0]), right = Pull(node.children[1]);
    if (!left || !right || left->one_row_each || right->one_row_each) return std::nullopt;
    PulledUp out;
    out.conditions = std::move(left->conditions);
    out.conditions.insert(out.conditions.end(), right->conditions.begin(), right->conditions.end());
    std::vector<ExprPtr> plain;
    if (node.condition) {
      for (const ExprPtr& conjunct : logical::SplitConjuncts(node.condition)) {
        bool correlated = RefersToOuter(conjunct, ids_);
        (correlated ? out.conditions : plain).push_back(correlated ? WithoutOuter(conjunct, ids_) : conjunct);
      }
    }
    auto join = std::make_shared<logical::Join>(left->plan, right->plan, node.type, logical::JoinConjuncts(plain));
    out.plan = Behind(node.output, join);
    return out;
  }

  const OuterIds& ids_;
  bool only_existence_;
};

}  // namespace

ExprPtr InnerSide(const ExprPtr& condition, const OuterIds& outer) {
  const auto* call = condition->As<logical::ScalarCall>();
  std::string name = call ? call->binding->name : "";
  if (name != "=" && name != "==" && name != "<=>") return nullptr;
  const ExprPtr &a = call->children[0], &b = call->children[1];
  if (AllFrom(a, outer, false) && AllFrom(b, outer, true)) return a;
  if (AllFrom(b, outer, false) && AllFrom(a, outer, true)) return b;
  return nullptr;
}

std::optional<PulledUp> PullUp(const PlanPtr& plan, const OuterIds& ids, bool only_existence) {
  return PullingUp(ids, only_existence).Pull(plan);
}

}  // namespace sluice::analyzer
