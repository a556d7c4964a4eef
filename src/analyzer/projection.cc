// Building the nodes of a select list.
#include "analyzer/projection.h"

#include <algorithm>
#include <set>

#include "analyzer/aggregation.h"
#include "analyzer/time_windows.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributePtr;
using logical::ExprId;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;

namespace {

std::set<ExprId> OutputIds(const logical::Plan& plan) {
  std::set<ExprId> out;
  for (const AttributePtr& attribute : plan.output) out.insert(attribute->id);
  return out;
}

bool RefersTo(const ExprPtr& expr, const std::set<ExprId>& ids) {
  for (const AttributePtr& attribute : logical::References(expr)) {
    if (ids.count(attribute->id)) return true;
  }
  return false;
}

// Names of a generator's columns: the user's, or the function's own.
logical::Attributes GeneratedColumns(const logical::GeneratorCall& call, const std::vector<std::string>& names) {
  const auto& outputs = call.binding->outputs;
  if (!names.empty() && names.size() != outputs.size()) {
    throw base::Error(
        ErrorKind::kAnalysis, "UDTF_ALIAS_NUMBER_MISMATCH",
        {{"aliasesSize", std::to_string(outputs.size())}, {"aliasesNames", fmt::format("{}", fmt::join(names, ","))}});
  }
  logical::Attributes out;
  for (size_t i = 0; i < outputs.size(); ++i) {
    bool nullable = outputs[i].nullable || call.binding->outer;
    out.push_back(std::make_shared<logical::AttributeExpr>(names.empty() ? outputs[i].name : names[i], outputs[i].type,
                                                           nullable));
  }
  return out;
}

PlanPtr WithGenerators(PlanPtr input, const std::vector<SelectItem>& items) {
  std::vector<ExprPtr> projected;
  for (const SelectItem& item : items) {
    auto call = std::dynamic_pointer_cast<const logical::GeneratorCall>(item.expr);
    if (!call) {
      projected.push_back(item.expr);
      continue;
    }
    logical::Attributes columns = GeneratedColumns(*call, item.generator_names);
    projected.insert(projected.end(), columns.begin(), columns.end());
    input = std::make_shared<logical::Generate>(input, call, call->binding->outer, std::move(columns));
  }
  return ProjectPlan(input, std::move(projected));
}

bool SameList(const std::vector<ExprPtr>& a, const std::vector<ExprPtr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), logical::SemanticEquals);
}

// Partition keys and orders of a window call.
std::vector<ExprPtr> Specification(const logical::WindowCall& call) {
  return {call.children.begin() + call.argument_count, call.children.end()};
}

// Window calls with the same specification share a Window node; the calls become references.
PlanPtr WithWindows(PlanPtr input, std::vector<ExprPtr>& expressions) {
  std::vector<std::vector<ExprPtr>> nodes;
  for (ExprPtr& expr : expressions) {
    const auto* alias = expr->As<AliasExpr>();
    ExprPtr named = alias ? alias->children[0] : nullptr;  // a call that is a column by itself keeps its name
    expr = logical::Transform(expr, [&](const ExprPtr& part) -> ExprPtr {
      const auto* call = part->As<logical::WindowCall>();
      if (!call) return nullptr;
      std::vector<ExprPtr>* same = nullptr;
      for (auto& node : nodes) {
        for (const ExprPtr& known : node) {
          if (logical::SemanticEquals(known, part)) return logical::ToAttribute(known);
        }
        const auto* first = node[0]->children[0]->As<logical::WindowCall>();
        if (first->partition_count == call->partition_count && SameList(Specification(*first), Specification(*call))) {
          same = &node;
        }
      }
      if (!same) same = &nodes.emplace_back();
      std::string name = part == named ? alias->name : "_we" + std::to_string(same->size());
      same->push_back(std::make_shared<AliasExpr>(part, std::move(name)));
      return logical::ToAttribute(same->back());
    });
  }
  for (auto& node : nodes) input = std::make_shared<logical::Window>(input, std::move(node));
  return input;
}

}  // namespace

PlanPtr ProjectPlan(PlanPtr input, std::vector<ExprPtr> expressions) {
  // Aliases that others of the list use are computed first, in as many steps as they depend on each other.
  for (;;) {
    std::set<ExprId> available = OutputIds(*input);
    std::set<ExprId> used;
    for (const ExprPtr& expr : expressions) {
      for (const AttributePtr& attribute : logical::References(expr)) {
        if (!available.count(attribute->id)) used.insert(attribute->id);
      }
    }
    std::vector<ExprPtr> below(input->output.begin(), input->output.end());
    bool any = false;
    for (ExprPtr& expr : expressions) {
      const auto* alias = expr->As<AliasExpr>();
      if (!alias || !used.count(alias->id) || RefersTo(expr, used)) continue;
      below.push_back(expr);
      expr = alias->ToAttribute();
      any = true;
    }
    if (!any) break;
    input = std::make_shared<logical::Project>(input, std::move(below));
  }
  input = WithWindows(input, expressions);
  return std::make_shared<logical::Project>(input, std::move(expressions));
}

PlanPtr SelectPlan(Resolver& resolver, PlanPtr input, std::vector<SelectItem> items) {
  bool any_generator = std::any_of(items.begin(), items.end(),
                                   [](const SelectItem& item) { return item.expr->kind == ExprKind::kGeneratorCall; });
  if (any_generator) return WithGenerators(std::move(input), items);
  std::vector<ExprPtr> expressions;
  bool any_aggregate = false;
  for (SelectItem& item : items) {
    any_aggregate |= logical::Contains(item.expr, ExprKind::kAggregateCall);
    expressions.push_back(std::move(item.expr));
  }
  if (any_aggregate) return AggregatePlan(resolver, std::move(input), {}, std::move(expressions));
  input = ApplyTimeWindows(resolver, std::move(input), expressions);
  return ProjectPlan(std::move(input), std::move(expressions));
}

}  // namespace sluice::analyzer
