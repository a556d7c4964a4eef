// Building the joins for EXISTS, IN, scalar subqueries and LATERAL.
#include "analyzer/subqueries/subquery_joins.h"

#include <algorithm>

#include "analyzer/expression_resolver.h"
#include "analyzer/subqueries/domain_join.h"
#include "analyzer/subqueries/pull_up.h"
#include "base/arrow_status.h"
#include "logical/origin.h"

namespace sluice::analyzer {

using logical::AliasExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using plan::JoinType;

namespace {

PlanPtr MakeJoin(const PlanPtr& left, const PlanPtr& right, JoinType type, const std::vector<ExprPtr>& conditions) {
  return std::make_shared<logical::Join>(left, right, type, logical::JoinConjuncts(conditions));
}

PlanPtr FirstRows(const PlanPtr& plan, int64_t count) {
  return std::make_shared<logical::LimitPlan>(PlanKind::kLimit, plan, count);
}

std::shared_ptr<const AliasExpr> True() {
  return std::make_shared<AliasExpr>(logical::MakeLiteral(types::Literal::Boolean(true)), "exists");
}

PlanPtr AddColumn(const PlanPtr& plan, const ExprPtr& column) {
  std::vector<ExprPtr> columns(plan->output.begin(), plan->output.end());
  columns.push_back(column);
  return std::make_shared<logical::Project>(plan, std::move(columns));
}

// The value of a group's only row; more rows are an error.
ExprPtr OnlyValue(const AttributePtr& value, const AttributePtr& rows, base::ErrorKind error) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "scalarsubquery";
  binding->type = value->type;
  binding->argument_types = {value->type, types::Long()};
  binding->kernel = [error](logical::EvalContext&, const std::vector<arrow::Datum>& arguments, int64_t) {
    auto counts = arguments[1].is_scalar() ? base::ValueOrThrow(arrow::MakeArrayFromScalar(*arguments[1].scalar(), 1))
                                           : arguments[1].make_array();
    const auto& numbers = static_cast<const arrow::Int64Array&>(*counts);
    for (int64_t i = 0; i < numbers.length(); ++i) {
      if (numbers.IsNull(i) || numbers.Value(i) <= 1) continue;
      throw base::Error(error, "SCALAR_SUBQUERY_TOO_MANY_ROWS");
    }
    return arguments[0];
  };
  return std::make_shared<logical::ScalarCall>(binding, std::vector<ExprPtr>{value, rows});
}

AttributePtr InOutput(const PlanPtr& plan, const AttributePtr& attribute) {
  for (const AttributePtr& output : plan->output) {
    if (output->id == attribute->id) return output;
  }
  return attribute;
}

// The select list of a lateral subquery that is over both sides, perhaps under a renaming; `body` becomes what it is
// over. Empty if there is none.
std::vector<ExprPtr> ComputedAbove(PlanPtr& body, const OuterIds& ids) {
  const auto* list = body->As<logical::Project>();
  if (!list) return {};
  Attributes names = list->output;
  bool plain = std::all_of(list->expressions.begin(), list->expressions.end(),
                           [](const ExprPtr& expr) { return expr->kind == ExprKind::kAttribute; });
  if (plain) list = list->child()->As<logical::Project>();
  if (!list || !RefersToOuter(list->expressions, ids)) return {};
  std::vector<ExprPtr> out;
  for (const AttributePtr& name : names) {
    for (const ExprPtr& expr : list->expressions) {
      if (logical::ToAttribute(expr)->id == name->id) out.push_back(WithoutOuter(expr, ids));
    }
  }
  body = list->child();
  return out;
}

bool GivesOneRow(const PlanPtr& plan) {
  if (plan->kind == PlanKind::kProject || plan->kind == PlanKind::kSort) return GivesOneRow(plan->child());
  const auto* aggregate = plan->As<logical::Aggregate>();
  return aggregate && aggregate->grouping.empty();
}

}  // namespace

ExprPtr SubqueryJoins::Bind(const std::string& name, std::vector<ExprPtr> arguments) {
  Scope scope;
  return ExpressionResolver(resolver_, scope).Bind(name, std::move(arguments));
}

SubqueryJoins::Joinable SubqueryJoins::ForEach(const PlanPtr& outer, const PlanPtr& body) {
  ForEachOuter each = EvaluateForEach(resolver_, outer, body);
  Joinable out{each.plan, {}};
  for (const auto& attribute : OuterAttributes(body, IdsOf(outer->output))) {
    out.conditions.push_back(Bind("<=>", {each.columns.at(attribute->id), attribute}));
  }
  return out;
}

SubqueryJoins::Joinable SubqueryJoins::MakeJoinable(const PlanPtr& outer, const PlanPtr& body, bool only_existence) {
  auto pulled = PullUp(body, IdsOf(outer->output), only_existence);
  if (pulled && !pulled->one_row_each) return {pulled->plan, std::move(pulled->conditions)};
  return ForEach(outer, body);
}

std::vector<ExprPtr> SubqueryJoins::Equal(const std::vector<ExprPtr>& values, const Attributes& columns,
                                          bool null_aware) {
  std::vector<ExprPtr> out;
  for (size_t i = 0; i < values.size(); ++i) {
    ExprPtr equal = Bind("=", {values[i], columns[i]});
    if (null_aware && equal->nullable) {
      std::vector<ExprPtr> either{equal, Bind("isnull", {equal})};
      equal = std::make_shared<logical::LazyExpr>(ExprKind::kOr, types::Boolean(), true, std::move(either));
    }
    out.push_back(std::move(equal));
  }
  return out;
}

PlanPtr SubqueryJoins::Semi(const PlanPtr& outer, const PlanPtr& body, const std::vector<ExprPtr>& values, bool anti) {
  Joinable joinable = MakeJoinable(outer, body, values.empty());
  std::vector<ExprPtr> conditions = Equal(values, joinable.plan->output, anti);
  conditions.insert(conditions.end(), joinable.conditions.begin(), joinable.conditions.end());
  if (conditions.empty()) joinable.plan = FirstRows(joinable.plan, 1);
  return MakeJoin(outer, joinable.plan, anti ? JoinType::kLeftAnti : JoinType::kLeftSemi, conditions);
}

// `keys` are the joinable's columns by which its rows are told apart.
ExprPtr SubqueryJoins::FoundFlag(PlanPtr& outer, const Joinable& joinable, const std::vector<ExprPtr>& keys) {
  std::vector<ExprPtr> named, conditions = joinable.conditions;
  for (const ExprPtr& key : keys) {
    bool attribute = key->kind == ExprKind::kAttribute;
    named.push_back(attribute ? key : std::make_shared<AliasExpr>(key, "key"));
    for (ExprPtr& condition : conditions) {
      condition = logical::Transform(condition, [&](const ExprPtr& part) -> ExprPtr {
        return part == key ? ExprPtr(logical::ToAttribute(named.back())) : nullptr;
      });
    }
  }
  PlanPtr project = std::make_shared<logical::Project>(joinable.plan, std::move(named));
  PlanPtr distinct = std::make_shared<logical::Deduplicate>(project, project->output, false);
  auto marker = True();
  outer = MakeJoin(outer, AddColumn(distinct, marker), JoinType::kLeftOuter, conditions);
  return Bind("isnotnull", {InOutput(outer, marker->ToAttribute())});
}

ExprPtr SubqueryJoins::Existence(PlanPtr& outer, const PlanPtr& body, const std::vector<ExprPtr>& values,
                                 bool null_aware) {
  OuterIds ids = IdsOf(outer->output);
  if (values.empty() && !RefersToOuter(body, ids)) {
    auto marker = True();
    std::vector<ExprPtr> only{marker};
    outer = MakeJoin(outer, std::make_shared<logical::Project>(FirstRows(body, 1), only), JoinType::kLeftOuter, {});
    return Bind("isnotnull", {InOutput(outer, marker->ToAttribute())});
  }
  Joinable joinable = MakeJoinable(outer, body, values.empty());
  std::vector<ExprPtr> equal = Equal(values, joinable.plan->output, null_aware);
  joinable.conditions.insert(joinable.conditions.end(), equal.begin(), equal.end());
  std::vector<ExprPtr> keys;
  for (const ExprPtr& condition : joinable.conditions) {
    ExprPtr key = InnerSide(condition, ids);
    if (!key) break;
    keys.push_back(std::move(key));
  }
  if (keys.size() == joinable.conditions.size()) return FoundFlag(outer, joinable, keys);

  // The rows of the outer plan that match, found once for each combination of the values in the conditions.
  if (outer->is_streaming) {
    throw base::Error::Unsupported("A subquery in an expression over a stream whose conditions are no equalities");
  }
  Attributes used;
  for (const ExprPtr& condition : joinable.conditions) {
    for (const AttributePtr& attribute : logical::References(condition)) {
      bool known = std::any_of(used.begin(), used.end(), [&](const auto& one) { return one->id == attribute->id; });
      if (ids.count(attribute->id) && !known) used.push_back(attribute);
    }
  }
  PlanPtr matching = MakeJoin(outer, joinable.plan, JoinType::kLeftSemi, joinable.conditions);
  std::vector<ExprPtr> columns;
  Joinable found;
  for (const AttributePtr& attribute : used) {
    auto alias = std::make_shared<AliasExpr>(attribute, attribute->name);
    found.conditions.push_back(Bind("<=>", {alias->ToAttribute(), attribute}));
    columns.push_back(std::move(alias));
  }
  found.plan = std::make_shared<logical::Project>(matching, std::move(columns));
  return FoundFlag(outer, found, std::vector<ExprPtr>(found.plan->output.begin(), found.plan->output.end()));
}

ExprPtr SubqueryJoins::ScalarValue(PlanPtr& outer, const PlanPtr& body, const base::QueryContextPtr& origin) {
  OuterIds ids = IdsOf(outer->output);
  auto only = [&](const PlanPtr& plan, const std::vector<ExprPtr>& keys) -> PlanPtr {
    auto value = std::make_shared<AliasExpr>(Bind("first", {plan->output[0]}), plan->output[0]->name);
    auto rows = std::make_shared<AliasExpr>(Bind("count", {logical::MakeLiteral(types::Literal::Integer(1))}), "rows");
    std::vector<ExprPtr> grouping, results{value, rows};
    for (const ExprPtr& key : keys) {
      grouping.push_back(key);
      results.push_back(logical::ToAttribute(key));
    }
    return std::make_shared<logical::Aggregate>(plan, std::move(grouping), std::move(results));
  };
  if (!RefersToOuter(body, ids)) {
    PlanPtr row = body;
    if (!GivesOneRow(body)) {
      row = only(FirstRows(body, 2), {});
      ExprPtr value = logical::WithOrigin(OnlyValue(row->output[0], row->output[1], base::ErrorKind::kSpark), origin);
      std::vector<ExprPtr> columns{std::make_shared<AliasExpr>(value, body->output[0]->name)};
      row = std::make_shared<logical::Project>(row, std::move(columns));
    }
    outer = MakeJoin(outer, row, JoinType::kCross, {});
    return InOutput(outer, row->output[0]);
  }
  auto pulled = PullUp(body, ids, false);
  if (pulled && pulled->one_row_each) {
    auto marker = True();
    PlanPtr plan = pulled->row_for_none ? AddColumn(pulled->plan, marker) : pulled->plan;
    outer = MakeJoin(outer, plan, JoinType::kLeftOuter, pulled->conditions);
    ExprPtr value = InOutput(outer, plan->output[0]);
    if (!pulled->row_for_none) return value;
    PlanPtr none = WithFreshIds(pulled->row_for_none, resolver_.plan_ids());
    ExprPtr any = Bind("isnotnull", {InOutput(outer, marker->ToAttribute())});
    outer = MakeJoin(outer, none, JoinType::kLeftOuter, {});
    std::vector<ExprPtr> branches{any, value, InOutput(outer, none->output[0])};
    return std::make_shared<logical::LazyExpr>(ExprKind::kCase, value->type, true, std::move(branches));
  }
  Joinable joinable;
  std::vector<ExprPtr> keys;
  if (pulled) {
    joinable = {pulled->plan, pulled->conditions};
    for (ExprPtr& condition : joinable.conditions) {
      ExprPtr key = InnerSide(condition, ids);
      if (!key) break;
      keys.push_back(key->kind == ExprKind::kAttribute ? key : std::make_shared<AliasExpr>(key, "key"));
      condition = logical::Transform(condition, [&](const ExprPtr& part) -> ExprPtr {
        return part == key ? ExprPtr(logical::ToAttribute(keys.back())) : nullptr;
      });
    }
  }
  if (!pulled || keys.size() != joinable.conditions.size()) {
    joinable = ForEach(outer, body);
    keys.clear();
    for (const ExprPtr& condition : joinable.conditions) keys.push_back(condition->children[0]);
  }
  PlanPtr plan = only(joinable.plan, keys);
  outer = MakeJoin(outer, plan, JoinType::kLeftOuter, joinable.conditions);
  return OnlyValue(InOutput(outer, plan->output[0]), InOutput(outer, plan->output[1]), base::ErrorKind::kRuntime);
}

PlanPtr SubqueryJoins::Lateral(const logical::Join& node) {
  const PlanPtr& left = node.children[0];
  PlanPtr body = node.children[1];
  OuterIds ids = IdsOf(left->output);
  bool inner = node.type == JoinType::kInner || node.type == JoinType::kCross;
  // A list over both sides is evaluated above the join.
  std::vector<ExprPtr> computed;
  if (inner && !node.condition) computed = ComputedAbove(body, ids);
  Joinable joinable = MakeJoinable(left, body, false);
  if (node.condition) joinable.conditions.push_back(node.condition);
  JoinType type = inner ? (joinable.conditions.empty() ? JoinType::kCross : JoinType::kInner) : node.type;
  PlanPtr join = MakeJoin(left, joinable.plan, type, joinable.conditions);
  std::vector<ExprPtr> columns;
  for (const AttributePtr& attribute : node.output) {
    bool from_left = ids.count(attribute->id) > 0;
    if (from_left || computed.empty()) columns.push_back(InOutput(join, attribute));
  }
  columns.insert(columns.end(), computed.begin(), computed.end());
  return std::make_shared<logical::Project>(join, std::move(columns));
}

}  // namespace sluice::analyzer
