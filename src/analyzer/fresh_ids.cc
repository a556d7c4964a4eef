// Copies of a plan with attribute ids of their own, for plans that use the same frame twice.
#include <unordered_map>

#include "analyzer/scope.h"
#include "logical/stateful_functions.h"

namespace sluice::analyzer {

using logical::AttributeExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprId;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;

namespace {

class Copier {
 public:
  explicit Copier(PlanIds& ids) : ids_(ids) {}

  PlanPtr Copy(const PlanPtr& plan) {
    std::vector<PlanPtr> children;
    for (const PlanPtr& child : plan->children) children.push_back(Copy(child));
    PlanPtr copy = CopyNode(plan, std::move(children));
    ids_.Inherit(plan.get(), copy);
    return copy;
  }

 private:
  ExprId NewId(ExprId id) {
    auto [entry, added] = new_ids_.try_emplace(id, 0);
    if (added) entry->second = logical::NextExprId();
    return entry->second;
  }

  AttributePtr Copy(const AttributePtr& attribute) {
    auto copy = std::make_shared<AttributeExpr>(*attribute);
    copy->id = NewId(attribute->id);
    return copy;
  }

  Attributes Copy(const Attributes& attributes) {
    Attributes out;
    for (const AttributePtr& attribute : attributes) out.push_back(Copy(attribute));
    return out;
  }

  ExprPtr Copy(const ExprPtr& expr) {
    return logical::Transform(expr, [this](const ExprPtr& node) -> ExprPtr {
      if (node->kind == ExprKind::kAttribute) return Copy(std::static_pointer_cast<const AttributeExpr>(node));
      if (const auto* alias = node->As<logical::AliasExpr>()) {
        return std::make_shared<logical::AliasExpr>(alias->children[0], alias->name, NewId(alias->id), alias->metadata);
      }
      if (const auto* call = node->As<logical::AggregateCall>()) {
        return std::make_shared<logical::AggregateCall>(call->binding, call->arguments(), call->distinct,
                                                        call->filter(), NewId(call->result_id));
      }
      if (const auto* subquery = node->As<logical::SubqueryExpr>()) {
        return std::make_shared<logical::SubqueryExpr>(subquery->subquery, CopyOuterReferences(subquery->plan),
                                                       subquery->type, subquery->children);
      }
      return nullptr;
    });
  }

  // A subquery goes on referring to the plan that it belongs to.
  PlanPtr CopyOuterReferences(const PlanPtr& plan) {
    return logical::TransformExpressions(plan, [this](const ExprPtr& node) -> ExprPtr {
      if (const auto* subquery = node->As<logical::SubqueryExpr>()) {
        return std::make_shared<logical::SubqueryExpr>(subquery->subquery, CopyOuterReferences(subquery->plan),
                                                       subquery->type, subquery->children);
      }
      const auto* outer = node->As<logical::OuterReferenceExpr>();
      if (!outer || !new_ids_.count(outer->attribute->id)) return nullptr;
      return std::make_shared<logical::OuterReferenceExpr>(Copy(outer->attribute));
    });
  }

  PlanPtr CopyNode(const PlanPtr& plan, std::vector<PlanPtr> children) {
    switch (plan->kind) {
      case PlanKind::kLocalData:
        return std::make_shared<logical::LocalData>(Copy(plan->output), plan->As<logical::LocalData>()->batches);
      case PlanKind::kRange: {
        const auto* range = plan->As<logical::RangePlan>();
        return std::make_shared<logical::RangePlan>(Copy(plan->output[0]), range->start, range->end, range->step,
                                                    range->partitions);
      }
      case PlanKind::kScan: {
        const auto* scan = plan->As<logical::Scan>();
        return std::make_shared<logical::Scan>(scan->table, Copy(plan->output), scan->columns, scan->pushed);
      }
      case PlanKind::kStreamScan: {
        const auto* scan = plan->As<logical::StreamScan>();
        return std::make_shared<logical::StreamScan>(scan->stream, Copy(plan->output), scan->columns, scan->pushed);
      }
      case PlanKind::kInMemory: {
        const auto* memory = plan->As<logical::InMemory>();
        return std::make_shared<logical::InMemory>(Copy(plan->output), memory->source, memory->name);
      }
      case PlanKind::kUnion:
        return std::make_shared<logical::Union>(std::move(children), Copy(plan->output));
      case PlanKind::kExpand: {
        auto projections = plan->As<logical::Expand>()->projections;
        for (auto& projection : projections) {
          for (ExprPtr& expr : projection) expr = Copy(expr);
        }
        return std::make_shared<logical::Expand>(children[0], std::move(projections), Copy(plan->output));
      }
      case PlanKind::kGenerate: {
        const auto* generate = plan->As<logical::Generate>();
        auto call = std::dynamic_pointer_cast<const logical::GeneratorCall>(Copy(ExprPtr(generate->generator)));
        return std::make_shared<logical::Generate>(children[0], call, generate->outer, Copy(generate->generated));
      }
      case PlanKind::kMapPartitions:
        return std::make_shared<logical::MapPartitions>(children[0], plan->As<logical::MapPartitions>()->function,
                                                        Copy(plan->output));
      case PlanKind::kGroupMap: {
        const auto* map = plan->As<logical::GroupMap>();
        return std::make_shared<logical::GroupMap>(children[0], Copy(map->grouping), map->function, Copy(plan->output));
      }
      case PlanKind::kPandasWithState: {
        const auto* map = plan->As<logical::PandasWithState>();
        return std::make_shared<logical::PandasWithState>(children[0], Copy(map->grouping), map->function,
                                                          map->state_type, map->update_mode, map->timeout,
                                                          Copy(plan->output));
      }
      case PlanKind::kTransformWithState: {
        const auto* map = plan->As<logical::TransformWithState>();
        return std::make_shared<logical::TransformWithState>(
            std::move(children), Copy(map->grouping), Copy(map->initial_grouping), map->spec, Copy(plan->output));
      }
      case PlanKind::kCoGroupMap: {
        const auto* map = plan->As<logical::CoGroupMap>();
        return std::make_shared<logical::CoGroupMap>(children[0], children[1], Copy(map->left_grouping),
                                                     Copy(map->right_grouping), map->function, Copy(plan->output));
      }
      default:
        return CopyExpressions(plan, std::move(children));
    }
  }

  PlanPtr CopyExpressions(const PlanPtr& plan, std::vector<PlanPtr> children) {
    std::vector<ExprPtr> expressions = plan->Expressions();
    for (ExprPtr& expr : expressions) expr = Copy(expr);
    PlanPtr copy = expressions.empty() ? plan : plan->WithExpressions(std::move(expressions));
    return copy->WithChildren(std::move(children));
  }

  PlanIds& ids_;
  std::unordered_map<ExprId, ExprId> new_ids_;
};

}  // namespace

PlanPtr WithFreshIds(const PlanPtr& plan, PlanIds& ids) { return Copier(ids).Copy(plan); }

}  // namespace sluice::analyzer
