// Domain joins: each leaf of a subquery gets the outer values, and each operator keeps their rows apart.
#include "analyzer/subqueries/domain_join.h"

#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

using logical::AliasExpr;
using logical::AttributeExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using plan::JoinType;

namespace {

class DomainJoin {
 public:
  DomainJoin(Resolver& resolver, PlanPtr outer, Attributes used)
      : resolver_(resolver), outer_(std::move(outer)), used_(std::move(used)), ids_(IdsOf(used_)) {
    scope_.inputs = {outer_};
  }

  ForEachOuter Rewrite(const PlanPtr& plan) {
    if (!RefersToOuter(plan, ids_)) {
      ForEachOuter values = Values();
      values.plan = std::make_shared<logical::Join>(plan, values.plan, JoinType::kCross, nullptr);
      return values;
    }
    switch (plan->kind) {
      case PlanKind::kProject:
        return RewriteProject(*plan->As<logical::Project>());
      case PlanKind::kAggregate:
        return RewriteAggregate(*plan->As<logical::Aggregate>());
      case PlanKind::kLimit:
      case PlanKind::kOffset:
        return RewriteLimit(*plan->As<logical::LimitPlan>());
      case PlanKind::kDeduplicate:
        return RewriteDeduplicate(*plan->As<logical::Deduplicate>());
      case PlanKind::kUnion:
        return RewriteUnion(*plan);
      case PlanKind::kWindow:
        return RewriteWindow(*plan->As<logical::Window>());
      case PlanKind::kJoin:
        return RewriteJoin(*plan->As<logical::Join>());
      case PlanKind::kFilter:
      case PlanKind::kSort:
      case PlanKind::kGenerate: {
        ForEachOuter below = Rewrite(plan->child());
        PlanPtr node = WithExpressions(plan, below);
        below.plan = InOrder(plan->output, node->WithChildren({below.plan}), below);
        return below;
      }
      default:
        throw base::Error::Unsupported("A reference to the outer query below " + plan->Describe());
    }
  }

 private:
  // The distinct values of the outer attributes, under new names.
  ForEachOuter Values() {
    ForEachOuter out;
    std::vector<ExprPtr> columns;
    Attributes keys;
    for (const AttributePtr& attribute : used_) {
      auto alias = std::make_shared<AliasExpr>(attribute, attribute->name);
      out.columns[attribute->id] = alias->ToAttribute();
      keys.push_back(alias->ToAttribute());
      columns.push_back(std::move(alias));
    }
    auto project = std::make_shared<logical::Project>(outer_, std::move(columns));
    out.plan = std::make_shared<logical::Deduplicate>(project, std::move(keys), false);
    return out;
  }

  Attributes Columns(const ForEachOuter& each) const {
    Attributes out;
    for (const AttributePtr& attribute : used_) out.push_back(each.columns.at(attribute->id));
    return out;
  }

  ExprPtr Replaced(const ExprPtr& expr, const ForEachOuter& each) const {
    return ReplaceOuter(expr, [&](const AttributePtr& attribute) -> ExprPtr {
      auto found = each.columns.find(attribute->id);
      return found == each.columns.end() ? nullptr : found->second;
    });
  }
  std::vector<ExprPtr> Replaced(std::vector<ExprPtr> expressions, const ForEachOuter& each) const {
    for (ExprPtr& expr : expressions) expr = Replaced(expr, each);
    return expressions;
  }
  PlanPtr WithExpressions(const PlanPtr& plan, const ForEachOuter& each) const {
    std::vector<ExprPtr> expressions = plan->Expressions();
    for (ExprPtr& expr : expressions) expr = Replaced(expr, each);
    return plan->WithExpressions(std::move(expressions));
  }

  PlanPtr InOrder(const Attributes& first, const PlanPtr& plan, const ForEachOuter& each) const {
    std::vector<ExprPtr> columns;
    for (const AttributePtr& attribute : first) {
      for (const AttributePtr& output : plan->output) {
        if (output->id == attribute->id) columns.push_back(output);
      }
    }
    for (const AttributePtr& column : Columns(each)) columns.push_back(column);
    return std::make_shared<logical::Project>(plan, std::move(columns));
  }

  ExprPtr SameValues(const ForEachOuter& a, const ForEachOuter& b) {
    std::vector<ExprPtr> equal;
    for (const AttributePtr& attribute : used_) {
      equal.push_back(Bind("<=>", {a.columns.at(attribute->id), b.columns.at(attribute->id)}));
    }
    return logical::JoinConjuncts(equal);
  }

  ExprPtr Bind(const std::string& name, std::vector<ExprPtr> arguments) {
    return ExpressionResolver(resolver_, scope_).Bind(name, std::move(arguments));
  }

  ForEachOuter RewriteProject(const logical::Project& node) {
    ForEachOuter below = Rewrite(node.child());
    std::vector<ExprPtr> expressions = Replaced(node.expressions, below);
    for (const AttributePtr& column : Columns(below)) expressions.push_back(column);
    below.plan = std::make_shared<logical::Project>(below.plan, std::move(expressions));
    return below;
  }

  ForEachOuter RewriteAggregate(const logical::Aggregate& node) {
    ForEachOuter below = Rewrite(node.child());
    if (node.grouping.empty()) return RewriteGlobal(node, below);
    std::vector<ExprPtr> grouping = Replaced(node.grouping, below), results = Replaced(node.results, below);
    for (const AttributePtr& column : Columns(below)) {
      grouping.push_back(column);
      results.push_back(column);
    }
    below.plan = std::make_shared<logical::Aggregate>(below.plan, std::move(grouping), std::move(results));
    return below;
  }

  // Without GROUP BY there is a row for every outer value, also for those whose input is empty.
  ForEachOuter RewriteGlobal(const logical::Aggregate& node, const ForEachOuter& below) {
    std::vector<ExprPtr> calls, for_none;
    std::vector<ExprPtr> results = node.results;
    Attributes columns = Columns(below);
    for (ExprPtr& result : results) {
      result = logical::Transform(result, [&](const ExprPtr& part) -> ExprPtr {
        if (part->kind != ExprKind::kAggregateCall) return nullptr;
        calls.push_back(std::make_shared<AliasExpr>(Replaced(part, below), part->Sql()));
        for_none.push_back(std::make_shared<AliasExpr>(part, part->Sql()));
        return logical::ToAttribute(calls.back());
      });
    }
    auto none =
        std::make_shared<logical::LocalData>(node.child()->output, std::vector<std::shared_ptr<arrow::RecordBatch>>{});
    for (ExprPtr& call : for_none) {
      call = ReplaceOuter(call, [](const AttributePtr& outer) -> ExprPtr {
        return logical::MakeLiteral(types::Literal::Null(outer->type));
      });
    }
    auto empty = std::make_shared<logical::Aggregate>(none, std::vector<ExprPtr>{}, for_none);

    auto marker = std::make_shared<AliasExpr>(logical::MakeLiteral(types::Literal::Boolean(true)), "any");
    std::vector<ExprPtr> grouping(columns.begin(), columns.end()), found = calls;
    found.insert(found.end(), columns.begin(), columns.end());
    PlanPtr grouped = std::make_shared<logical::Aggregate>(below.plan, grouping, found);
    found.assign(grouped->output.begin(), grouped->output.end());
    found.push_back(marker);
    grouped = std::make_shared<logical::Project>(grouped, found);

    ForEachOuter out = Values();
    PlanPtr joined = std::make_shared<logical::Join>(out.plan, grouped, JoinType::kLeftOuter, SameValues(out, below));
    joined = std::make_shared<logical::Join>(joined, empty, JoinType::kCross, nullptr);
    std::map<logical::ExprId, ExprPtr> values;
    for (size_t i = 0; i < calls.size(); ++i) {
      AttributePtr call = logical::ToAttribute(calls[i]);
      std::vector<ExprPtr> branches{Bind("isnotnull", {marker->ToAttribute()->WithNullability(true)}), call,
                                    logical::ToAttribute(for_none[i])};
      values[call->id] =
          std::make_shared<logical::LazyExpr>(ExprKind::kCase, call->type, call->nullable, std::move(branches));
    }
    results = Replaced(std::move(results), out);
    for (ExprPtr& result : results) {
      result = logical::Transform(result, [&](const ExprPtr& part) -> ExprPtr {
        const auto* attribute = part->As<AttributeExpr>();
        auto value = attribute ? values.find(attribute->id) : values.end();
        return value == values.end() ? nullptr : value->second;
      });
    }
    for (const AttributePtr& column : Columns(out)) results.push_back(column);
    out.plan = std::make_shared<logical::Project>(joined, std::move(results));
    return out;
  }

  // The first rows for each outer value: those with a row number up to the count.
  ForEachOuter RewriteLimit(const logical::LimitPlan& node) {
    const auto* sort = node.child()->As<logical::Sort>();
    ForEachOuter below = Rewrite(sort ? sort->child() : node.child());
    std::vector<ExprPtr> children;
    for (const AttributePtr& column : Columns(below)) children.push_back(column);
    int partitions = static_cast<int>(children.size());
    if (sort) {
      for (const auto& order : sort->order) children.push_back(Replaced(order, below));
    } else {
      children.push_back(std::make_shared<logical::SortOrderExpr>(children[0], true, true));
    }
    functions::BindContext context{resolver_.ansi(), resolver_.time_zone(), "row_number"};
    const auto& entry = *resolver_.context().functions->Find("row_number");
    logical::WindowFrame frame;
    frame.type = plan::FrameType::kRows;
    frame.text = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
    auto call = std::make_shared<logical::WindowCall>(nullptr, std::get<functions::BindWindow>(entry.bind)(context, {}),
                                                      std::move(children), 0, partitions, frame);
    auto number = std::make_shared<AliasExpr>(call, "rn");
    PlanPtr numbered = std::make_shared<logical::Window>(below.plan, std::vector<ExprPtr>{number});
    auto count = logical::MakeLiteral(types::Literal::Integer(static_cast<int32_t>(node.count)));
    ExprPtr within = Bind(node.kind == PlanKind::kLimit ? "<=" : ">", {number->ToAttribute(), count});
    below.plan = InOrder(node.output, std::make_shared<logical::Filter>(numbered, within), below);
    return below;
  }

  ForEachOuter RewriteDeduplicate(const logical::Deduplicate& node) {
    ForEachOuter below = Rewrite(node.child());
    Attributes keys = node.keys;
    for (const AttributePtr& column : Columns(below)) keys.push_back(column);
    below.plan = std::make_shared<logical::Deduplicate>(below.plan, std::move(keys), false);
    return below;
  }

  ForEachOuter RewriteUnion(const logical::Plan& node) {
    std::vector<PlanPtr> children;
    for (const PlanPtr& child : node.children) {
      ForEachOuter one = Rewrite(child);
      children.push_back(InOrder(child->output, one.plan, one));
    }
    ForEachOuter out;
    Attributes output = node.output;
    for (const AttributePtr& attribute : used_) {
      out.columns[attribute->id] = attribute->WithNewId();
      output.push_back(out.columns[attribute->id]);
    }
    out.plan = std::make_shared<logical::Union>(std::move(children), std::move(output));
    return out;
  }

  ForEachOuter RewriteWindow(const logical::Window& node) {
    ForEachOuter below = Rewrite(node.child());
    std::vector<ExprPtr> windows;
    Attributes columns = Columns(below);
    for (const ExprPtr& window : node.windows) {
      const auto* call = window->children[0]->As<logical::WindowCall>();
      std::vector<ExprPtr> children;
      for (const ExprPtr& child : call->children) children.push_back(Replaced(child, below));
      children.insert(children.begin() + call->argument_count, columns.begin(), columns.end());
      auto apart = std::make_shared<logical::WindowCall>(
          call->aggregate, call->window, std::move(children), call->argument_count,
          call->partition_count + static_cast<int>(columns.size()), call->frame);
      windows.push_back(window->WithChildren({apart}));
    }
    below.plan = InOrder(node.output, std::make_shared<logical::Window>(below.plan, std::move(windows)), below);
    return below;
  }

  // The outer values come in by one side that keeps all its rows, and by the other where that refers to them too.
  ForEachOuter RewriteJoin(const logical::Join& node) {
    bool inner = node.type == JoinType::kInner || node.type == JoinType::kCross;
    if (node.type == JoinType::kFullOuter) {
      throw base::Error::Unsupported("A reference to the outer query below a full outer join");
    }
    bool by_right = node.type == JoinType::kRightOuter ||
                    (inner && !RefersToOuter(node.children[0], ids_) && RefersToOuter(node.children[1], ids_));
    const PlanPtr &main = node.children[by_right ? 1 : 0], &other = node.children[by_right ? 0 : 1];
    ForEachOuter values = Rewrite(main);
    std::vector<ExprPtr> conditions;
    PlanPtr second = other;
    if (RefersToOuter(other, ids_)) {
      ForEachOuter also = Rewrite(other);
      conditions.push_back(SameValues(values, also));
      second = also.plan;
    }
    if (node.condition) conditions.push_back(Replaced(node.condition, values));
    JoinType type = node.type == JoinType::kCross && !conditions.empty() ? JoinType::kInner : node.type;
    PlanPtr join = std::make_shared<logical::Join>(by_right ? second : values.plan, by_right ? values.plan : second,
                                                   type, logical::JoinConjuncts(conditions));
    values.plan = InOrder(node.output, join, values);
    return values;
  }

  Resolver& resolver_;
  PlanPtr outer_;
  Attributes used_;
  OuterIds ids_;
  Scope scope_;
};

}  // namespace

ForEachOuter EvaluateForEach(Resolver& resolver, const PlanPtr& outer, const PlanPtr& subquery) {
  if (outer->is_streaming) {
    throw base::Error::Unsupported("A correlated subquery over a stream whose conditions are no equalities");
  }
  return DomainJoin(resolver, outer, OuterAttributes(subquery, IdsOf(outer->output))).Rewrite(subquery);
}

}  // namespace sluice::analyzer
