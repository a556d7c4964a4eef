// Has parsers of structs make only the fields that something uses.
#include <map>
#include <set>

#include "functions/extract_value.h"
#include "optimizer/named_values.h"
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::AliasExpr;
using logical::AttributeExpr;
using logical::ExprId;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;
using logical::Project;
using logical::ScalarCall;

/// A call that can make fewer fields, and what is known to be used of its struct.
struct Parsed {
  ExprPtr call;
  std::set<int> fields;
  bool whole = false;

  /// A call that takes a field, or null for any other use.
  void Use(const ScalarCall* field) {
    if (field) {
      fields.insert(field->binding->struct_field);
    } else {
      whole = true;
    }
  }
  bool CanShrink() const { return !whole && !fields.empty() && fields.size() < call->type->fields().size(); }
  ExprPtr Narrow() const {
    const auto* parser = call->As<ScalarCall>();
    auto binding = parser->binding->with_fields({fields.begin(), fields.end()});
    return std::make_shared<ScalarCall>(binding, parser->children);
  }
  int Place(int field) const { return static_cast<int>(std::distance(fields.begin(), fields.find(field))); }
};

const ScalarCall* AsParser(const ExprPtr& expr) {
  const auto* call = expr->As<ScalarCall>();
  return call && call->binding->with_fields && call->Deterministic() ? call : nullptr;
}

/// The call if it takes a field out of its operand.
const ScalarCall* AsFieldOf(const ExprPtr& expr) {
  const auto* call = expr->As<ScalarCall>();
  return call && call->binding->struct_field >= 0 ? call : nullptr;
}

/// The same field of a struct with fewer.
ExprPtr FieldOf(const ExprPtr& narrow, const Parsed& parsed, const ScalarCall& old) {
  int place = parsed.Place(old.binding->struct_field);
  auto binding = functions::BindStructField(narrow->type, narrow->nullable, place, "");
  return std::make_shared<ScalarCall>(binding, std::vector<ExprPtr>{narrow});
}

// --- Parsed structs that have a name and are used by the nodes above.

using Named = std::map<ExprId, Parsed>;

Named FindNamed(const PlanPtr& plan) {
  Named named;
  logical::Visit(plan, [&](const PlanPtr& node) {
    const auto* project = node->As<Project>();
    if (!project) return;
    for (const ExprPtr& expr : project->expressions) {
      const auto* alias = expr->As<AliasExpr>();
      if (alias && AsParser(alias->children[0])) named[alias->id].call = alias->children[0];
    }
  });
  return named;
}

void NoteUses(const ExprPtr& expr, Named* named) {
  const ScalarCall* field = AsFieldOf(expr);
  const auto* attribute = (field ? field->children[0] : expr)->As<AttributeExpr>();
  if (attribute) {
    auto found = named->find(attribute->id);
    if (found == named->end()) return;
    found->second.Use(field);
    return;
  }
  for (const ExprPtr& child : expr->children) NoteUses(child, named);
}

void NoteWhole(const logical::Attributes& output, Named* named) {
  for (const logical::AttributePtr& attribute : output) {
    if (auto found = named->find(attribute->id); found != named->end()) found->second.whole = true;
  }
}

/// Nodes that find each column of their children by its id, and compute with no others than they name.
bool FindsColumnsById(const logical::Plan& plan) {
  switch (plan.kind) {
    case PlanKind::kProject:
    case PlanKind::kAggregate:
    case PlanKind::kFilter:
    case PlanKind::kSort:
    case PlanKind::kLimit:
    case PlanKind::kJoin:
    case PlanKind::kWatermark:
    case PlanKind::kDeadLetters:
      return true;
    default:
      return false;
  }
}

void NoteUsesOf(const PlanPtr& node, Named* named) {
  if (!FindsColumnsById(*node)) {
    for (const PlanPtr& child : node->children) NoteWhole(child->output, named);
  }
  for (const ExprPtr& expr : node->Expressions()) {
    // A projection that gives the struct on does not look into it.
    if (node->kind == PlanKind::kProject && expr->kind == ExprKind::kAttribute) continue;
    NoteUses(expr, named);
  }
}

PlanPtr ShrinkNamed(const PlanPtr& plan) {
  Named named = FindNamed(plan);
  if (named.empty()) return plan;
  NoteWhole(plan->output, &named);
  logical::Visit(plan, [&](const PlanPtr& node) { NoteUsesOf(node, &named); });
  std::erase_if(named, [](const auto& entry) { return !entry.second.CanShrink(); });
  if (named.empty()) return plan;
  Values narrow;  // the attributes, with their new types
  for (const auto& [id, parsed] : named) narrow[id] = nullptr;
  return logical::TransformExpressions(plan, [&](const ExprPtr& expr) -> ExprPtr {
    if (const auto* alias = expr->As<AliasExpr>(); alias && narrow.contains(alias->id)) {
      auto shrunk = std::make_shared<AliasExpr>(named.at(alias->id).Narrow(), alias->name, alias->id, alias->metadata);
      narrow[alias->id] = shrunk->ToAttribute();
      return shrunk;
    }
    const ScalarCall* field = AsFieldOf(expr);
    const auto* attribute = (field ? field->children[0] : expr)->As<AttributeExpr>();
    if (!attribute || !narrow.contains(attribute->id)) return nullptr;
    const ExprPtr& shrunk = narrow.at(attribute->id);
    return field ? FieldOf(shrunk, named.at(attribute->id), *field) : shrunk;
  });
}

// --- Parsed structs that a node's own expressions take fields of.

Parsed* Find(std::vector<Parsed>& calls, const ExprPtr& call) {
  for (Parsed& known : calls) {
    if (logical::SemanticEquals(known.call, call)) return &known;
  }
  return nullptr;
}

void NoteCalls(const ExprPtr& expr, std::vector<Parsed>* calls) {
  const ScalarCall* field = AsFieldOf(expr);
  const ExprPtr& inner = field ? field->children[0] : expr;
  if (!AsParser(inner)) {
    for (const ExprPtr& child : expr->children) NoteCalls(child, calls);
    return;
  }
  Parsed* parsed = Find(*calls, inner);
  if (!parsed) parsed = &calls->emplace_back(Parsed{inner, {}, false});
  parsed->Use(field);
  for (const ExprPtr& child : inner->children) NoteCalls(child, calls);
}

PlanPtr ShrinkOwn(const PlanPtr& node) {
  std::vector<ExprPtr> expressions = node->Expressions();
  std::vector<Parsed> calls;
  for (const ExprPtr& expr : expressions) NoteCalls(expr, &calls);
  std::erase_if(calls, [](const Parsed& parsed) { return !parsed.CanShrink(); });
  if (calls.empty()) return nullptr;
  for (ExprPtr& expr : expressions) {
    expr = logical::Transform(expr, [&](const ExprPtr& part) -> ExprPtr {
      const ScalarCall* field = AsFieldOf(part);
      Parsed* parsed = field && AsParser(field->children[0]) ? Find(calls, field->children[0]) : nullptr;
      return parsed ? FieldOf(parsed->Narrow(), *parsed, *field) : nullptr;
    });
  }
  return node->WithExpressions(std::move(expressions));
}

bool HasSubqueries(const PlanPtr& plan) {
  bool found = false;
  logical::Visit(plan, [&](const PlanPtr& node) {
    for (const ExprPtr& expr : node->Expressions()) {
      found =
          found || logical::Contains(expr, ExprKind::kSubquery) || logical::Contains(expr, ExprKind::kOuterReference);
    }
  });
  return found;
}

}  // namespace

PlanPtr PruneParsedFields(const PlanPtr& plan, const ConstantFolder&) {
  // A subquery's plan may use columns of this one in ways that are not seen here.
  if (HasSubqueries(plan)) return plan;
  return logical::Transform(ShrinkNamed(plan), ShrinkOwn);
}

}  // namespace sluice::optimizer
