// Dispatch over relations, with plan ids and subqueries.
#include "analyzer/resolver.h"

namespace sluice::analyzer {
namespace {

constexpr int kMaxDepth = 2000;

}  // namespace

Resolver::Resolver(const AnalyzerContext& context)
    : context_(context),
      names_(context.conf->GetBool("spark.sql.caseSensitive")),
      ansi_(context.conf->ansi_enabled()),
      time_zone_(context.conf->session_time_zone()) {}

logical::PlanPtr Resolver::Resolve(const plan::RelationPtr& relation) {
  if (++depth_ > kMaxDepth) throw base::Error::Unsupported("A plan with more than 2000 nested relations");
  logical::PlanPtr plan = Dispatch(*relation);
  --depth_;
  if (context_.find_persisted) {
    if (logical::PlanPtr persisted = context_.find_persisted(plan)) plan = persisted;
  }
  if (relation->plan_id) plan_ids_.Tag(plan, *relation->plan_id);
  return plan;
}

logical::PlanPtr Resolver::Dispatch(const plan::Relation& relation) {
  return std::visit([this](const auto& node) { return Node(node); }, relation.node);
}

logical::PlanPtr Resolver::ResolveSubquery(const plan::RelationPtr& relation, Scope* outer) {
  Scope* saved = outer_;
  outer_ = outer;
  logical::PlanPtr plan = StripHidden(Resolve(relation));
  outer_ = saved;
  return plan;
}

plan::RelationPtr Resolver::FindReference(int64_t plan_id) const {
  for (auto scope = references_.rbegin(); scope != references_.rend(); ++scope) {
    if (auto found = scope->find(plan_id); found != scope->end()) return found->second;
  }
  return nullptr;
}

logical::PlanPtr Resolver::Node(const plan::Unsupported& node) { throw base::Error::Unsupported(node.what); }

}  // namespace sluice::analyzer
