// Parsers of JSON read only the fields that something above uses, if that cannot be seen in the fields that it does
// use.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "functions/extract_value.h"
#include "functions/json_call.h"
#include "optimizer/named_values.h"
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::AliasExpr;
using logical::AttributePtr;
using logical::ExprId;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using logical::ScalarCall;

/// The field that an expression takes from a struct, which is then its child.
std::optional<int> FieldTaken(const ExprPtr& expr) {
  const auto* call = expr->As<ScalarCall>();
  return call && call->binding->struct_field >= 0 ? std::optional(call->binding->struct_field) : std::nullopt;
}

bool IsJsonCall(const ExprPtr& expr) {
  const auto* call = expr->As<ScalarCall>();
  return call && functions::IsJsonCall(*call->binding);
}

/// What is used of columns: all of them, or fields.
struct Uses {
  std::set<ExprId> whole;
  std::map<ExprId, std::set<int>> fields;

  void AddAll(const logical::Attributes& columns) { whole.merge(IdsOf(columns)); }
  void Add(const ExprPtr& expr) {
    if (logical::Contains(expr, logical::ExprKind::kSubquery)) {
      for (const AttributePtr& column : logical::References(expr)) whole.insert(column->id);
    }
    logical::Visit(expr, [this](const ExprPtr& node) {
      if (const auto* column = node->As<logical::AttributeExpr>()) whole.insert(column->id);
      auto field = FieldTaken(node);
      const auto* column = field ? node->children[0]->As<logical::AttributeExpr>() : nullptr;
      if (column) fields[column->id].insert(*field);
      return column == nullptr;
    });
  }
};

/// A call with fewer fields, and where those of the original are in it.
struct Narrowed {
  ExprPtr value;
  std::map<int, int> positions;

  ExprPtr Field(const ExprPtr& taken, int field) const {
    auto binding = functions::BindStructField(value->type, value->nullable, positions.at(field), "");
    auto named = std::make_shared<logical::ScalarBinding>(*binding);
    named->sql = taken->As<ScalarCall>()->binding->sql;
    return std::make_shared<ScalarCall>(named, std::vector<ExprPtr>{value});
  }
};

Narrowed Over(const functions::NarrowJson& narrow, const ExprPtr& call) {
  Narrowed out{std::make_shared<ScalarCall>(narrow.binding, call->children), {}};
  for (size_t i = 0; i < narrow.fields.size(); ++i) out.positions[narrow.fields[i]] = static_cast<int>(i);
  return out;
}

std::optional<Narrowed> Narrow(const ExprPtr& call, const std::set<int>& used) {
  auto narrow = functions::NarrowJsonCall(*call->As<ScalarCall>()->binding, used);
  return narrow ? std::optional(Over(*narrow, call)) : std::nullopt;
}

/// By field, what it is taken from when it is taken from the call itself; nothing if that is the call as it is.
std::map<int, Narrowed> Split(const ExprPtr& call, const std::set<int>& used) {
  std::map<int, Narrowed> out;
  for (const functions::NarrowJson& narrow : functions::SplitJsonCall(*call->As<ScalarCall>()->binding, used)) {
    for (int field : narrow.fields) out.emplace(field, Over(narrow, call));
  }
  if (!out.empty()) return out;
  if (auto narrow = Narrow(call, used)) {
    for (int field : used) out.emplace(field, *narrow);
  }
  return out;
}

/// Calls in the expressions of one node from which fields are taken there.
class InlineCalls {
 public:
  explicit InlineCalls(const std::vector<ExprPtr>& expressions) {
    for (const ExprPtr& expr : expressions) Look(expr);
    for (Found& found : found_) found.narrowed = Split(found.call, found.fields);
  }
  ExprPtr Rewrite(const ExprPtr& expr) {
    return logical::Transform(expr, [this](const ExprPtr& node) -> ExprPtr {
      auto field = FieldTaken(node);
      if (!field || !IsJsonCall(node->children[0])) return nullptr;
      const Found& found = Of(node->children[0]);
      auto narrowed = found.narrowed.find(*field);
      return narrowed == found.narrowed.end() ? nullptr : narrowed->second.Field(node, *field);
    });
  }

 private:
  struct Found {
    ExprPtr call;
    std::set<int> fields;
    std::map<int, Narrowed> narrowed = {};
  };
  void Look(const ExprPtr& expr) {
    auto field = FieldTaken(expr);
    bool inside = field && IsJsonCall(expr->children[0]);
    if (inside) Of(expr->children[0]).fields.insert(*field);
    for (const ExprPtr& child : inside ? expr->children[0]->children : expr->children) Look(child);
  }
  Found& Of(const ExprPtr& call) {
    for (Found& found : found_) {
      if (logical::SemanticEquals(found.call, call)) return found;
    }
    return found_.emplace_back(Found{.call = call, .fields = {}});
  }
  std::vector<Found> found_;
};

class FieldPruning {
 public:
  /// `uses` is what the parents use of this node's output.
  PlanPtr Prune(const PlanPtr& plan, const Uses& uses) {
    if (plan->children.empty()) return plan;
    std::vector<ExprPtr> expressions = plan->Expressions();
    if (plan->kind == PlanKind::kProject) NarrowColumns(uses, &expressions);
    InlineCalls calls(expressions);
    for (ExprPtr& expr : expressions) expr = calls.Rewrite(expr);
    Uses below;
    if (PassesColumnsOn(*plan)) below = uses;
    for (const ExprPtr& expr : expressions) below.Add(expr);
    std::vector<PlanPtr> children;
    for (const PlanPtr& child : plan->children) {
      if (!PassesColumnsOn(*plan) && !NamesItsColumns(*plan)) below.AddAll(child->output);
      children.push_back(Prune(child, below));
    }
    for (ExprPtr& expr : expressions) expr = WithNarrowed(expr);
    PlanPtr out = expressions == plan->Expressions() ? plan : plan->WithExpressions(std::move(expressions));
    return children == plan->children ? out : out->WithChildren(std::move(children));
  }

 private:
  static bool PassesColumnsOn(const logical::Plan& plan) {
    return plan.kind == PlanKind::kFilter || plan.kind == PlanKind::kSort || plan.kind == PlanKind::kLimit ||
           plan.kind == PlanKind::kWatermark || plan.kind == PlanKind::kDeadLetters || plan.kind == PlanKind::kJoin;
  }
  static bool NamesItsColumns(const logical::Plan& plan) {
    return plan.kind == PlanKind::kProject || plan.kind == PlanKind::kAggregate;
  }

  static int TimesCalled(const std::vector<ExprPtr>& expressions, const ExprPtr& call) {
    int times = 0;
    for (const ExprPtr& expr : expressions) {
      logical::Visit(expr, [&](const ExprPtr& node) {
        times += IsJsonCall(node) && logical::SemanticEquals(node, call);
        return true;
      });
    }
    return times;
  }

  void NarrowColumns(const Uses& uses, std::vector<ExprPtr>* expressions) {
    for (ExprPtr& expr : *expressions) {
      const auto* alias = expr->As<AliasExpr>();
      if (!alias || !IsJsonCall(alias->children[0]) || uses.whole.contains(alias->id)) continue;
      if (TimesCalled(*expressions, alias->children[0]) > 1) continue;
      auto used = uses.fields.find(alias->id);
      auto narrowed = used == uses.fields.end() ? std::nullopt : Narrow(alias->children[0], used->second);
      if (!narrowed) continue;
      auto column = std::make_shared<AliasExpr>(narrowed->value, alias->name, logical::NextExprId(), alias->metadata);
      narrowed_[alias->id] = {column->ToAttribute(), narrowed->positions};
      expr = column;
    }
  }

  ExprPtr WithNarrowed(const ExprPtr& expr) const {
    if (narrowed_.empty()) return expr;
    return logical::Transform(expr, [this](const ExprPtr& node) -> ExprPtr {
      auto field = FieldTaken(node);
      const auto* column = field ? node->children[0]->As<logical::AttributeExpr>() : nullptr;
      auto found = column ? narrowed_.find(column->id) : narrowed_.end();
      return found == narrowed_.end() ? nullptr : found->second.Field(node, *field);
    });
  }

  std::map<ExprId, Narrowed> narrowed_;  ///< columns by their former ids
};

}  // namespace

PlanPtr PruneParserFields(const PlanPtr& plan, const ConstantFolder&) {
  Uses all;
  all.AddAll(plan->output);
  return FieldPruning().Prune(plan, all);
}

}  // namespace sluice::optimizer
